"""The rules for a pod's spec, alone or in a workload's template, in the real server's words.

Those that people run into: names, images, ports, probes, volumes, policies. It is not the whole of them.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from receiver.sandbox import naming
from receiver.sandbox.errors import Cause
from receiver.sandbox.naming import duplicate, invalid, required, unsupported

Object = Mapping[str, Any]
RESTARTS = ("Always", "OnFailure", "Never")
DNS_POLICIES = ("ClusterFirstWithHostNet", "ClusterFirst", "Default", "None")
PULL_POLICIES = ("Always", "IfNotPresent", "Never")
HANDLERS = ("exec", "httpGet", "tcpSocket", "grpc")
PORTS = "must be between 1 and 65535, inclusive"


def template(found: Object, field: str) -> Iterator[Cause]:
    """Yield what is wrong with a pod template; a workload's pods always restart."""
    metadata = found.get("metadata") or {}
    yield from naming.labels(metadata.get("labels") or {}, f"{field}.labels")
    yield from naming.annotations(metadata.get("annotations") or {}, f"{field}.annotations")
    spec = found.get("spec") or {}
    yield from pod_spec(spec, f"{field}.spec")
    if spec.get("restartPolicy", "Always") != "Always":
        yield unsupported(f"{field}.spec.restartPolicy", spec["restartPolicy"], ("Always",))


def pod_spec(spec: Object, field: str) -> Iterator[Cause]:
    """Yield what is wrong with a pod's spec."""
    volumes = [volume.get("name", "") for volume in spec.get("volumes") or []]
    yield from _names(volumes, f"{field}.volumes")
    if not spec.get("containers"):
        yield required(f"{field}.containers")
    taken: list[str] = []
    for key in ("containers", "initContainers"):
        containers = spec.get(key) or []
        yield from _names([item.get("name", "") for item in containers], f"{field}.{key}", taken)
        for i, item in enumerate(containers):
            yield from _container(item, f"{field}.{key}[{i}]", volumes)
    for key, options in (("restartPolicy", RESTARTS), ("dnsPolicy", DNS_POLICIES)):
        if spec.get(key, options[0]) not in options:
            yield unsupported(f"{field}.{key}", spec[key], options)
    for key in ("serviceAccountName", "nodeName"):
        if spec.get(key):
            yield from (invalid(f"{field}.{key}", spec[key], why) for why in naming.subdomain(spec[key]))


def _names(names: Sequence[str], field: str, taken: list[str] | None = None) -> Iterator[Cause]:
    """Yield what is wrong with the names of a list; `taken` holds those of the lists before."""
    taken = [] if taken is None else taken
    for i, name in enumerate(names):
        place = f"{field}[{i}].name"
        if not name:
            yield required(place)
        elif name in taken:
            yield duplicate(place, name)
        else:
            yield from (invalid(place, name, why) for why in naming.label(name))
        taken.append(name)


def _container(item: Object, field: str, volumes: Sequence[str]) -> Iterator[Cause]:
    if not item.get("image"):
        yield required(f"{field}.image")
    if item.get("imagePullPolicy", "Always") not in PULL_POLICIES:
        yield unsupported(f"{field}.imagePullPolicy", item["imagePullPolicy"], PULL_POLICIES)
    for i, port in enumerate(item.get("ports") or []):
        yield from _port(port, f"{field}.ports[{i}]")
    for i, variable in enumerate(item.get("env") or []):
        yield from _variable(variable, f"{field}.env[{i}]")
    yield from _mounts(item.get("volumeMounts") or [], f"{field}.volumeMounts", volumes)
    for key in ("livenessProbe", "readinessProbe", "startupProbe"):
        if key in item:
            yield from _probe(item[key], f"{field}.{key}")


def _port(port: Object, field: str) -> Iterator[Cause]:
    number = port.get("containerPort", 0)
    if not number:
        yield required(f"{field}.containerPort")
    elif not 0 < number < 65536:
        yield invalid(f"{field}.containerPort", number, PORTS)


def _variable(variable: Object, field: str) -> Iterator[Cause]:
    name = variable.get("name", "")
    if not name:
        yield required(f"{field}.name")
    elif "=" in name or not name.isascii() or not name.isprintable():
        why = "a valid environment variable name must consist only of printable ASCII characters other than"
        yield invalid(f"{field}.name", name, f"{why} '='")
    if variable.get("value") and variable.get("valueFrom"):
        yield invalid(f"{field}.valueFrom", "", "may not be specified when `value` is not empty")


def _mounts(mounts: Sequence[Object], field: str, volumes: Sequence[str]) -> Iterator[Cause]:
    seen: list[str] = []
    for i, mount in enumerate(mounts):
        name, place = mount.get("name", ""), mount.get("mountPath", "")
        if not name:
            yield required(f"{field}[{i}].name")
        elif name not in volumes:
            yield f"{field}[{i}].name", "FieldValueNotFound", f'Not found: "{name}"'
        if not place:
            yield required(f"{field}[{i}].mountPath")
        elif place in seen:
            yield invalid(f"{field}[{i}].mountPath", place, "must be unique")
        seen.append(place)


def _probe(probe: Object, field: str) -> Iterator[Cause]:
    handlers = [key for key in HANDLERS if key in probe]
    if not handlers:
        yield required(field, "must specify a handler type")
        return
    for key in handlers[1:]:
        yield f"{field}.{key}", "FieldValueForbidden", "Forbidden: may not specify more than 1 handler type"
    yield from _handler(probe[handlers[0]], handlers[0], f"{field}.{handlers[0]}")


def _handler(handler: Object, key: str, field: str) -> Iterator[Cause]:
    port = handler.get("port", 0)
    if key == "exec" and not handler.get("command"):
        yield required(f"{field}.command")
    elif key != "exec" and isinstance(port, int) and not 0 < port < 65536:
        yield invalid(f"{field}.port", port, PORTS)
