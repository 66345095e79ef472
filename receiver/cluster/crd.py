"""The CustomResourceDefinition that `rollback-receiver crd` prints."""

from importlib import resources


def crd_text() -> str:
    """Return the CRD as YAML."""
    return (resources.files(__package__) / "crd.yaml").read_text(encoding="utf-8")
