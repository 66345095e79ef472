"""What people do on the page is done once and in their name; forged, late and foreign forms are refused."""

from collections.abc import Mapping
from datetime import UTC, datetime
from ipaddress import ip_network
from pathlib import Path
from typing import Any

import pytest

from receiver import metrics
from receiver.policy.intake import Unavailable, WrongPhase
from receiver.policy.ledger import Pause
from receiver.policy.overview import Overview
from receiver.policy.rules import Mode
from receiver.web.page import Proxies
from receiver.web.visitors import COOKIE
from tests.web.conftest import NOON, Notebook, client_of
from tests.web.pages import TOKEN, Person, record

PAGE = "/rollbacks/checkout-1"
APPROVE, REJECT, REVIEW = f"{PAGE}/approve", f"{PAGE}/reject", f"{PAGE}/review"
PROXY = Proxies("X-Forwarded-User", (ip_network("10.0.0.0/24"),))


@pytest.fixture
def person(notebook: Notebook, review_token: Path) -> Person:
    notebook.record = record("AwaitingApproval")
    person = Person(notebook, review_token)
    person.sign_in()
    return person


def refusals(reason: str) -> float:
    return (
        metrics.REGISTRY.get_sample_value("rollback_receiver_forms_refused_total", {"reason": reason}) or 0.0
    )


@pytest.mark.parametrize(
    ("action", "data", "word"),
    [
        (APPROVE, {}, ("approve", "checkout-1", "Kim")),
        (REJECT, {"note": " a fix is coming "}, ("reject", "checkout-1", "Kim", "a fix is coming")),
        ("/pause", {"reason": "an incident"}, ("pause", "Kim", "an incident")),
    ],
    ids=["approve", "reject", "pause"],
)
def test_what_a_person_says_reaches_the_engine_with_their_name(
    person: Person, action: str, data: Mapping[str, str], word: tuple[str, ...]
) -> None:
    answer = person.send(action, data=dict(data))
    assert (answer.status_code, person.notebook.words) == (303, [word])
    assert answer.headers["Location"] == ("/" if action == "/pause" else PAGE)


def test_review_is_kept(person: Person) -> None:
    person.notebook.record = record("DryRun")
    answer = person.send(REVIEW, data={"verdict": "wrong", "note": "it was the network"})
    assert answer.status_code == 303
    assert person.notebook.words == [("review", "checkout-1", "wrong", "it was the network", "Kim")]


def test_review_needs_a_verdict(person: Person) -> None:
    person.notebook.record = record("DryRun")
    answer = person.send(REVIEW, data={"verdict": "maybe"})
    assert (answer.status_code, person.notebook.words) == (400, [])


def test_kill_switch_goes_off_where_it_is_on_and_returns_to_the_page(person: Person) -> None:
    person.notebook.at_a_glance = Overview(Mode.AUTO, Pause(datetime(2026, 5, 1, tzinfo=UTC), "Kim", ""))
    answer = person.send("/resume", page=PAGE, data={"next": PAGE})
    assert (answer.headers["Location"], person.notebook.words) == (PAGE, [("resume", "Kim")])


def test_form_that_ends_a_pause_is_out_of_date_once_somebody_else_has_paused_for_a_reason(
    person: Person,
) -> None:
    """Since when it holds stays, but whoever sent the form did not know why it holds now."""
    person.notebook.at_a_glance = Overview(Mode.AUTO, Pause(NOON, "Kim", ""))
    form = person.form("/", "/resume")
    person.notebook.at_a_glance = Overview(Mode.AUTO, Pause(NOON, "Ann", "an outage"))
    assert person.client.post("/resume", data={"form": form}).status_code == 409
    assert person.notebook.words == []


@pytest.mark.parametrize("target", ["//evil.example", "https://evil.example", "/\\evil", "/api/v1", "x"])
def test_a_form_leads_to_no_foreign_page(person: Person, target: str) -> None:
    assert person.send("/pause", data={"next": target}).headers["Location"] == "/"


def test_what_was_done_is_seen_at_once(person: Person) -> None:
    person.client.get(PAGE)
    person.send(APPROVE)
    asked = len(person.notebook.names)
    person.client.get(PAGE)
    assert len(person.notebook.names) == asked + 1


def test_without_a_session_nothing_is_done(notebook: Notebook, review_token: Path) -> None:
    """Not with the token in a header either: the API is there for that."""
    before = refusals("no_session")
    client = client_of(notebook, review=review_token)
    for headers in ({}, {"Authorization": f"Bearer {TOKEN}"}):
        answer = client.post(APPROVE, data={"form": "x"}, headers=headers)
        assert answer.status_code == 401
    assert (notebook.words, refusals("no_session")) == ([], before + 2)


