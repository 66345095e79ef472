"""How calls are made: over real HTTP, bounded in time, repeated only where that does no harm."""

import json
import threading
import time
from pathlib import Path
from urllib.parse import unquote

import pytest

from receiver import __version__, metrics
from receiver.cluster.api import JSON_PATCH, TRIES, Api, path
from receiver.cluster.errors import Forbidden, NotFound, Unavailable
from tests.engine.builders import eventually
from tests.kubernetes.stub import Answer, Stub, access_to, nobody_there

WHERE = "/api/v1/namespaces/shop"
BUSY = Answer(503, {"message": "busy"})


def test_object_is_returned_as_it_came(stub: Stub, api: Api) -> None:
    """Fields that nobody here knows are kept."""
    stub.say(Answer(201, {"kind": "Namespace", "spec": {"new": [1, None]}}))
    assert api.call("GET", WHERE) == {"kind": "Namespace", "spec": {"new": [1, None]}}


def test_request_says_who_asks_and_what_it_sends(stub: Stub, api: Api) -> None:
    """The token is sent, the user agent names us, a patch has its own media type."""
    api.call("PATCH", WHERE, body=[{"op": "test", "value": "ü"}], content_type=JSON_PATCH)
    api.call("GET", WHERE, query={"fieldSelector": "a.b!=c d,e=f"})
    sent, read = stub.asked
    assert sent.method == "PATCH"
    assert sent.headers["content-type"] == JSON_PATCH
    assert sent.headers["authorization"] == "Bearer tok-3n"
    assert sent.headers["user-agent"] == f"rollback-receiver/{__version__}"
    assert sent.headers["accept"] == "application/json"
    assert json.loads(sent.body) == [{"op": "test", "value": "ü"}]
    assert read.path == f"{WHERE}?fieldSelector=a.b%21%3Dc+d%2Ce%3Df"
    assert "content-type" not in read.headers


HOSTILE = ["../../secrets", "a/b", "a?b=c", "a#b", "a%2fb", "a b", "ä", "..", "a\r\nX: y", "a;b", ""]


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_name_stays_in_its_place(stub: Stub, api: Api, name: str) -> None:
    """However a name reads, it stays one segment of the path, and no header comes of it."""
    api.call("GET", path("api", "v1", "namespaces", name, "pods"))
    sent = stub.asked[0].path
    if name != "..":
        assert [unquote(part) for part in sent.split("/")] == ["", "api", "v1", "namespaces", name, "pods"]
    assert "x" not in stub.asked[0].headers


@pytest.mark.parametrize(
    ("method", "repeatable", "tries"),
    [
        pytest.param("GET", None, TRIES, id="get"),
        pytest.param("POST", None, 1, id="post"),
        pytest.param("PUT", None, 1, id="put"),
        pytest.param("PATCH", None, 1, id="patch"),
        pytest.param("POST", True, TRIES, id="repeatable"),
        pytest.param("GET", False, 1, id="not-repeatable"),
    ],
)
@pytest.mark.parametrize("answer", [BUSY, Answer(429), Answer(raw=b"")], ids=["503", "429", "closed"])
def test_only_what_does_no_harm_is_repeated(
    stub: Stub, api: Api, method: str, repeatable: bool | None, tries: int, answer: Answer
) -> None:
    """A second POST after an unclear first one could do it twice."""
    stub.say(answer)
    with pytest.raises(Unavailable):
        api.call(method, WHERE, repeatable=repeatable, timeout_seconds=60)
    assert len(stub.asked) == tries


@pytest.mark.parametrize("fails", [1, 2])
def test_repeat_that_succeeds_is_the_answer(stub: Stub, api: Api, fails: int) -> None:
    """A short hiccup is not seen by anybody."""
    stub.say(*[BUSY] * fails, Answer(200, {"kind": "Namespace"}))
    assert api.call("GET", WHERE, timeout_seconds=60) == {"kind": "Namespace"}
    assert len(stub.asked) == fails + 1


@pytest.mark.parametrize(("code", "kind"), [(404, NotFound), (403, Forbidden), (401, Forbidden)])
def test_final_answer_is_not_repeated(stub: Stub, api: Api, code: int, kind: type[Exception]) -> None:
    """Asking again would not change it."""
    stub.say(Answer(code))
    with pytest.raises(kind):
        api.call("GET", WHERE, timeout_seconds=60)
    assert len(stub.asked) == 1


@pytest.mark.parametrize(
    "answer",
    [
        pytest.param(Answer(hang=True), id="no-answer"),
        pytest.param(Answer(500), id="always-fails"),
    ],
)
def test_call_ends_in_its_time(stub: Stub, api: Api, answer: Answer) -> None:
    """A frozen API server costs the given time once, not once for each try."""
    stub.say(answer)
    began = time.monotonic()
    with pytest.raises(Unavailable):
        api.call("GET", WHERE, timeout_seconds=0.4)
    assert time.monotonic() - began < 20


def test_timeout_says_how_long_was_waited(stub: Stub, api: Api) -> None:
    """So that whoever reads it knows that nothing came back."""
    stub.say(Answer(hang=True))
    with pytest.raises(Unavailable, match=r"^GET api/v1/namespaces/shop: no answer within 0\.[0-3] s$"):
        api.call("GET", WHERE, timeout_seconds=0.3)
    eventually(lambda: len(stub.asked) == 1)


def test_refused_connection_is_no_timeout(tmp_path: Path) -> None:
    """Nobody waited: whoever reads it is to look for what is down, not for what is slow."""
    said = r"^GET api/v1/namespaces/shop: no connection: Connection refused$"
    with nobody_there() as url, access_to(url, tmp_path) as access, pytest.raises(Unavailable, match=said):
        Api(access).call("GET", WHERE, timeout_seconds=2)


def test_answer_that_stops_half_way_ends_in_time(stub: Stub, api: Api) -> None:
    """The headers alone are no answer."""
    stub.say(Answer(raw=b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n{", hang=False), Answer(hang=True))
    began = time.monotonic()
    with pytest.raises(Unavailable):
        api.call("GET", WHERE, timeout_seconds=0.5)
    assert time.monotonic() - began < 20


def test_calls_are_counted_by_answer_and_by_fault(stub: Stub, api: Api) -> None:
    """A name never becomes a label."""

    def counted(name: str, **labels: str) -> float:
        return metrics.REGISTRY.get_sample_value(f"rollback_receiver_{name}", labels) or 0

    labels = {"verb": "GET", "resource": "pods", "code": "200"}
    calls, faults = counted("api_requests_total", **labels), counted("api_errors_total", reason="status_503")
    stub.say(BUSY, Answer(200))
    api.call("GET", f"{WHERE}/pods/hostile-name", timeout_seconds=60)
    assert counted("api_requests_total", **labels) == calls + 1
    assert counted("api_errors_total", reason="status_503") == faults + 1


def test_many_threads_share_the_connections(stub: Stub, api: Api) -> None:
    """Nobody gets another one's answer, and none waits for a free connection for ever."""
    stub.say(Answer(200, {"kind": "Namespace"}))
    found: list[object] = []
    threads = [
        threading.Thread(target=lambda: found.append(api.call("GET", WHERE, timeout_seconds=10)))
        for _ in range(40)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == [{"kind": "Namespace"}] * 40
