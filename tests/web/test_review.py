"""GET / and GET /rollbacks/NAME: who may look, what a browser may do with it, hostile text made harmless."""

import re
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from markupsafe import escape

from receiver.policy.intake import RollbackQuery, Unavailable
from receiver.policy.ledger import Pause
from receiver.policy.overview import Overview, Rollout, overlook
from receiver.policy.record import Phase
from receiver.policy.rules import Mode, Ruleset
from receiver.policy.workload import Unreadable
from receiver.web.page import RECORDS_AT_ONCE
from receiver.web.wording import visible
from tests.policy.builders import rule
from tests.web.conftest import Notebook, client_of
from tests.web.pages import Person, record

NOW = datetime(2026, 5, 1, 12, tzinfo=UTC)
PAGE = "/rollbacks/checkout-1"
PAYLOADS = (
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "'><svg onload=alert(1)>",
    "</textarea><script>alert(1)</script>",
    "{{ 7 * 7 }}",
    "javascript:alert(1)",
    "\u202e\u2066hidden",
)


@pytest.fixture
def person(notebook: Notebook, review_token: Path) -> Person:
    notebook.record = record("AwaitingApproval")
    notebook.listed = {"items": [record("AwaitingApproval"), record("Refused", "cart-1")]}
    return Person(notebook, review_token)


@pytest.mark.parametrize("path", ["/", PAGE, "/rollbacks/none", "/login"])
def test_every_page_forbids_the_browser_what_it_does_not_need(person: Person, path: str) -> None:
    """Nothing from elsewhere, nothing inline, in no frame, in no cache."""
    person.sign_in()
    person.notebook.record = None if path.endswith("none") else person.notebook.record
    answer = person.client.get(path)
    policy = dict(part.split(" ", 1) for part in answer.headers["Content-Security-Policy"].split("; "))
    assert policy == {
        "default-src": "'none'",
        "script-src": "'self'",
        "style-src": "'self'",
        "img-src": "'self'",
        "connect-src": "'self'",
        "form-action": "'self'",
        "base-uri": "'none'",
        "frame-ancestors": "'none'",
    }
    assert answer.headers["Cache-Control"] == "no-store"
    assert answer.headers["Referrer-Policy"] == "same-origin"
    assert answer.headers["X-Frame-Options"] == "DENY"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.mimetype == "text/html"
    assert not re.search(r"<script(?![^>]*\bsrc=)|<style|\sstyle=|\son[a-z]+=", answer.text)


def test_without_a_review_token_reading_is_open_and_there_are_no_forms(notebook: Notebook) -> None:
    notebook.record = record("AwaitingApproval")
    client = client_of(notebook)
    for path in ("/", PAGE):
        answer = client.get(path)
        assert answer.status_code == 200
        assert 'method="post"' not in answer.text
    assert "--review-token-file" in client.get(PAGE).text


def test_a_stranger_is_sent_to_the_door_and_comes_back(person: Person) -> None:
    answer = person.client.get(f"{PAGE}?x=1")
    assert (answer.status_code, answer.headers["Location"]) == (303, f"/login?next={PAGE}?x%3D1")
    assert person.notebook.names == []


def test_a_poll_of_a_stranger_is_refused_without_a_way_elsewhere(person: Person) -> None:
    """The browser would follow a redirect, and put the door where the records were."""
    answer = person.client.get("/", headers={"HX-Request": "true"})
    assert answer.status_code == 401


def test_the_token_itself_reads_too(person: Person) -> None:
    headers = {"Authorization": "Bearer review-secret"}
    answer = person.client.get(PAGE, headers=headers)
    assert answer.status_code == 200
    assert 'action="/rollbacks/checkout-1/approve"' not in answer.text


@pytest.mark.parametrize("phase", [None, *Phase])
def test_every_phase_has_a_page(person: Person, phase: str | None) -> None:
    person.notebook.record = record(phase)
    person.notebook.progress = Rollout("1 of 3", 3, 2, 1)
    person.sign_in()
    answer = person.client.get(PAGE)
    assert answer.status_code == 200
    assert "shop/checkout" in answer.text
    assert ("1 of 3 pods available" in answer.text) is (phase in {"RollingBack", "Verifying"})


