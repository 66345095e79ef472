"""What `kubectl create namespace|deployment|configmap|secret|serviceaccount|service` and `auth can-i` send.

Those commands speak protobuf and nothing else; everything else that kubectl sends is JSON. Only what they
can say is known here, by the field numbers of the API's `generated.proto` files; a body that says more is
refused, never read in part.
"""

import base64
from collections.abc import Iterator, Mapping
from typing import Any

Object = dict[str, Any]
Value = int | bytes
CONTENT_TYPE = "application/vnd.kubernetes.protobuf"
MAGIC = b"k8s\x00"
_VARINT, _BYTES = 0, 2

# A field's name and type: `[]` for a list, `{}` for a map, `*` where zero differs from absent.
Fields = Mapping[int, tuple[str, str]]
_HEAD: Fields = {1: ("metadata", "Meta")}
_KINDS: Mapping[str, Fields] = {
    "Namespace": _HEAD,
    "ConfigMap": {**_HEAD, 2: ("data", "{}string"), 3: ("binaryData", "{}bytes"), 4: ("immutable", "bool")},
    "Secret": {**_HEAD, 2: ("data", "{}bytes"), 3: ("type", "string"), 5: ("immutable", "bool")},
    "ServiceAccount": _HEAD,
    "Service": {**_HEAD, 2: ("spec", "ServiceSpec")},
    "Deployment": {**_HEAD, 2: ("spec", "DeploymentSpec")},
    "SelfSubjectAccessReview": {**_HEAD, 2: ("spec", "Review")},
}
_PARTS: Mapping[str, Fields] = {
    "Envelope": {1: ("type", "Type"), 2: ("raw", "raw")},
    "Type": {1: ("apiVersion", "string"), 2: ("kind", "string")},
    "Meta": {
        1: ("name", "string"),
        3: ("namespace", "string"),
        11: ("labels", "{}string"),
        12: ("annotations", "{}string"),
    },
    "ServiceSpec": {
        1: ("ports", "[]ServicePort"),
        2: ("selector", "{}string"),
        3: ("clusterIP", "string"),
        4: ("type", "string"),
        10: ("externalName", "string"),
    },
    "ServicePort": {
        1: ("name", "string"),
        2: ("protocol", "string"),
        3: ("port", "int"),
        4: ("targetPort", "IntOrString"),
        5: ("nodePort", "int"),
    },
    "IntOrString": {1: ("type", "int"), 2: ("int", "int"), 3: ("string", "string")},
    "DeploymentSpec": {1: ("replicas", "*int"), 2: ("selector", "Selector"), 3: ("template", "Template")},
    "Selector": {1: ("matchLabels", "{}string")},
    "Template": {**_HEAD, 2: ("spec", "PodSpec")},
    "PodSpec": {2: ("containers", "[]Container")},
    "Container": {
        1: ("name", "string"),
        2: ("image", "string"),
        3: ("command", "[]string"),
        4: ("args", "[]string"),
        6: ("ports", "[]Port"),
    },
    "Port": {3: ("containerPort", "int"), 4: ("protocol", "string")},
    "Review": {1: ("resourceAttributes", "Asked"), 2: ("nonResourceAttributes", "AskedPath")},
    "Asked": {
        1: ("namespace", "string"),
        2: ("verb", "string"),
        3: ("group", "string"),
        4: ("version", "string"),
        5: ("resource", "string"),
        6: ("subresource", "string"),
        7: ("name", "string"),
    },
    "AskedPath": {1: ("path", "string"), 2: ("verb", "string")},
}


def read(body: bytes) -> Object:
    """Return the object that a body carries, with its apiVersion and kind.

    Raises:
        ValueError: it is no such body, of another kind, or says more than is known here.
    """
    if not body.startswith(MAGIC):
        raise ValueError("expected a body that starts with 'k8s'")
    try:
        envelope = _message(body[len(MAGIC) :], _PARTS["Envelope"])
        kind = envelope["type"]["kind"]
        if kind not in _KINDS:
            raise ValueError(f"the sandbox does not read a {kind} in protobuf; send it as JSON")
        return {**envelope["type"], **_message(envelope["raw"], _KINDS[kind])}
    except (IndexError, KeyError, TypeError, AttributeError, RecursionError) as e:
        raise ValueError("unexpected EOF") from e


def _message(data: bytes, known: Fields) -> Object:
    found: Object = {}
    for number, value in _fields(data):
        if not _says_something(value) and not known.get(number, ("", ""))[1].startswith(("*", "[]")):
            continue
        if number not in known:
            raise ValueError(f"the sandbox does not know field {number} of this body in protobuf; send JSON")
        name, type_ = known[number]
        if type_.startswith("[]"):
            found.setdefault(name, []).append(_value(value, type_[2:]))
        elif type_.startswith("{}"):
            found.setdefault(name, {}).update(_entry(value, type_[2:]))
        else:
            found[name] = _value(value, type_.strip("*"))
    return found


def _value(value: Value, type_: str) -> Any:
    if isinstance(value, int):
        return bool(value) if type_ == "bool" else value
    match type_:
        case "string":
            return value.decode()
        case "bytes":
            return base64.b64encode(value).decode()
        case "raw":
            return value
        case "IntOrString":
            either = _message(value, _PARTS[type_])
            return either["string"] if either.get("type") else either.get("int", 0)
    return _message(value, _PARTS[type_])


def _entry(value: Value, type_: str) -> Object:
    pair = dict(_fields(value)) if isinstance(value, bytes) else {}
    return {_value(pair.get(1, b""), "string"): _value(pair.get(2, b""), type_)}


def _says_something(value: Value) -> bool:
    """Tell whether a field is more than Go's zero: no number but 0, no text, no message of such fields."""
    if isinstance(value, int) or not value:
        return bool(value)
    try:
        return any(_says_something(each) for _, each in _fields(value))
    except (IndexError, ValueError):
        return True


def _fields(data: bytes) -> Iterator[tuple[int, Value]]:
    at = 0
    while at < len(data):
        tag, at = _varint(data, at)
        number, type_ = tag >> 3, tag & 7
        value, at = _varint(data, at)
        if type_ == _VARINT:
            yield number, value
        elif type_ == _BYTES:
            if at + value > len(data):
                raise IndexError(at)
            yield number, data[at : at + value]
            at += value
        else:
            raise ValueError(f"proto: illegal wireType {type_}")


def _varint(data: bytes, at: int) -> tuple[int, int]:
    value, shift = 0, 0
    while True:
        byte = data[at]
        value |= (byte & 0x7F) << shift
        at, shift = at + 1, shift + 7
        if shift > 70:
            raise ValueError("proto: integer overflow")
        if not byte & 0x80:
            return value, at
