"""One POST: taken or not, within its time, and never elsewhere."""

import time
from collections.abc import Iterator

import pytest

from receiver.notify import posting
from receiver.notify.errors import NotifyError, Refused
from receiver.notify.posting import post
from tests.kubernetes.stub import Answer, Stub, dripping, nobody_there, serving

SECRET = "T0KEN-of-the-address"


@pytest.fixture
def stub() -> Iterator[Stub]:
    with serving() as running:
        yield running


def fault(url: str) -> NotifyError:
    with pytest.raises(NotifyError) as raised:
        post(f"{url}/{SECRET}", b"{}", {})
    assert SECRET not in str(raised.value)
    assert raised.value.__cause__ is None
    return raised.value


@pytest.mark.parametrize("code", [200, 201, 202, 204])
def test_2xx_is_taken(stub: Stub, code: int) -> None:
    stub.say(Answer(code, b""))
    post(f"{stub.url}/hook?a=b", b'{"a":1}', {"webhook-id": "x"})
    (asked,) = stub.asked
    assert (asked.method, asked.path, asked.body) == ("POST", "/hook?a=b", b'{"a":1}')
    assert asked.headers["content-type"] == "application/json"
    assert asked.headers["webhook-id"] == "x"


@pytest.mark.parametrize(
    ("code", "refused"),
    [(400, True), (404, True), (410, True), (408, False), (429, False), (500, False), (503, False)],
)
def test_4xx_is_about_the_message_and_all_else_about_the_endpoint(
    stub: Stub, code: int, refused: bool
) -> None:
    stub.say(Answer(code))
    raised = fault(stub.url)
    assert isinstance(raised, Refused) is refused
    assert str(code) in str(raised)


@pytest.mark.parametrize("code", [301, 302, 303, 307, 308])
def test_a_redirect_is_not_followed(stub: Stub, code: int) -> None:
    """It would take the message, and the secret in the address, to somebody else."""
    with serving() as elsewhere:
        head = f"HTTP/1.1 {code} Moved\r\nLocation: {elsewhere.url}/x\r\nContent-Length: 0\r\n\r\n"
        stub.say(Answer(raw=head.encode()))
        assert not isinstance(fault(stub.url), Refused)
        assert elsewhere.asked == []


def test_nobody_there_is_a_fault() -> None:
    with nobody_there() as url:
        assert "refused" in str(fault(url))


@pytest.mark.parametrize("raw", [b"", b"SSH-2.0-x\r\n", b"HTTP/1.1 2"], ids=["nothing", "no-http", "half"])
def test_no_whole_answer_is_a_fault(stub: Stub, raw: bytes) -> None:
    stub.say(Answer(raw=raw))
    fault(stub.url)


def test_who_hangs_is_left(stub: Stub, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(posting, "TIMEOUT_SECONDS", 0.2)
    stub.say(Answer(hang=True))
    began = time.monotonic()
    fault(stub.url)
    assert time.monotonic() - began < 20


def test_who_drips_is_cut_off(monkeypatch: pytest.MonkeyPatch) -> None:
    """A limit for each read would begin anew with each byte."""
    monkeypatch.setattr(posting, "TIMEOUT_SECONDS", 0.5)
    with dripping(b"HTTP/1.1 ") as url:
        fault(url)


def test_an_address_with_no_such_host_is_a_fault_without_the_address() -> None:
    fault("http://[::1")