@pytest.mark.parametrize("payload", PAYLOADS, ids=ascii)
def test_hostile_text_stays_text(person: Person, payload: str) -> None:
    """In every place that a sender fills, on both pages."""
    raw = record("AwaitingApproval", message=payload)
    raw["spec"]["alert"] |= {
        "name": payload,
        "labels": {payload: payload},
        "annotations": {payload: payload, "runbook_url": payload},
        "generatorURL": payload,
        "externalURL": payload,
    }
    raw["spec"]["target"] |= {"kind": payload, "namespace": payload, "name": payload}
    raw["spec"]["rule"] = payload
    raw["spec"]["suspect"]["images"] = {payload: payload}
    decision = raw["status"]["decision"]
    decision |= {"rule": payload, "diff": f"+{payload}", "warnings": [payload]}
    decision["verdicts"] = [{"guard": payload, "allowed": False, "reason": "r", "evidence": payload}]
    decision["others"] = [{"rule": payload, "verdicts": decision["verdicts"]}]
    raw["status"]["review"] = {
        "verdict": payload,
        "by": payload,
        "note": payload,
        "at": "2026-05-01T04:00:00Z",
    }
    raw["status"]["aftermath"] = {"kind": payload, "at": "2026-05-01T04:00:00Z", "revision": payload}
    person.notebook.record, person.notebook.listed = raw, {"items": [raw]}
    person.sign_in()
    for path in (PAGE, "/", f"/?target={payload}&rule={payload}"):
        text = person.client.get(path).text
        assert not re.search(r"<(script(?! src=\"/static)|img|svg|textarea)", text)
        assert 'href="javascript' not in text
        assert "\u202e" not in re.sub(r'value="[^"]*"', "", text)
        assert str(escape(visible(payload))) in text


def test_unknown_record_is_a_page_too(person: Person) -> None:
    person.sign_in()
    person.notebook.record = None
    answer = person.client.get("/rollbacks/gone")
    assert (answer.status_code, answer.mimetype) == (404, "text/html")
    assert "there is no record" in answer.text


@pytest.mark.parametrize("name", ["..", "A", "a%0ab", "%1b[2J", "a" * 300])
def test_hostile_name_is_asked_of_nobody(person: Person, name: str) -> None:
    person.sign_in()
    assert person.client.get(f"/rollbacks/{name}").status_code == 404
    assert person.notebook.names == []


def test_cluster_that_does_not_answer_is_a_503_that_says_so(person: Person) -> None:
    person.sign_in()
    person.notebook.failure = Unavailable("no answer within 4.0 s", 3)
    for path in ("/", PAGE):
        answer = person.client.get(path)
        assert (answer.status_code, answer.headers["Retry-After"]) == (503, "3")
        assert "no answer within 4.0 s" in answer.text


def test_mode_budget_and_kill_switch_are_on_every_page(person: Person) -> None:
    person.notebook.at_a_glance = Overview(Mode.APPROVE, Pause(NOW, "Alex", "an incident"))
    person.sign_in()
    for path in ("/", PAGE):
        text = person.client.get(path).text
        assert ">approve<" in text
        assert "unlimited" in text
        assert "on, by <bdi>Alex</bdi>" in text
        assert "an incident" in text


def test_ledger_that_cannot_be_read_is_said_and_no_switch_is_offered(person: Person) -> None:
    rules = Ruleset((rule(),))
    broken = Unreadable("the ledger", "ValueError")
    person.notebook.at_a_glance = overlook(broken, rules, mode=Mode.AUTO, now=NOW)
    person.sign_in()
    text = person.client.get("/").text
    assert "cannot read the ledger" in text
    assert "not known" in text
    assert 'action="/pause"' not in text


def test_many_browsers_cost_one_list(notebook: Notebook) -> None:
    notebook.listed = {"items": [record("Refused", f"r-{n}") for n in range(3)]}
    client = client_of(notebook)
    for n in range(20):
        assert client.get(f"/?page={n}&target=shop").status_code == 200
    assert notebook.queries == [RollbackQuery(limit=RECORDS_AT_ONCE)]


def test_filters_that_leave_out_what_is_under_way_do_not_say_that_there_is_nothing(person: Person) -> None:
    person.sign_in()
    text = person.client.get("/?phase=Refused").text
    assert "Nothing that fits is under way or waits for somebody." in text
    assert "nothing waits for you" not in text


def test_the_page_polls_itself(person: Person) -> None:
    person.sign_in()
    text = person.client.get("/?phase=Refused&target=shop").text
    assert 'data-hx-get="/?phase=Refused&amp;target=shop"' in text
    assert 'data-hx-trigger="every 2s"' in text


@pytest.mark.parametrize("path", ["vendor/htmx-4.0.1.min.js", "page.js", "page.css", "icon.svg"])
def test_assets_need_no_token(person: Person, path: str) -> None:
    with person.client.get(f"/static/{path}") as answer:
        assert answer.status_code == 200
        assert answer.headers["X-Content-Type-Options"] == "nosniff"


@pytest.mark.parametrize("path", ["../review.py", "%2e%2e/review.py", "..%2freview.py", "/etc/passwd"])
def test_assets_are_all_that_is_served(person: Person, path: str) -> None:
    assert person.client.get(f"/static/{path}").status_code in {401, 404}


def test_age_of_a_row_is_never_negative(notebook: Notebook) -> None:
    """Clocks differ."""
    future = (datetime.now(UTC) + timedelta(minutes=5)).strftime("%Y-%m-%dT%H:%M:%SZ")
    raw = record("Refused", startedAt=future)
    notebook.listed = {"items": [raw]}
    assert ">0s<" in client_of(notebook).get("/").text
