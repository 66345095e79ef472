"""What becomes of each answer: translated once, into errors that say what was asked and what was said."""

from pathlib import Path
from typing import Any

import pytest

from receiver.cluster.api import Api
from receiver.cluster.errors import (
    ClusterError,
    Conflict,
    Forbidden,
    Invalid,
    NotFound,
    Rejected,
    Unavailable,
)
from tests.kubernetes.stub import Answer, Stub, access_to, nobody_there

WHERE = "/api/v1/namespaces/shop"


def refusal(stub: Stub, api: Api, answer: Answer, *, method: str = "POST") -> ClusterError:
    stub.say(answer)
    seconds = 0.5 if answer.hang else 30
    with pytest.raises(ClusterError) as caught:
        api.call(method, WHERE, query={"limit": "1"}, timeout_seconds=seconds)
    return caught.value


def status(code: int, **more: Any) -> Answer:
    return Answer(code, {"kind": "Status", "message": "because", "code": code, **more})


@pytest.mark.parametrize(
    ("code", "kind"),
    [
        (300, Rejected),
        (304, Rejected),
        (307, Rejected),
        (400, Rejected),
        (401, Forbidden),
        (403, Forbidden),
        (404, NotFound),
        (405, Rejected),
        (409, Conflict),
        (410, Rejected),
        (413, Rejected),
        (415, Rejected),
        (422, Invalid),
        (429, Unavailable),
        (500, Unavailable),
        (501, Rejected),
        (502, Unavailable),
        (503, Unavailable),
        (504, Unavailable),
    ],
)
def test_status_decides_what_kind_of_error_it_is(
    stub: Stub, api: Api, code: int, kind: type[ClusterError]
) -> None:
    """Only what a later call may mend is Unavailable; a redirect is not followed."""
    body = b"" if code == 304 else None
    error = refusal(stub, api, status(code) if body is None else Answer(code, body))
    assert type(error) is kind
    assert error.code == code
    assert len(stub.asked) == 1


@pytest.mark.parametrize(
    ("body", "said"),
    [
        pytest.param({"message": "quota is used up"}, "quota is used up (403)", id="status"),
        pytest.param({"message": ""}, "no reason given (403)", id="empty-message"),
        pytest.param({}, "no reason given (403)", id="no-message"),
        pytest.param(b"", "no reason given (403)", id="no-body"),
        pytest.param(["a"], "['a'] (403)", id="list"),
        pytest.param("text", "text (403)", id="string"),
        pytest.param(None, "no reason given (403)", id="null"),
        pytest.param(b"<html>go away</html>", "<html>go away</html> (403)", id="html"),
        pytest.param(b"\xff\xfe no text", "no text (403)", id="bytes"),
        pytest.param({"message": {"a": 1}}, "{'a': 1} (403)", id="odd-message"),
    ],
)
def test_message_names_what_was_asked_and_what_was_said(
    stub: Stub, api: Api, body: object, said: str
) -> None:
    """Whatever stands between us and the API server may have written the body."""
    error = refusal(stub, api, Answer(403, body))
    assert str(error).startswith("POST api/v1/namespaces/shop: ")
    assert str(error).endswith(said)


def test_long_answer_is_cut(stub: Stub, api: Api) -> None:
    """A page of HTML does not fill the record."""
    assert len(str(refusal(stub, api, Answer(403, b"x" * 100_000)))) < 300


@pytest.mark.parametrize("code", [403, 422, 500])
@pytest.mark.parametrize(
    "body",
    [
        pytest.param({"message": "x" * 2_000_000}, id="message"),
        pytest.param({"message": ["x" * 2_000_000]}, id="odd-message"),
        pytest.param("x" * 2_000_000, id="text"),
        pytest.param(["x"] * 400_000, id="list"),
    ],
)
def test_long_message_is_cut(stub: Stub, api: Api, code: int, body: object) -> None:
    """What a proxy makes megabytes of is told with its beginning, that it went on, and the code."""
    error = refusal(stub, api, Answer(code, body))
    assert len(str(error)) < 1100
    assert "x" * 10 in str(error) or "'x', 'x'" in str(error)
    assert "… [cut: " in str(error)
    assert str(error).endswith(f" ({code})")


