"""Signing in and out: the review token, a name, and a cookie that scripts and other sites do not get."""

from pathlib import Path
from typing import Any

import pytest

from receiver import metrics
from receiver.web.page import Proxies
from receiver.web.visitors import COOKIE
from tests.web.conftest import Notebook, client_of
from tests.web.pages import TOKEN, Person
from tests.web.test_forms import PROXY

PAGE = "/rollbacks/checkout-1"


@pytest.fixture
def person(notebook: Notebook, review_token: Path) -> Person:
    return Person(notebook, review_token)


def refusals(reason: str) -> float:
    return (
        metrics.REGISTRY.get_sample_value("rollback_receiver_forms_refused_total", {"reason": reason}) or 0.0
    )


def test_the_cookie_is_for_this_site_alone(person: Person) -> None:
    answer = person.sign_in(data={"next": PAGE})
    assert (answer.status_code, answer.headers["Location"]) == (303, PAGE)
    kept = answer.headers["Set-Cookie"]
    assert {"HttpOnly", "SameSite=Strict", "Path=/", "Max-Age=43200"} <= set(kept.split("; "))
    assert "Secure" not in kept
    assert TOKEN not in kept
    assert person.client.get("/").status_code == 200


@pytest.mark.parametrize(
    ("proxies", "options", "secure"),
    [
        pytest.param(Proxies(), {"base_url": "https://localhost"}, True, id="https"),
        pytest.param(PROXY, {"environ_overrides": {"REMOTE_ADDR": "10.0.0.7"}}, True, id="a trusted proxy"),
        pytest.param(PROXY, {}, False, id="anybody's header"),
    ],
)
def test_over_https_the_cookie_stays_there(
    notebook: Notebook, review_token: Path, proxies: Proxies, options: dict[str, Any], secure: bool
) -> None:
    person = Person(notebook, review_token, proxies)
    answer = person.sign_in(headers={"X-Forwarded-Proto": "https"}, **options)
    assert ("Secure" in answer.headers["Set-Cookie"]) is secure


@pytest.mark.parametrize("token", ["", "wrong", TOKEN + "x", TOKEN[:-1], "\u20ac" * 9], ids=ascii)
def test_another_token_opens_nothing(person: Person, token: str, caplog: pytest.LogCaptureFixture) -> None:
    before = refusals("wrong_token")
    answer = person.sign_in(token=token)
    assert answer.status_code == 401
    assert "Set-Cookie" not in answer.headers
    assert refusals("wrong_token") == before + 1
    assert not token or token not in caplog.text


@pytest.mark.parametrize("name", ["", "  ", "x" * 101, "a\x1b[2J", "a\u202eb"], ids=ascii)
def test_a_name_is_needed_that_can_stand_on_a_record(person: Person, name: str) -> None:
    assert person.sign_in(name).status_code == 400
    assert person.client.get("/").status_code == 303


@pytest.mark.parametrize(
    ("target", "led_to"),
    [
        ("/", "/"),
        (PAGE, PAGE),
        ("/?phase=Refused&target=shop%2Fcart", "/?phase=Refused&target=shop%2Fcart"),
        ("//evil.example", "/"),
        ("https://evil.example", "/"),
        ("/\\evil.example", "/"),
        ("/rollbacks/../../x", "/"),
        ("/login", "/"),
        ("javascript:alert(1)", "/"),
    ],
)
def test_the_door_leads_to_our_own_pages(person: Person, target: str, led_to: str) -> None:
    text = person.client.get("/login", query_string={"next": target}).text
    assert f'name="next" value="{led_to.replace("&", "&amp;")}"' in text
    assert person.sign_in(data={"next": target}).headers["Location"] == led_to


def test_nobody_is_signed_in_from_elsewhere(person: Person) -> None:
    answer = person.sign_in(headers={"Sec-Fetch-Site": "cross-site"})
    assert answer.status_code == 403
    assert "Set-Cookie" not in answer.headers


def test_signing_out_ends_the_session_here(person: Person) -> None:
    person.sign_in()
    assert person.client.post("/logout", headers={"Sec-Fetch-Site": "cross-site"}).status_code == 403
    assert person.client.get("/").status_code == 200
    assert person.client.post("/logout").headers["Location"] == "/login"
    assert person.client.get("/").status_code == 303


def test_another_token_ends_every_session(person: Person, review_token: Path) -> None:
    person.sign_in()
    review_token.write_text("another")
    assert person.client.get("/").status_code == 303


def test_a_changed_cookie_is_nobodys(person: Person) -> None:
    person.sign_in()
    cookie = person.client.get_cookie(COOKIE)
    assert cookie is not None
    person.client.set_cookie(COOKIE, cookie.value[:-6] + "aaaaaa")
    assert person.client.get("/").status_code == 303


def test_a_cookie_opens_no_other_door(person: Person) -> None:
    """The API takes the token alone: no page of another site can make a browser use it."""
    person.sign_in()
    assert person.client.get("/api/v1/rollbacks").status_code == 401
    assert person.client.post("/api/v1/rollbacks/checkout-1/approve").status_code == 401
    assert person.client.post("/-/reload").status_code == 401


def test_without_a_review_token_there_is_no_door(notebook: Notebook) -> None:
    client = client_of(notebook)
    answers = [client.get("/login"), client.post("/login", data={"name": "Kim", "token": ""})]
    assert [answer.status_code for answer in answers] == [403, 403]
    assert "--review-token-file" in answers[0].text
