"""What a URL's path names. It knows what is served, and never looks at an object."""

from dataclasses import dataclass

from receiver.sandbox import errors
from receiver.sandbox.resources import NAMESPACES, Resource, Resources


@dataclass(frozen=True, slots=True)
class Target:
    """A kind, one of its objects, or a part of one; what does not apply is ""."""

    resource: Resource
    namespace: str = ""
    name: str = ""
    subresource: str = ""


def resolve(resources: Resources, path: str) -> Target | None:
    """Return what a path names; None for one that names no kind (`/version`, `/apis/apps`).

    Raises:
        ApiError: 404 nothing of that name is served in a group that is.
    """
    match [part for part in path.split("/") if part]:
        case ["api", "v1", *rest] if rest:
            return _target(resources, "", "v1", rest)
        case ["apis", group, version, *rest] if rest and any(r.group == group for r in resources.all()):
            return _target(resources, group, version, rest)
    return None


def _target(resources: Resources, group: str, version: str, rest: list[str]) -> Target:
    namespace = ""
    if rest[0] == "namespaces" and len(rest) > 2 and not (group == "" and rest[2] in NAMESPACES.subresources):
        namespace, rest = rest[1], rest[2:]
    plural, name, subresource, *more = [*rest, "", "", ""][: max(len(rest), 3)]
    resource = resources.find(group, version, plural)
    if resource is None or more or bool(namespace) > resource.namespaced:
        raise errors.no_such_path()
    if name and resource.namespaced and not namespace:
        raise errors.no_such_path()
    if subresource and subresource not in resource.subresources:
        raise errors.no_such_path()
    return Target(resource, namespace, name, subresource)