def test_without_a_review_token_acting_is_off(notebook: Notebook) -> None:
    answer = client_of(notebook).post(APPROVE, data={"form": "x"})
    assert answer.status_code == 403
    assert "--review-token-file" in answer.text
    assert notebook.words == []


@pytest.mark.parametrize("form", ["", "x", "e30.e30", "a" * 5000], ids=["none", "noise", "unsigned", "long"])
def test_forged_form_is_refused_counted_and_logged(
    person: Person, form: str, caplog: pytest.LogCaptureFixture
) -> None:
    before = refusals("forged")
    answer = person.client.post(APPROVE, data={"form": form})
    assert (answer.status_code, person.notebook.words) == (403, [])
    assert refusals("forged") == before + 1
    last = vars(caplog.records[-1])
    assert (last["reason"], last["by"], last["act"], last["record"]) == (
        "forged",
        "Kim",
        "approve",
        "checkout-1",
    )


def test_form_of_one_act_serves_for_no_other(person: Person) -> None:
    form = person.form(PAGE, REJECT)
    assert person.client.post(APPROVE, data={"form": form}).status_code == 403
    assert person.notebook.words == []


def test_replayed_form_is_refused_and_counted(person: Person) -> None:
    before, form = refusals("replayed"), person.form(PAGE, APPROVE)
    codes = [person.client.post(APPROVE, data={"form": form}).status_code for _ in range(2)]
    assert (codes, len(person.notebook.words), refusals("replayed")) == ([303, 409], 1, before + 1)


def test_form_about_another_proposal_is_refused(person: Person) -> None:
    """What is approved is what was looked at."""
    before, form = refusals("outdated"), person.form(PAGE, APPROVE)
    changed = record("AwaitingApproval")
    changed["status"]["decision"]["at"] = "2026-05-01T05:00:00Z"
    person.notebook.record = changed
    answer = person.client.post(APPROVE, data={"form": form})
    assert (answer.status_code, person.notebook.words) == (409, [])
    assert refusals("outdated") == before + 1


def test_review_that_somebody_else_gave_meanwhile_is_not_overwritten(person: Person) -> None:
    person.notebook.record = record("DryRun")
    form = person.form(PAGE, REVIEW)
    person.notebook.record = record(
        "DryRun", review={"verdict": "right", "by": "Alex", "at": "2026-05-01T05:00:00Z"}
    )
    answer = person.client.post(REVIEW, data={"form": form, "verdict": "wrong"})
    assert (answer.status_code, person.notebook.words) == (409, [])


def test_whoever_comes_late_is_told_who_was_first(person: Person) -> None:
    """The record has gone on since the form was made: the engine's word counts."""
    form = person.form(PAGE, REJECT)
    person.notebook.record = record("Succeeded")
    person.notebook.record["status"]["decision"]["at"] = "2026-05-01T05:00:00Z"
    refused = WrongPhase("record checkout-1 is Succeeded: approved by Alex at 2026-05-01T05:00:00Z")

    person.notebook.refusal = refused
    answer = person.client.post(REJECT, data={"form": form})
    assert answer.status_code == 409
    assert "approved by Alex" in answer.text
    assert f'<a href="{PAGE}">Back to the record</a>' in answer.text


@pytest.mark.parametrize(
    ("headers", "code"),
    [
        pytest.param({"Sec-Fetch-Site": "same-origin"}, 303, id="own page"),
        pytest.param({"Sec-Fetch-Site": "cross-site"}, 403, id="another site"),
        pytest.param({"Sec-Fetch-Site": "same-site"}, 403, id="a sibling domain"),
        pytest.param({"Sec-Fetch-Site": "none"}, 403, id="no page at all"),
        pytest.param({"Origin": "http://localhost"}, 303, id="an older browser"),
        pytest.param({"Origin": "http://evil.example"}, 403, id="an older browser elsewhere"),
        pytest.param({"Origin": "null"}, 403, id="an opaque origin"),
        pytest.param({}, 303, id="a browser that says nothing"),
    ],
)
def test_forms_from_elsewhere_are_refused(person: Person, headers: Mapping[str, str], code: int) -> None:
    before = refusals("cross_site")
    answer = person.send(APPROVE, headers=dict(headers))
    assert answer.status_code == code
    assert (len(person.notebook.words), refusals("cross_site") - before) == (
        (1, 0) if code == 303 else (0, 1)
    )


