"""Pod templates: what makes two of them the same, and the digest that stands for one.

They stay plain dicts, because a typed model would drop the fields that it does not know.
"""

import hashlib
import json
from collections.abc import Mapping
from typing import Any

Template = Mapping[str, Any]
POD_TEMPLATE_HASH = "pod-template-hash"
HASH_LENGTH = 10


def bare_template(template: Template) -> dict[str, Any]:
    """Return the template without the hash label that the controller adds, as kubectl compares them.

    Metadata without a value is left out too: older API servers write `creationTimestamp: null`.
    """
    metadata = dict(template.get("metadata") or {})
    labels = {key: value for key, value in (metadata.get("labels") or {}).items() if key != POD_TEMPLATE_HASH}
    metadata["labels"] = labels or None
    return {**template, "metadata": {key: value for key, value in metadata.items() if value is not None}}


def all_containers(spec: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """Return the containers of a pod's spec, those that run first before the others."""
    return [*(spec.get("initContainers") or []), *(spec.get("containers") or [])]


def template_digest(template: Template) -> str:
    """Return what identifies a template: the same for the workload's own and for its revision's."""
    canonical = json.dumps(bare_template(template), sort_keys=True, separators=(",", ":"))
    return short_hash(canonical)


def short_hash(text: str) -> str:
    """Return ten hex digits that stand for a text."""
    return hashlib.sha256(text.encode()).hexdigest()[:HASH_LENGTH]
