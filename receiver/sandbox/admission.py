"""What a write goes through before it is stored: types, defaults, rules, and the record of who set what.

uid, creation time, version and generation are the store's. What is given is never changed.
"""

import secrets
from datetime import datetime
from typing import Any

from receiver.sandbox import defaults, errors, managed, naming, schemas, structs, validation, workloads
from receiver.sandbox.resources import Resource

Object = dict[str, Any]
STORES = (
    *("uid", "resourceVersion", "generation", "creationTimestamp", "selfLink", "managedFields"),
    *("deletionTimestamp", "deletionGracePeriodSeconds"),
)
SUFFIX = "bcdfghjklmnpqrstvwxz2456789"
THROUGH_STATUS = ("annotations", "finalizers")
TEMPLATE_GENERATION = "deprecated.daemonset.template.generation"


def admit_create(resource: Resource, obj: Object, *, manager: str, now: datetime) -> Object:
    """Return a new object as it is to be stored. Its namespace must be set.

    Raises:
        ApiError: 400 a field's type or the kind is wrong, 422 a rule is broken.
    """
    obj = _headed(resource, obj)
    if "status" in resource.subresources and resource.kind != "Node":
        obj = {key: value for key, value in obj.items() if key != "status"}
    new = _typed(resource, obj)
    metadata = {key: value for key, value in new["metadata"].items() if key not in STORES}
    if not metadata.get("name") and metadata.get("generateName"):
        metadata["name"] = metadata["generateName"] + "".join(secrets.choice(SUFFIX) for _ in range(5))
    if not resource.namespaced:
        metadata.pop("namespace", None)
    new = _filled(resource, {**new, "metadata": metadata}, None)
    _check(resource, new, None, "")
    return _recorded(resource, new, None, manager=manager, subresource="", now=now)


def admit_update(
    resource: Resource, new: Object, old: Object, *, subresource: str, manager: str, now: datetime
) -> Object:
    """Return a changed object as it is to be stored; `subresource` is "", "status" or "scale".

    Raises:
        ApiError: 400 a field's type, the kind or the name is wrong; 409 another uid or version; 422 a rule is
            broken.
    """
    _same(resource, new, old)
    new = _typed(resource, _headed(resource, new))
    if subresource == "status":
        new = _status_of(resource, new, old)
    elif subresource == "scale":
        _check_scale(new)
    elif "status" in resource.subresources:
        new = {key: value for key, value in new.items() if key != "status"}
        new |= {"status": old["status"]} if "status" in old else {}
    own = {key: value for key, value in old["metadata"].items() if key in (*STORES, "namespace")}
    kept = {key: value for key, value in new["metadata"].items() if key not in STORES}
    new = _filled(resource, {**new, "metadata": {**kept, **own}}, old)
    _check(resource, new, old, subresource)
    return _recorded(resource, new, old, manager=manager, subresource=subresource, now=now)


def refuse_unknown(resource: Resource, obj: Object) -> None:
    """Refuse fields that the kind does not have: what fieldValidation=Strict asks for.

    Raises:
        ApiError: 400, naming them.
    """
    unknown = structs.unknown("" if resource.custom else resource.kind, obj)
    if resource.custom:
        unknown = schemas.unknown(resource.custom, obj)
    if unknown:
        said = f'{resource.kind} in version "{resource.version}" cannot be handled as a {resource.kind}'
        fields = ", ".join(f'unknown field "{path}"' for path in unknown)
        raise errors.bad_request(f"{said}: strict decoding error: {fields}")


def _headed(resource: Resource, obj: Object) -> Object:
    """Return the object with its kind and metadata, if it is of this kind."""
    kind, version = obj.get("kind"), obj.get("apiVersion")
    if resource.custom and not kind:
        said = f"the object provided is unrecognized (must be of type {resource.kind})"
        raise errors.bad_request(f"{said}: Object 'Kind' is missing")
    if version and version != resource.api_version:
        expected = f"does not match the expected API version ({resource.api_version})"
        raise errors.bad_request(f"the API version in the data ({version}) {expected}")
    if kind and kind != resource.kind:
        _other_kind(resource, obj)
    metadata = obj.get("metadata")
    return {**obj, "apiVersion": resource.api_version, "kind": resource.kind, "metadata": metadata or {}}


def _other_kind(resource: Resource, obj: Object) -> None:
    kind, name = obj["kind"], (obj.get("metadata") or {}).get("name", "")
    if resource.custom:
        raise errors.invalid(
            resource.group, kind, name, [naming.invalid("kind", kind, f"must be {resource.kind}")]
        )
    group = resource.group or "core"
    why = f"converting ({resource.version}.{kind}) to ({group}.{resource.kind}): unknown conversion"
    raise errors.bad_request(
        f'{kind} in version "{resource.version}" cannot be handled as a {resource.kind}: {why}'
    )


