"""What a pod template needs by name, so that its pods could not start without it.

A pull Secret is none of them: the kubelet goes on without one that is gone. What is optional is left out.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from receiver.policy.podtemplate import Template, all_containers

DEFAULT_ACCOUNT = "default"
"""Every namespace has this service account, and makes it again."""


class ItemKind(StrEnum):
    """The kinds of object that a template names."""

    CONFIG_MAP = "ConfigMap"
    SECRET = "Secret"  # noqa: S105 # a kind
    CLAIM = "PersistentVolumeClaim"
    ACCOUNT = "ServiceAccount"


@dataclass(frozen=True, slots=True, order=True)
class Item:
    """The name of an object, whether it exists or not."""

    kind: ItemKind
    namespace: str
    name: str

    def __str__(self) -> str:
        return f"{self.kind} {self.namespace}/{self.name}"


@dataclass(frozen=True, slots=True)
class Need:
    """An item that has to be there, and the keys that it has to have."""

    item: Item
    keys: frozenset[str] = frozenset()


def needs(template: Template, namespace: str) -> tuple[Need, ...]:
    """Return what a template needs, each item once with all of its keys, in the order of its naming."""
    found: dict[Item, frozenset[str]] = {}
    for kind, name, keys in _named(template.get("spec") or {}):
        item = Item(kind, namespace, name)
        found[item] = found.get(item, frozenset()) | keys
    return tuple(Need(item, keys) for item, keys in found.items())


Named = tuple[ItemKind, str, frozenset[str]]


def _named(spec: Mapping[str, Any]) -> Iterator[Named]:
    for container in all_containers(spec):
        yield from _of_container(container)
    for volume in spec.get("volumes") or []:
        yield from _of_volume(volume)
    account = spec.get("serviceAccountName") or spec.get("serviceAccount") or DEFAULT_ACCOUNT
    if account != DEFAULT_ACCOUNT:
        yield ItemKind.ACCOUNT, account, frozenset()


def _of_container(container: Mapping[str, Any]) -> Iterator[Named]:
    for variable in container.get("env") or []:
        if source := variable.get("valueFrom"):
            yield from _reference(ItemKind.CONFIG_MAP, source.get("configMapKeyRef"))
            yield from _reference(ItemKind.SECRET, source.get("secretKeyRef"))
    for source in container.get("envFrom") or []:
        yield from _reference(ItemKind.CONFIG_MAP, source.get("configMapRef"))
        yield from _reference(ItemKind.SECRET, source.get("secretRef"))


def _of_volume(volume: Mapping[str, Any]) -> Iterator[Named]:
    for kind, source in volume.items():
        if not isinstance(source, Mapping):
            continue
        if kind == "configMap":
            yield from _reference(ItemKind.CONFIG_MAP, source)
        elif kind == "persistentVolumeClaim":
            yield ItemKind.CLAIM, source.get("claimName") or "", frozenset()
        else:
            yield from _secrets(source)
        for projected in source.get("sources") or []:
            yield from _reference(ItemKind.CONFIG_MAP, projected.get("configMap"))
            yield from _reference(ItemKind.SECRET, projected.get("secret"))


def _secrets(source: Mapping[str, Any]) -> Iterator[Named]:
    """Yield the Secrets of a volume, which its drivers name in three ways."""
    if name := source.get("secretName"):
        yield from _reference(ItemKind.SECRET, {**source, "name": name})
    yield from _reference(ItemKind.SECRET, source.get("secretRef"))
    yield from _reference(ItemKind.SECRET, source.get("nodePublishSecretRef"))


def _reference(kind: ItemKind, source: Mapping[str, Any] | None) -> Iterator[Named]:
    if source is None or source.get("optional"):
        return
    keys = [source.get("key"), *(item.get("key") for item in source.get("items") or [])]
    yield kind, source.get("name") or "", frozenset(key for key in keys if key)
