"""The CRD as people meet it: `kubectl explain` has words for every field, and `kubectl get` good columns."""

from collections.abc import Iterator
from typing import Any

import pytest
import yaml

from receiver.cluster.crd import crd_text

FEW = 4
CRD: dict[str, Any] = yaml.safe_load(crd_text())
(SERVED,) = CRD["spec"]["versions"]


def fields(schema: dict[str, Any], path: str = "") -> Iterator[tuple[str, dict[str, Any]]]:
    """Give every property below a schema with its path, within lists and maps too."""
    for name, inner in schema.get("properties", {}).items():
        yield f"{path}.{name}", inner
        yield from fields(inner, f"{path}.{name}")
    for within in ("items", "additionalProperties"):
        if isinstance(schema.get(within), dict):
            yield from fields(schema[within], f"{path}[]")


FIELDS = dict(fields(SERVED["schema"]["openAPIV3Schema"]))
del FIELDS[".metadata"]  # The API server describes it, and lets nobody else.


def test_all_levels_are_looked_at() -> None:
    deep = {".spec.target.uid", ".status.alerts[].rule", ".status.decision.others[].verdicts[].evidence"}
    assert deep <= FIELDS.keys()


@pytest.mark.parametrize("path", FIELDS)
def test_every_field_is_described(path: str) -> None:
    """In a sentence: a repetition of its name helps nobody."""
    said = FIELDS[path].get("description", "")
    assert len(said.split()) > FEW, f"{path}: {said!r} is too short"
    assert said.endswith(".")


def test_names_are_short_and_columns_are_those_that_are_promised() -> None:
    names = CRD["spec"]["names"]
    assert (names["shortNames"], names["categories"]) == (["rb"], ["rollback-receiver"])
    narrow = [column["name"] for column in SERVED["additionalPrinterColumns"] if not column.get("priority")]
    assert narrow == ["Target", "Rule", "Phase", "From", "To", "Age"]


def test_a_column_shows_a_field_that_exists() -> None:
    paths = {column["jsonPath"] for column in SERVED["additionalPrinterColumns"]}
    assert paths - {".metadata.creationTimestamp"} <= FIELDS.keys()