def _typed(resource: Resource, obj: Object) -> Object:
    try:
        found = structs.decode("" if resource.custom else resource.kind, obj)
    except structs.MistypedError as e:
        said = f'{resource.kind} in version "{resource.version}" cannot be handled as a {resource.kind}'
        raise errors.bad_request(f"{said}: {e}") from e
    return schemas.prune(resource.custom, found) if resource.custom else found


def _filled(resource: Resource, new: Object, old: Object | None) -> Object:
    if resource.custom:
        return schemas.fill(resource.custom, new)
    new = defaults.fill(resource, new)
    if resource.kind == "DaemonSet":
        return _with_template_generation(new, old)
    if resource.kind == "CustomResourceDefinition" and old is None:
        stored = [item.get("name") for item in new["spec"].get("versions") or [] if item.get("storage")]
        status = {"acceptedNames": {"plural": "", "kind": ""}, "storedVersions": stored}
        return {**new, "status": status}
    return new


def _with_template_generation(new: Object, old: Object | None) -> Object:
    """Return a DaemonSet with the annotation that counts its templates, which nobody else can set."""
    number = 1
    if old is not None:
        number = int((old["metadata"].get("annotations") or {}).get(TEMPLATE_GENERATION, "1"))
        number += any(new["spec"].get(k) != old["spec"].get(k) for k in ("template", "updateStrategy"))
    annotations = {**(new["metadata"].get("annotations") or {}), TEMPLATE_GENERATION: str(number)}
    return {**new, "metadata": {**new["metadata"], "annotations": annotations}}


def _same(resource: Resource, new: Object, old: Object) -> None:
    """Refuse a write that means another object, or another state of it."""
    metadata, own = new.get("metadata") or {}, old["metadata"]
    name, group, plural = own["name"], resource.group, resource.plural
    if not metadata.get("name"):
        raise errors.bad_request(
            f"the name of the object ({name} based on URL) was undeterminable: name must be provided"
        )
    if metadata["name"] != name:
        raise errors.bad_request(
            f"the name of the object ({metadata['name']}) does not match the name on the URL ({name})"
        )
    if metadata.get("namespace") not in {None, "", own.get("namespace")}:
        raise errors.bad_request(
            "the namespace of the provided object does not match the namespace sent on the request"
        )
    if metadata.get("uid") not in {None, "", own["uid"]}:
        place = "/".join(part for part in (plural, own.get("namespace"), name) if part)
        why = f"StorageError: invalid object, Code: 4, Key: /registry/{place}, ResourceVersion: 0, "
        why += f"AdditionalErrorMsg: Precondition failed: UID in precondition: {metadata['uid']}, "
        raise errors.conflict(group, plural, name, f"{why}UID in object meta: {own['uid']}")
    _same_version(resource, metadata.get("resourceVersion"), old)


def _same_version(resource: Resource, sent: Any, old: Object) -> None:
    metadata = old["metadata"]
    if not sent and resource.custom:
        cause = naming.invalid("metadata.resourceVersion", 0, "must be specified for an update")
        raise errors.invalid(resource.group, resource.plural, metadata["name"], [cause])
    if sent and sent != metadata["resourceVersion"]:
        raise errors.conflict(resource.group, resource.plural, metadata["name"])


def _status_of(resource: Resource, new: Object, old: Object) -> Object:
    """Return the old object with the new one's status, and with what else that subresource lets through."""
    found = {key: value for key, value in old.items() if key != "status"}
    if "status" in new:
        found["status"] = new["status"]
    if resource.custom:
        return found
    through = THROUGH_STATUS if resource.kind == "Deployment" else (*THROUGH_STATUS, "labels")
    metadata = {key: value for key, value in old["metadata"].items() if key not in through}
    metadata |= {key: new["metadata"][key] for key in through if key in new["metadata"]}
    return {**found, "metadata": metadata}


def _check_scale(new: Object) -> None:
    if new["spec"].get("replicas", 0) < 0:
        cause = naming.invalid("spec.replicas", new["spec"]["replicas"], workloads.NEGATIVE)
        raise errors.invalid("autoscaling", "Scale", new["metadata"]["name"], [cause])


def _check(resource: Resource, new: Object, old: Object | None, subresource: str) -> None:
    if resource.custom is None:
        validation.check(resource, new, old)
        return
    causes = list(validation.metadata(resource, new["metadata"]))
    causes += schemas.causes(resource.custom, new, old, status=subresource == "status", before=causes)
    validation.refuse(resource, new, causes)


def _recorded(
    resource: Resource, new: Object, old: Object | None, *, manager: str, subresource: str, now: datetime
) -> Object:
    entries = managed.record(resource, new, old, manager=manager, subresource=subresource, now=now)
    metadata = {key: value for key, value in new["metadata"].items() if key != "managedFields"}
    return {**new, "metadata": {**metadata, **({"managedFields": entries} if entries else {})}}
