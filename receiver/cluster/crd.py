"""The CustomResourceDefinition that `rollback-receiver crd` prints."""

from importlib import resources
from typing import Any

import yaml


def crd_text() -> str:
    """Return the CRD as YAML."""
    return (resources.files(__package__) / "crd.yaml").read_text(encoding="utf-8")


def crd() -> dict[str, Any]:
    """Return the CRD as an object."""
    parsed: dict[str, Any] = yaml.safe_load(crd_text())
    return parsed