def test_acts_are_no_links(person: Person) -> None:
    for action in (APPROVE, REJECT, REVIEW, "/pause", "/resume", "/logout"):
        assert person.client.get(action).status_code in {401, 404, 405}
    assert person.notebook.words == []


@pytest.mark.parametrize("name", ["gone", "%1b[2J", "A"])
def test_record_that_is_not_there_is_a_404(person: Person, name: str) -> None:
    form, person.notebook.record = person.form(PAGE, APPROVE), None
    assert person.client.post(f"/rollbacks/{name}/approve", data={"form": form}).status_code == 404


def test_cluster_that_does_not_answer_is_a_503(person: Person) -> None:
    form = person.form(PAGE, APPROVE)
    person.notebook.failure = Unavailable("no answer", 3)
    assert person.client.post(APPROVE, data={"form": form}).status_code == 503


def test_long_body_is_refused_unread(person: Person) -> None:
    answer = person.client.post(APPROVE, data={"form": "x" * 20_000})
    assert (answer.status_code, answer.headers["Connection"]) == (413, "close")


def test_form_in_chunks_is_refused_unread(person: Person) -> None:
    """The server would cut it where it is too long, and nobody would notice."""
    answer = person.client.post(APPROVE, headers={"Transfer-Encoding": "chunked"}, data={"form": "x"})
    assert (answer.status_code, answer.headers["Connection"]) == (411, "close")


def as_proxy(address: str, user: str | None = "Robin") -> dict[str, Any]:
    headers = {} if user is None else {"X-Forwarded-User": user}
    return {"headers": headers, "environ_overrides": {"REMOTE_ADDR": address}}


@pytest.mark.parametrize(
    ("address", "user", "known"),
    [
        pytest.param("10.0.0.7", "Robin", True, id="the proxy"),
        pytest.param("::ffff:10.0.0.7", "Robin", True, id="the proxy, mapped"),
        pytest.param("10.0.0.7", None, False, id="the proxy without a name"),
        pytest.param("10.0.0.7", " ", False, id="an empty name"),
        pytest.param("10.0.1.7", "Robin", False, id="somebody else"),
        pytest.param("unix", "Robin", False, id="no address"),
    ],
)
def test_a_proxys_word_counts_from_its_address_alone(
    notebook: Notebook, review_token: Path, address: str, user: str | None, known: bool
) -> None:
    client = client_of(notebook, review=review_token, proxies=PROXY)
    answer = client.get("/", **as_proxy(address, user))
    assert answer.status_code == (200 if known else 303)
    assert ("Robin" in answer.text) is known


def test_a_proxys_name_is_read_as_it_was_sent(notebook: Notebook, review_token: Path) -> None:
    """In UTF-8, of which WSGI makes latin-1: what stands on the record is the person's name."""
    client = client_of(notebook, review=review_token, proxies=PROXY)
    over_the_wire = "Jörg Čapek".encode().decode("latin-1")
    assert ">Jörg Čapek<" in client.get("/", **as_proxy("10.0.0.7", over_the_wire)).text


def test_whom_a_proxy_names_may_act(notebook: Notebook, review_token: Path) -> None:
    notebook.record = record("AwaitingApproval")
    person = Person(notebook, review_token, PROXY)
    page = person.client.get(PAGE, **as_proxy("10.0.0.7")).text
    form = page.partition("/approve")[2].partition('value="')[2].partition('"')[0]
    answer = person.client.post(APPROVE, data={"form": form}, **as_proxy("10.0.0.7", "Alex"))
    assert (answer.status_code, notebook.words) == (403, [])
    answer = person.client.post(APPROVE, data={"form": form}, **as_proxy("10.0.0.7"))
    assert (answer.status_code, notebook.words) == (303, [("approve", "checkout-1", "Robin")])


def test_a_proxys_header_means_nothing_unless_it_is_asked_for(notebook: Notebook, review_token: Path) -> None:
    client = client_of(notebook, review=review_token, proxies=Proxies(None, PROXY.networks))
    assert client.get("/", **as_proxy("10.0.0.7")).status_code == 303


def test_forms_say_nothing_of_the_token(person: Person) -> None:
    text = person.client.get(PAGE).text
    cookie = person.client.get_cookie(COOKIE)
    assert TOKEN not in text
    assert cookie is not None
    assert cookie.value not in text
