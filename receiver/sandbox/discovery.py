"""What is served, as clients ask for it: groups, versions and their resources."""

from collections.abc import Iterable
from typing import Any

from receiver.sandbox.resources import NAMESPACES, Resource, Resources

Object = dict[str, Any]
AGGREGATED = "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList"
VERSION = {
    "major": "1",
    "minor": "37",
    "emulationMajor": "1",
    "emulationMinor": "37",
    "minCompatibilityMajor": "1",
    "minCompatibilityMinor": "36",
    "gitVersion": "v1.37.2+sandbox",
    "gitCommit": "",
    "gitTreeState": "clean",
    "buildDate": "1970-01-01T00:00:00Z",
    "goVersion": "",
    "compiler": "",
    "platform": "",
}
_PART_VERBS = ["get", "patch", "update"]
_STABILITY = {"alpha": 0, "beta": 1, "": 2}


def wants_aggregated(accept: str) -> bool:
    """Tell whether a client takes all groups with their resources in one answer."""
    return any(
        {"g=apidiscovery.k8s.io", "v=v2", "as=APIGroupDiscoveryList"} <= set(each.strip().split(";"))
        for each in accept.split(",")
    )


def groups(resources: Resources) -> dict[str, list[str]]:
    """Return the named groups with their versions, the preferred one first."""
    found: dict[str, list[str]] = {}
    for each in resources.all():
        versions = found.setdefault(each.group, [])
        if each.version not in versions:
            versions.append(each.version)
    return {
        group: sorted(versions, key=_rank, reverse=True) for group, versions in sorted(found.items()) if group
    }


def core_versions(address: str) -> Object:
    """Return the body of `/api`."""
    places = [{"clientCIDR": "0.0.0.0/0", "serverAddress": address}]
    return {"kind": "APIVersions", "versions": ["v1"], "serverAddressByClientCIDRs": places}


def group_list(resources: Resources) -> Object:
    """Return the body of `/apis`."""
    found = [_group(group, versions) for group, versions in groups(resources).items()]
    return {"kind": "APIGroupList", "apiVersion": "v1", "groups": found}


def one_group(resources: Resources, group: str) -> Object | None:
    """Return the body of `/apis/GROUP`, None where it is not served."""
    versions = groups(resources).get(group)
    return {"kind": "APIGroup", "apiVersion": "v1", **_group(group, versions)} if versions else None


def resource_list(resources: Resources, group: str, version: str) -> Object | None:
    """Return the body of `/apis/GROUP/VERSION`, None where it is not served."""
    served = _served(resources, group, version)
    name = f"{group}/{version}" if group else version
    found: list[Object] = []
    for each in served:
        found.append(_entry(each))
        found += [_part_entry(each, part) for part in sorted(each.subresources)]
    head = {"kind": "APIResourceList", **({"apiVersion": "v1"} if group else {}), "groupVersion": name}
    return {**head, "resources": found} if served else None


def aggregated(resources: Resources, *, core: bool) -> Object:
    """Return the aggregated body of `/api`, or of `/apis`."""
    named = {"": ["v1"]} if core else groups(resources)
    items = [
        {
            "metadata": {"name": group} if group else {},
            "versions": [_aggregated_version(resources, group, version) for version in versions],
        }
        for group, versions in named.items()
    ]
    head = {"kind": "APIGroupDiscoveryList", "apiVersion": "apidiscovery.k8s.io/v2", "metadata": {}}
    return {**head, "items": items}


def _served(resources: Resources, group: str, version: str) -> list[Resource]:
    found = [each for each in resources.all() if (each.group, each.version) == (group, version)]
    return sorted(found, key=lambda each: each.plural)


def _verbs(resource: Resource) -> list[str]:
    some = ["deletecollection"] if resource is not NAMESPACES else []
    return ["create", "delete", *some, "get", "list", "patch", "update", "watch"]


def _names(resource: Resource) -> Object:
    found = {"shortNames": list(resource.short_names), "categories": list(resource.categories)}
    return {key: value for key, value in found.items() if value}


def _entry(resource: Resource) -> Object:
    return {
        "name": resource.plural,
        "singularName": resource.singular,
        "namespaced": resource.namespaced,
        "kind": resource.kind,
        "verbs": _verbs(resource),
        **_names(resource),
    }


def _part_entry(resource: Resource, part: str) -> Object:
    own = {"group": "autoscaling", "version": "v1", "kind": "Scale"} if part == "scale" else {}
    entry = {"name": f"{resource.plural}/{part}", "singularName": "", "namespaced": resource.namespaced}
    return {**entry, "kind": resource.kind, **own, "verbs": _PART_VERBS}


def _group(group: str, versions: list[str]) -> Object:
    found = [{"groupVersion": f"{group}/{version}", "version": version} for version in versions]
    return {"name": group, "versions": found, "preferredVersion": found[0]}


def _aggregated_version(resources: Resources, group: str, version: str) -> Object:
    found = [_aggregated_entry(each) for each in _served(resources, group, version)]
    return {"version": version, "resources": found, "freshness": "Current"}


def _aggregated_entry(resource: Resource) -> Object:
    parts = [_aggregated_part(resource, part) for part in sorted(resource.subresources)]
    return {
        "resource": resource.plural,
        "responseKind": _response_kind("", "", resource.kind),
        "scope": "Namespaced" if resource.namespaced else "Cluster",
        "singularResource": resource.singular,
        "verbs": _verbs(resource),
        **_names(resource),
        **({"subresources": parts} if parts else {}),
    }


def _aggregated_part(resource: Resource, part: str) -> Object:
    kind = _response_kind("", "", resource.kind)
    if part == "scale":
        kind = _response_kind("autoscaling", "v1", "Scale")
    return {"subresource": part, "responseKind": kind, "verbs": _PART_VERBS}


def _response_kind(group: str, version: str, kind: str) -> Object:
    return {"group": group, "version": version, "kind": kind}


def _rank(version: str) -> tuple[int, int, int]:
    """Return a key that sorts v2 over v1 over v1beta2 over v1alpha1."""
    for word in ("alpha", "beta"):
        if word in version:
            major, _, minor = version[1:].partition(word)
            return _STABILITY[word], _whole(major), _whole(minor)
    return _STABILITY[""], _whole(version[1:]), 0


def _whole(text: str) -> int:
    return int(text) if text.isdecimal() else 0


def root_paths(resources: Resources, more: Iterable[str]) -> Object:
    """Return the body of `/`: the paths that are worth asking."""
    found = ["/api", "/api/v1", "/apis"]
    for group, versions in groups(resources).items():
        found += [f"/apis/{group}", *(f"/apis/{group}/{version}" for version in versions)]
    return {"paths": sorted([*found, *more])}