def test_message_of_usual_length_stays_whole(stub: Stub, api: Api) -> None:
    """A validation's message names every field that is wrong."""
    said = "x" * 1000
    assert str(refusal(stub, api, Answer(403, {"message": said}))).endswith(f": {said} (403)")


def test_long_nonsense_in_place_of_an_answer_is_cut(stub: Stub, api: Api) -> None:
    """What is no HTTP is quoted by whoever reads it, up to 64 KiB of it."""
    error = refusal(stub, api, Answer(raw=b"x" * 60_000 + b"\r\n\r\n"))
    assert isinstance(error, Unavailable)
    assert len(str(error)) < 1100


@pytest.mark.parametrize(
    ("details", "causes"),
    [
        pytest.param(None, (), id="none"),
        pytest.param({}, (), id="empty"),
        pytest.param({"causes": None}, (), id="causes-null"),
        pytest.param(
            {"causes": [{"field": "spec", "message": "Required value"}, {"message": "no"}]},
            ("Required value", "no"),
            id="two",
        ),
        pytest.param({"causes": [{"field": "spec"}]}, ("{'field': 'spec'}",), id="without-message"),
        pytest.param({"causes": ["odd"]}, ("odd",), id="text"),
        pytest.param("odd", ("odd",), id="details-text"),
        pytest.param({"causes": {"a": 1}}, ("{'a': 1}",), id="causes-object"),
    ],
)
def test_causes_tell_an_invalid_object_from_a_failed_test(
    stub: Stub, api: Api, details: object, causes: tuple[str, ...]
) -> None:
    """The API server gives none where a `test` of the patch failed; odd ones are causes too."""
    error = refusal(stub, api, status(422, details=details), method="PATCH")
    assert isinstance(error, Invalid)
    assert error.causes == causes


@pytest.mark.parametrize(
    "body",
    [
        pytest.param(b"<html>sign in</html>", id="html"),
        pytest.param(b'{"kind": "Dep', id="cut"),
        pytest.param(["a"], id="list"),
        pytest.param("text", id="string"),
        pytest.param(None, id="null"),
    ],
)
def test_success_that_is_no_object_is_no_answer(stub: Stub, api: Api, body: object) -> None:
    """It came from a proxy: whether a patch holds is unclear, so nothing may be concluded from it."""
    error = refusal(stub, api, Answer(200, body))
    assert isinstance(error, Unavailable)
    assert "(200)" in str(error)


def test_success_without_a_body_is_an_empty_object(stub: Stub, api: Api) -> None:
    """There is nothing to say after some calls."""
    stub.say(Answer(200, b""))
    assert api.call("POST", WHERE) == {}


@pytest.mark.parametrize(
    "raw",
    [
        pytest.param(b"", id="closed"),
        pytest.param(b"what?\r\n\r\n", id="no-http"),
        pytest.param(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{}", id="cut-short"),
    ],
)
def test_broken_connection_is_unavailable(stub: Stub, api: Api, raw: bytes) -> None:
    """It is not known whether the call was carried out."""
    error = refusal(stub, api, Answer(raw=raw))
    assert isinstance(error, Unavailable)
    assert error.code is None


def test_refused_connection_is_unavailable(tmp_path: Path) -> None:
    """Nobody listens: said with the path, and at once."""
    with nobody_there() as url, access_to(url, tmp_path) as access, pytest.raises(Unavailable) as caught:
        Api(access).call("GET", WHERE, timeout_seconds=1)
    assert str(caught.value).startswith("GET api/v1/namespaces/shop: ")
    assert caught.value.code is None


def test_no_message_holds_a_secret_or_a_query(stub: Stub, api: Api) -> None:
    """Messages go to records, logs and pages."""
    for answer in (status(403), status(500), Answer(raw=b""), Answer(hang=True)):
        text = str(refusal(stub, api, answer))
        assert "tok-3n" not in text
        assert "limit" not in text
    assert all(asked.headers["authorization"] == "Bearer tok-3n" for asked in stub.asked)
