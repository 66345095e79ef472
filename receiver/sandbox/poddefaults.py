"""What the real server fills into a pod's spec, alone or in a workload's template. It refuses nothing."""

import re
from collections.abc import Mapping
from typing import Any

Object = dict[str, Any]
MODE = 0o644
CONTAINER_LISTS = ("initContainers", "containers")


def filled(obj: Mapping[str, Any], **values: Any) -> Object:
    """Return the object with those values that it does not have yet."""
    return {**obj, **{key: value for key, value in values.items() if key not in obj}}


def pod_spec(spec: Object) -> Object:
    """Return the spec of a pod, or of a template, with its defaults."""
    spec = filled(
        spec,
        restartPolicy="Always",
        terminationGracePeriodSeconds=30,
        dnsPolicy="ClusterFirst",
        securityContext={},
        schedulerName="default-scheduler",
    )
    account = spec.get("serviceAccountName") or spec.get("serviceAccount")
    if account:
        spec |= {"serviceAccountName": account, "serviceAccount": account}
    for field in CONTAINER_LISTS:
        if field in spec:
            spec[field] = [_container(item) for item in spec[field]]
    if "volumes" in spec:
        spec["volumes"] = [_volume(item) for item in spec["volumes"]]
    return spec


def _container(container: Object) -> Object:
    found = filled(
        container,
        resources={},
        terminationMessagePath="/dev/termination-log",
        terminationMessagePolicy="File",
        imagePullPolicy=_pull_policy(container.get("image", "")),
    )
    if "ports" in found:
        found["ports"] = [filled(port, protocol="TCP") for port in found["ports"]]
    if "env" in found:
        found["env"] = [_variable(item) for item in found["env"]]
    for field in ("livenessProbe", "readinessProbe", "startupProbe"):
        if field in found:
            found[field] = _probe(found[field])
    if "lifecycle" in found:
        found["lifecycle"] = {key: _handler(item) for key, item in found["lifecycle"].items()}
    return found


def _pull_policy(image: str) -> str:
    """Return Always for the tag latest, said or not."""
    name, _, digest = image.partition("@")
    tag = re.search(r":([^/:]+)$", name)
    return "Always" if (tag[1] if tag else "" if digest else "latest") == "latest" else "IfNotPresent"


def _variable(item: Object) -> Object:
    reference = item.get("valueFrom", {}).get("fieldRef")
    return {**item, "valueFrom": {"fieldRef": filled(reference, apiVersion="v1")}} if reference else item


def _probe(probe: Object) -> Object:
    return filled(_handler(probe), timeoutSeconds=1, periodSeconds=10, successThreshold=1, failureThreshold=3)


def _handler(handler: Any) -> Any:
    if not isinstance(handler, dict):
        return handler
    if "httpGet" in handler:
        handler = {**handler, "httpGet": filled(handler["httpGet"], path="/", scheme="HTTP")}
    if "grpc" in handler:
        handler = {**handler, "grpc": filled(handler["grpc"], service="")}
    return handler


def _volume(volume: Object) -> Object:
    if set(volume) == {"name"}:
        return {**volume, "emptyDir": {}}
    found = dict(volume)
    for field in ("configMap", "secret", "downwardAPI", "projected"):
        if field in found:
            found[field] = _files(filled(found[field], defaultMode=MODE))
    if "hostPath" in found:
        found["hostPath"] = filled(found["hostPath"], type="")
    return found


def _files(source: Object) -> Object:
    """Return a volume's source whose projected tokens and fields have their defaults."""
    if "sources" in source:
        source = {**source, "sources": [_projection(item) for item in source["sources"]]}
    if "items" in source:
        source = {**source, "items": [_item(item) for item in source["items"]]}
    return source


def _projection(source: Object) -> Object:
    if "serviceAccountToken" in source:
        token = filled(source["serviceAccountToken"], expirationSeconds=3600)
        return {**source, "serviceAccountToken": token}
    return {**source, "downwardAPI": _files(source["downwardAPI"])} if "downwardAPI" in source else source


def _item(item: Object) -> Object:
    return {**item, "fieldRef": filled(item["fieldRef"], apiVersion="v1")} if "fieldRef" in item else item
