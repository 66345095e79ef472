"""What the real server fills in, kind by kind.

Given an object that `structs.decode` has read, whose structs are therefore there; a new one is returned. It
refuses nothing.
"""

import base64
import zlib
from collections.abc import Callable, Mapping
from typing import Any

from receiver.sandbox.poddefaults import CONTAINER_LISTS, filled, pod_spec
from receiver.sandbox.resources import Resource

Object = dict[str, Any]
QUARTER = "25%"


def fill(resource: Resource, obj: Object) -> Object:
    """Return the object with its kind's defaults, the object itself where the kind has none."""
    filler = None if resource.custom else FILLERS.get(resource.kind)
    return filler(obj) if filler else obj


def _spec(obj: Object, **values: Any) -> Object:
    spec = obj["spec"]
    if "template" in spec:
        spec = {
            **spec,
            "template": {**spec["template"], "spec": pod_spec(spec["template"].get("spec") or {})},
        }
    return {**obj, "spec": filled(spec, **values)}


def _deployment(obj: Object) -> Object:
    obj = _spec(obj, replicas=1, revisionHistoryLimit=10, progressDeadlineSeconds=600)
    strategy = _rolling(obj["spec"]["strategy"], maxUnavailable=QUARTER, maxSurge=QUARTER)
    return {**obj, "spec": {**obj["spec"], "strategy": strategy}}


def _rolling(strategy: Object, **values: Any) -> Object:
    """Return an update strategy whose RollingUpdate has its options."""
    strategy = filled(strategy, type="RollingUpdate")
    if strategy["type"] != "RollingUpdate":
        return strategy
    return {**strategy, "rollingUpdate": filled(strategy.get("rollingUpdate") or {}, **values)}


def _replica_set(obj: Object) -> Object:
    return _spec(obj, replicas=1)


def _stateful_set(obj: Object) -> Object:
    obj = _spec(obj, replicas=1, revisionHistoryLimit=10, podManagementPolicy="OrderedReady")
    spec = obj["spec"]
    kept = filled(spec.get("persistentVolumeClaimRetentionPolicy") or {}, whenDeleted="Retain")
    added: Object = {
        "updateStrategy": _rolling(spec["updateStrategy"], partition=0, maxUnavailable=1),
        "persistentVolumeClaimRetentionPolicy": filled(kept, whenScaled="Retain"),
    }
    if "volumeClaimTemplates" in spec:
        added["volumeClaimTemplates"] = [_claim_template(item) for item in spec["volumeClaimTemplates"]]
    return {**obj, "spec": {**spec, **added}}


def _claim_template(claim: Object) -> Object:
    own = {"apiVersion": "v1", "kind": "PersistentVolumeClaim"}
    status = filled(claim.get("status") or {}, phase="Pending")
    return {**own, **claim, "spec": filled(claim["spec"], volumeMode="Filesystem"), "status": status}


def _daemon_set(obj: Object) -> Object:
    obj = _spec(obj, revisionHistoryLimit=10)
    strategy = _rolling(obj["spec"]["updateStrategy"], maxUnavailable=1, maxSurge=0)
    return {**obj, "spec": {**obj["spec"], "updateStrategy": strategy}}


def _pod(obj: Object) -> Object:
    """Return the pod with what admission adds as well, but for the service account's volume."""
    account = {"serviceAccountName": "default", "serviceAccount": "default"}
    spec = filled({**account, **obj["spec"]}, priority=0, enableServiceLinks=True)
    spec = filled(pod_spec(spec), preemptionPolicy="PreemptLowerPriority")
    tolerated = {item.get("key") for item in spec.get("tolerations", [])}
    common = {"operator": "Exists", "effect": "NoExecute", "tolerationSeconds": 300}
    added = [
        {"key": key, **common}
        for key in ("node.kubernetes.io/not-ready", "node.kubernetes.io/unreachable")
        if key not in tolerated
    ]
    spec["tolerations"] = [*spec.get("tolerations", []), *added]
    status = filled(obj.get("status") or {}, phase="Pending", qosClass=_quality(spec))
    return {**obj, "spec": spec, "status": status}


def _quality(spec: Object) -> str:
    asked = [item["resources"] for key in CONTAINER_LISTS for item in spec.get(key, [])]
    if not any(item.get("limits") or item.get("requests") for item in asked):
        return "BestEffort"
    wanted = {"cpu", "memory"}
    guaranteed = all(
        wanted <= set(item.get("limits") or {})
        and item.get("requests", item["limits"]) == item["limits"]
        for item in asked
    )  # fmt: skip
    return "Guaranteed" if guaranteed else "Burstable"


def _service(obj: Object) -> Object:
    """Return the service; its address is made of its name, for nobody hands out addresses here."""
    spec = filled(obj["spec"], type="ClusterIP", sessionAffinity="None", internalTrafficPolicy="Cluster")
    if "ports" in spec:
        spec["ports"] = [
            filled(port, protocol="TCP", targetPort=port.get("port", 0)) for port in spec["ports"]
        ]
    if spec["type"] == "ExternalName":
        return {**obj, "spec": spec}
    spec = filled(spec, clusterIP=_address(obj["metadata"]))
    spec = filled(spec, clusterIPs=[spec["clusterIP"]], ipFamilies=["IPv4"], ipFamilyPolicy="SingleStack")
    if spec["type"] != "ClusterIP":
        spec = filled(spec, externalTrafficPolicy="Cluster")
    return {**obj, "spec": spec}


def _address(metadata: Mapping[str, Any]) -> str:
    number = zlib.crc32(f"{metadata.get('namespace')}/{metadata.get('name')}".encode())
    return f"10.0.{number >> 8 & 255}.{number % 254 + 1}"


def _namespace(obj: Object) -> Object:
    metadata = obj["metadata"]
    labels = {**metadata.get("labels", {}), "kubernetes.io/metadata.name": metadata.get("name", "")}
    return {
        **obj,
        "metadata": {**metadata, "labels": labels},
        "spec": filled(obj["spec"], finalizers=["kubernetes"]),
        "status": filled(obj["status"], phase="Active"),
    }


def _secret(obj: Object) -> Object:
    """Return the secret, whose plain data is written as data."""
    plain = {k: base64.b64encode(v.encode()).decode() for k, v in obj.get("stringData", {}).items()}
    found = {key: value for key, value in obj.items() if key != "stringData"}
    if plain:
        found["data"] = {**found.get("data", {}), **plain}
    return filled(found, type="Opaque")


def _claim(obj: Object) -> Object:
    status = filled(obj["status"], phase="Pending")
    return {**obj, "spec": filled(obj["spec"], volumeMode="Filesystem"), "status": status}


def _definition(obj: Object) -> Object:
    spec, names = obj["spec"], obj["spec"]["names"]
    kind = names.get("kind", "")
    if kind:
        names = filled(names, singular=kind.lower(), listKind=f"{kind}List")
    return {**obj, "spec": filled({**spec, "names": names}, conversion={"strategy": "None"})}


FILLERS: Mapping[str, Callable[[Object], Object]] = {
    "Deployment": _deployment,
    "ReplicaSet": _replica_set,
    "StatefulSet": _stateful_set,
    "DaemonSet": _daemon_set,
    "Pod": _pod,
    "Service": _service,
    "Namespace": _namespace,
    "Secret": _secret,
    "PersistentVolumeClaim": _claim,
    "CustomResourceDefinition": _definition,
}
