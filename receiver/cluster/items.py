"""The things that a template names: whether they are there, without reading what a Secret holds."""

from collections.abc import Mapping

from receiver.cluster.api import JSON, Api, path
from receiver.cluster.errors import ClusterError, NotFound, Unavailable
from receiver.cluster.evidence import Object
from receiver.policy.inventory import Seen, State
from receiver.policy.needs import Item, ItemKind
from receiver.policy.times import parse_time
from receiver.policy.workload import Unreadable

METADATA_ONLY = f"{JSON};as=PartialObjectMetadata;g=meta.k8s.io;v=v1"
PLURALS: Mapping[ItemKind, str] = {
    ItemKind.CONFIG_MAP: "configmaps",
    ItemKind.SECRET: "secrets",
    ItemKind.CLAIM: "persistentvolumeclaims",
    ItemKind.ACCOUNT: "serviceaccounts",
}
CONTENT = ("f:data", "f:binaryData")


def read_item(api: Api, item: Item) -> State:
    """Look whether an item is there; of a ConfigMap also which keys it has, and since when.

    Raises:
        Unavailable: it may be readable in a moment.
    """
    if not item.name:
        return None
    place = path("api", "v1", "namespaces", item.namespace, PLURALS[item.kind], item.name)
    whole = item.kind is ItemKind.CONFIG_MAP
    try:
        raw = api.call("GET", place, accept=JSON if whole else METADATA_ONLY)
    except Unavailable:
        raise
    except NotFound:
        return None
    except ClusterError as e:
        return Unreadable(str(item), str(e))
    return _config_map(raw) if whole else Seen()


def _config_map(raw: Object) -> Seen:
    """Tell keys and age: that of the newest write of its content, or of the object where it is newer."""
    metadata = raw["metadata"]
    written = [
        entry.get("time")
        for entry in metadata.get("managedFields") or []
        if any(field in (entry.get("fieldsV1") or {}) for field in CONTENT)
    ]
    times = [moment for text in (metadata["creationTimestamp"], *written) if (moment := parse_time(text))]
    return Seen(frozenset((*(raw.get("data") or {}), *(raw.get("binaryData") or {}))), max(times))
