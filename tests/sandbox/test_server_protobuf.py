"""The protobuf bodies of `kubectl create` and `auth can-i`; the bytes are a stock kubectl 1.37's own."""

from collections.abc import Iterator

import pytest

from receiver.sandbox import protobuf
from receiver.sandbox.server import Sandbox
from tests.sandbox.asking import ask

TYPE = "application/vnd.kubernetes.protobuf"
NAMESPACE = bytes.fromhex(
    "6b38730 00a0f0a02763112094e616d657370616365121b0a130a03666f6f12001a0022002a003200380042001200"
    "1a020a001a002200".replace(" ", "")
)
SERVICE = bytes.fromhex(
    "6b3873000a0d0a0276311207536572766963 65125d0a1b0a01781200 1a0022002a00320038004200"
    "5a080a03617070120178123a0a150a0238301203544350185022060800105 01a00280012080a036170701201781a0022"
    "09436c757374657249503a00420052005a00600068001a020a001a002200".replace(" ", "")
)
DEPLOYMENT = bytes.fromhex(
    "6b3873000a150a07617070732f7631120a4465706c6f796d656e7412b0010a1b"
    "0a016412001a0022002a0032003800 42005a080a03617070120164128201080312"
    "0a0a080a036170701201641a6a0a1a0a0012001a0022002a0032003800 4200"
    "5a080a03617070120164124c122e0a056e67696e7812056e67696e782a00320a"
    "0a001000185022002a0042006a0072008001008801009001 00a201001a003200"
    "42004a00520058006000680082010 08a01009a0100c2010022020a00280038001a"
    "0c0800100018002000280038001a002200".replace(" ", "")
)
SECRET = bytes.fromhex(
    "6b3873000a0c0a0276311206536563726574121d0a110a01731200 1a0022002a00320038004200"
    "12060a01611201621a001a002200".replace(" ", "")
)


CAN_I_GET_PODS = bytes.fromhex(
    "6b3873000a320a17617574686f72697a6174696f6e2e6b38732e696f2f763112"
    "1753656c665375626a656374416363657373526576696577123c0a100a001200"
    "1a0022002a00320038004200121e0a1c0a0764656661756c7412036765741a00"
    "22002a04706f647332003a001a08080012001a0020001a002200"
)
CAN_I_GET_HEALTH = bytes.fromhex(
    "6b3873000a320a17617574686f72697a6174696f6e2e6b38732e696f2f763112"
    "1753656c665375626a656374416363657373526576696577122f0a100a001200"
    "1a0022002a003200380042001211120f0a082f6865616c74687a12036765741a"
    "08080012001a0020001a002200"
)
REVIEWS = "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews"


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    with Sandbox() as running:
        yield running


def test_create_namespace_is_read() -> None:
    assert protobuf.read(NAMESPACE) == {
        "apiVersion": "v1",
        "kind": "Namespace",
        "metadata": {"name": "foo"},
    }


def test_create_deployment_is_read() -> None:
    port = {"containerPort": 80}
    container = {"name": "nginx", "image": "nginx", "ports": [port]}
    assert protobuf.read(DEPLOYMENT) == {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": "d", "labels": {"app": "d"}},
        "spec": {
            "replicas": 3,
            "selector": {"matchLabels": {"app": "d"}},
            "template": {"metadata": {"labels": {"app": "d"}}, "spec": {"containers": [container]}},
        },
    }


def test_create_service_is_read() -> None:
    port = {"name": "80", "protocol": "TCP", "port": 80, "targetPort": 80}
    spec = {"ports": [port], "selector": {"app": "x"}, "type": "ClusterIP"}
    assert protobuf.read(SERVICE)["spec"] == spec


def test_create_secret_is_read() -> None:
    assert protobuf.read(SECRET)["data"] == {"a": "Yg=="}


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (b"", "starts with 'k8s'"),
        (NAMESPACE[:-6], "unexpected EOF"),
        (NAMESPACE[:4], "unexpected EOF"),
        (NAMESPACE.replace(b"Namespace", b"LimitRang"), "does not read a LimitRang in protobuf"),
        # Field 12 of the object's own: nothing that a namespace has.
        (NAMESPACE.replace(b"\x12\x00\x1a\x02\x0a\x00", b"\x62\x04abcd"), "does not know field 12"),
    ],
)
def test_what_is_not_known_is_refused_and_not_read_in_part(body: bytes, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        protobuf.read(body)


def test_it_is_created_as_if_it_were_json(sandbox: Sandbox) -> None:
    created = ask(sandbox, "POST", "/api/v1/namespaces", NAMESPACE, content_type=TYPE)
    assert (created.code, created.content_type) == (201, "application/json")
    assert ask(sandbox, "GET", "/api/v1/namespaces/foo").body == created.body
    refused = ask(sandbox, "POST", "/api/v1/namespaces", b"k8s", content_type=TYPE)
    assert (refused.code, refused.body["reason"]) == (400, "BadRequest")


@pytest.mark.parametrize(
    ("body", "spec"),
    [
        (
            CAN_I_GET_PODS,
            {"resourceAttributes": {"namespace": "default", "verb": "get", "resource": "pods"}},
        ),
        (CAN_I_GET_HEALTH, {"nonResourceAttributes": {"path": "/healthz", "verb": "get"}}),
    ],
)
def test_who_asks_what_they_may_do_may_do_it(sandbox: Sandbox, body: bytes, spec: dict[str, object]) -> None:
    told = ask(sandbox, "POST", REVIEWS, body, content_type=TYPE)
    assert (told.code, told.body["spec"], told.body["status"]) == (201, spec, {"allowed": True})


@pytest.mark.parametrize(
    ("body", "type_"), [(b"{", "application/json"), (b"[]", "application/json"), (b"k8s", TYPE)]
)
def test_a_question_that_cannot_be_read_is_a_bad_request(sandbox: Sandbox, body: bytes, type_: str) -> None:
    refused = ask(sandbox, "POST", REVIEWS, body, content_type=type_)
    assert (refused.code, refused.body["reason"]) == (400, "BadRequest")
