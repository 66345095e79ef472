"""CustomResourceDefinitions: what they serve, and their status. Their schemas are taken as they are."""

from collections.abc import Iterator, Mapping
from typing import Any

from receiver.sandbox import managed
from receiver.sandbox.clock import stamp
from receiver.sandbox.resources import DEFINITIONS, Generation, Resource, Resources
from receiver.sandbox.store import Store

Object = dict[str, Any]
MANAGER = "kube-apiserver"


def refresh(store: Store, resources: Resources) -> None:
    """Serve what the definitions define, set their status, and drop the objects of a kind that is gone."""
    with store.changed:
        definitions = store.list(DEFINITIONS)[0]
        taken: list[Mapping[str, Any]] = []
        for definition in sorted(definitions, key=_age):
            _serve(store, resources, definition, taken)
        _drop_gone(
            store, resources, {(d["spec"]["group"], d["spec"]["names"]["plural"]) for d in definitions}
        )


def _age(definition: Object) -> tuple[bool, int]:
    """Order by who had its names first."""
    return not _condition(definition, "Established"), int(definition["metadata"]["resourceVersion"])


def _condition(definition: Object, type_: str) -> bool:
    conditions = (definition.get("status") or {}).get("conditions") or []
    return any(c["type"] == type_ and c["status"] == "True" for c in conditions)


def _serve(store: Store, resources: Resources, definition: Object, taken: list[Mapping[str, Any]]) -> None:
    spec = definition["spec"]
    conflict = _conflict(spec, taken)
    taken.append(spec)
    if not conflict:
        resources.replace_custom(spec["group"], spec["names"]["plural"], _versions(spec))
    _set_status(store, definition, conflict)


def _conflict(spec: Object, taken: list[Mapping[str, Any]]) -> str:
    """Return which of its names another definition of the group has, "" for none."""
    others = [other["names"] for other in taken if other["group"] == spec["group"]]
    used = {
        value
        for names in others
        for value in (names["plural"], names["singular"], *names.get("shortNames", []))
    }
    kinds = {value for names in others for value in (names["kind"], names["listKind"])}
    names = spec["names"]
    for field, within in (("plural", used), ("singular", used), ("kind", kinds), ("listKind", kinds)):
        if names[field] in within:
            return field
    return "shortNames" if used & set(names.get("shortNames", [])) else ""


def _versions(spec: Object) -> Iterator[Resource]:
    for version in spec["versions"]:
        if version.get("served"):
            names, subresources = spec["names"], version.get("subresources") or {}
            yield Resource(
                spec["group"],
                version["name"],
                names["plural"],
                names["kind"],
                names["singular"],
                namespaced=spec["scope"] == "Namespaced",
                short_names=tuple(names.get("shortNames") or ()),
                categories=tuple(names.get("categories") or ()),
                subresources=frozenset(subresources),
                generation=Generation.ALL_BUT_METADATA,
                custom=version,
            )


def _set_status(store: Store, definition: Object, conflict: str) -> None:
    now = store.clock.now()
    status = _status(definition, conflict, stamp(now))

    def change(old: Object) -> Object:
        new = {**old, "status": status}
        entries = managed.record(DEFINITIONS, new, old, manager=MANAGER, subresource="status", now=now)
        return {**new, "metadata": {**new["metadata"], "managedFields": entries}}

    if status != definition.get("status"):
        store.change(DEFINITIONS, "", definition["metadata"]["name"], change)


def _status(definition: Object, conflict: str, now: str) -> Object:
    spec, former = definition["spec"], definition.get("status") or {}
    names = spec["names"]
    said = f'"{names[conflict]}" is already in use' if conflict else ""
    wanted = [
        ("NamesAccepted", "False", f"{conflict[0].upper()}{conflict[1:]}Conflict", said)
        if conflict
        else ("NamesAccepted", "True", "NoConflicts", "no conflicts found"),
        ("Established", "False", "NotAccepted", "not all names are accepted")
        if conflict
        else ("Established", "True", "InitialNamesAccepted", "the initial names have been accepted"),
    ]
    stored = [version["name"] for version in spec["versions"] if version.get("storage")]
    kept = [name for name in former.get("storedVersions") or [] if name not in stored]
    return {
        "conditions": [_transition(former, *each, now=now) for each in wanted],
        "acceptedNames": names if not conflict else former.get("acceptedNames") or {"plural": "", "kind": ""},
        "storedVersions": [*kept, *stored],
    }


def _transition(former: Object, type_: str, status: str, reason: str, message: str, *, now: str) -> Object:
    """Return a condition; its time moves only with its status."""
    same = [c for c in former.get("conditions") or [] if (c["type"], c["status"]) == (type_, status)]
    return {
        "type": type_,
        "status": status,
        "lastTransitionTime": same[0]["lastTransitionTime"] if same else now,
        "reason": reason,
        "message": message,
    }


def _drop_gone(store: Store, resources: Resources, defined: set[tuple[str, str]]) -> None:
    gone = {resource.key: resource for resource in resources.all() if resource.custom is not None}
    for key, resource in gone.items():
        if key not in defined:
            for obj in store.list(resource)[0]:
                _remove(store, resource, obj)
            resources.replace_custom(*key, ())


def _remove(store: Store, resource: Resource, obj: Object) -> None:
    """Remove an object of a kind that is gone, whatever its finalizers: nobody could take them away."""
    namespace, name = obj["metadata"].get("namespace", ""), obj["metadata"]["name"]
    if obj["metadata"].get("finalizers"):
        store.change(
            resource, namespace, name, lambda o: {**o, "metadata": {**o["metadata"], "finalizers": []}}
        )
    if store.find(resource, namespace, name) is not None:
        store.delete(resource, namespace, name)
