"""The columns of the built-in kinds, as the real server has them. It only reads objects."""

from datetime import datetime
from typing import Any

from receiver.sandbox import podcolumns
from receiver.sandbox.ages import age
from receiver.sandbox.columns import (
    AGE,
    NAME,
    NONE,
    SELECTOR,
    Column,
    at,
    column,
    count,
    images,
    joined,
    labels,
    made,
    unknown,
)
from receiver.sandbox.resources import (
    CONFIG_MAPS,
    CONTROLLER_REVISIONS,
    DAEMON_SETS,
    DEFINITIONS,
    DEPLOYMENTS,
    EVENTS,
    NAMESPACES,
    NODES,
    PODS,
    REPLICA_SETS,
    SECRETS,
    SERVICES,
    STATEFUL_SETS,
    VOLUME_CLAIMS,
    Key,
)

Object = dict[str, Any]


def _ready(obj: Object) -> str:
    wanted = at(obj, "spec", "replicas")
    return f"{at(obj, 'status', 'readyReplicas') or 0}/{0 if wanted is None else wanted}"


def _controller(obj: Object) -> str:
    owner = next((o for o in at(obj, "metadata", "ownerReferences") or [] if o.get("controller")), None)
    if owner is None:
        return NONE
    group = owner["apiVersion"].rpartition("/")[0]
    return f"{owner['kind'].lower()}{'.' + group if group else ''}/{owner['name']}"


def _ports(service: Object) -> str:
    found = at(service, "spec", "ports") or []
    return joined(
        f"{p['port']}{':' + str(p['nodePort']) if p.get('nodePort') else ''}/{p.get('protocol', 'TCP')}"
        for p in found
    )


def _node_status(node: Object) -> str:
    ready = next((c for c in at(node, "status", "conditions") or [] if c["type"] == "Ready"), None)
    said = ["Unknown" if ready is None else "Ready" if ready["status"] == "True" else "NotReady"]
    return ",".join(said + ["SchedulingDisabled"] * bool(at(node, "spec", "unschedulable")))


def _roles(node: Object) -> str:
    prefix = "node-role.kubernetes.io/"
    return joined(
        sorted(k[len(prefix) :] for k in at(node, "metadata", "labels") or {} if k.startswith(prefix))
    )


def _address(kind: str) -> Any:
    def found(node: Object) -> str:
        held = at(node, "status", "addresses") or []
        return next((each["address"] for each in held if each["type"] == kind), NONE)

    return found


def _info(field: str) -> Any:
    return lambda node: unknown(at(node, "status", "nodeInfo", field))


def _source(event: Object) -> str:
    found = [at(event, "source", "component") or event.get("reportingComponent")]
    return ", ".join(each for each in [*found, at(event, "source", "host")] if each)


def _last_seen(event: Object, now: datetime) -> str:
    moments = (at(event, "series", "lastObservedTime"), event.get("lastTimestamp"), event.get("eventTime"))
    return age(next((each for each in moments if each), None), now)


def _first_seen(event: Object, now: datetime) -> str:
    return age(event.get("firstTimestamp") or event.get("eventTime"), now)


def _involved(event: Object) -> str:
    found = event.get("involvedObject") or {}
    return f"{found.get('kind', '').lower()}/{found.get('name', '')}"


def _established(definition: Object) -> bool:
    held = at(definition, "status", "conditions") or []
    return any(c["type"] == "Established" and c["status"] == "True" for c in held)


_WIDE = (*images(), SELECTOR)
BUILT_IN: dict[Key, tuple[Column, ...]] = {
    DEPLOYMENTS.key: (
        NAME,
        made("Ready", _ready),
        count("Up-to-date", "status", "updatedReplicas"),
        count("Available", "status", "availableReplicas"),
        AGE,
        *_WIDE,
    ),
    REPLICA_SETS.key: (
        NAME,
        count("Desired", "spec", "replicas", type="integer"),
        count("Current", "status", "replicas", type="integer"),
        count("Ready", "status", "readyReplicas", type="integer"),
        AGE,
        *_WIDE,
    ),
    STATEFUL_SETS.key: (NAME, made("Ready", _ready), AGE, *images()),
    DAEMON_SETS.key: (
        NAME,
        count("Desired", "status", "desiredNumberScheduled", type="integer"),
        count("Current", "status", "currentNumberScheduled", type="integer"),
        count("Ready", "status", "numberReady", type="integer"),
        count("Up-to-date", "status", "updatedNumberScheduled", type="integer"),
        count("Available", "status", "numberAvailable", type="integer"),
        made("Node Selector", lambda o: labels(at(o, "spec", "template", "spec", "nodeSelector"))),
        AGE,
        *_WIDE,
    ),
    CONTROLLER_REVISIONS.key: (NAME, made("Controller", _controller), column("Revision", "revision"), AGE),
    PODS.key: podcolumns.COLUMNS,
    NAMESPACES.key: (NAME, column("Status", "status", "phase"), AGE),
    NODES.key: (
        NAME,
        made("Status", _node_status),
        made("Roles", _roles),
        AGE,
        column("Version", "status", "nodeInfo", "kubeletVersion"),
        made("Internal-IP", _address("InternalIP"), priority=1),
        made("External-IP", _address("ExternalIP"), priority=1),
        made("OS-Image", _info("osImage"), priority=1),
        made("Kernel-Version", _info("kernelVersion"), priority=1),
        made("Container-Runtime", _info("containerRuntimeVersion"), priority=1),
    ),
    CONFIG_MAPS.key: (
        NAME,
        made("Data", lambda o: len(o.get("data") or {}) + len(o.get("binaryData") or {})),
        AGE,
    ),
    SECRETS.key: (NAME, column("Type", "type"), made("Data", lambda o: len(o.get("data") or {})), AGE),
    SERVICES.key: (
        NAME,
        column("Type", "spec", "type"),
        column("Cluster-IP", "spec", "clusterIP", default=NONE),
        made("External-IP", lambda o: joined(at(o, "spec", "externalIPs") or [])),
        made("Port(s)", _ports),
        AGE,
        made("Selector", lambda o: labels(at(o, "spec", "selector")), priority=1),
    ),
    VOLUME_CLAIMS.key: (
        NAME,
        column("Status", "status", "phase"),
        column("Volume", "spec", "volumeName"),
        column("Capacity", "status", "capacity", "storage"),
        made("Access Modes", lambda o: ",".join(at(o, "status", "accessModes") or [])),
        column("StorageClass", "spec", "storageClassName"),
        column("VolumeAttributesClass", "spec", "volumeAttributesClassName", default="<unset>"),
        AGE,
        column("VolumeMode", "spec", "volumeMode", default="<unset>", priority=1),
    ),
    EVENTS.key: (
        Column("Last Seen", _last_seen),
        column("Type", "type"),
        column("Reason", "reason"),
        made("Object", _involved),
        column("Subobject", "involvedObject", "fieldPath", priority=1),
        made("Source", _source, priority=1),
        made("Message", lambda o: (o.get("message") or "").strip()),
        Column("First Seen", _first_seen, priority=1),
        column("Count", "count", default=1, priority=1),
        column("Name", "metadata", "name", format="name", priority=1),
    ),
    DEFINITIONS.key: (
        NAME,
        column("Scope", "spec", "scope"),
        made("Versions", lambda o: ",".join(v["name"] for v in at(o, "spec", "versions") or [])),
        Column("Created At", lambda o, _: at(o, "metadata", "creationTimestamp"), type="date"),
        column("Group", "spec", "group", priority=1),
        column("Kind", "spec", "names", "kind", priority=1),
        made("ShortNames", lambda o: ",".join(at(o, "spec", "names", "shortNames") or []), priority=1),
        made("Established", _established, type="boolean", priority=1),
    ),
}
