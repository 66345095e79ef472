"""The plan: one JSON patch that holds only for the very workload that was judged, and its diff for people."""

import difflib
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import yaml

from receiver.policy.guards.gitops import pausing_annotations
from receiver.policy.memory import LAST_ROLLBACK, last_rollback_annotation
from receiver.policy.podtemplate import Template, bare_template
from receiver.policy.rules import Rule
from receiver.policy.times import format_precise
from receiver.policy.trialpod import trial_pod
from receiver.policy.workload import Revision, Workload, WorkloadRef

SECRET_NAME = re.compile(r"passw|secret|token|credential|private|api_?key|auth", re.IGNORECASE)
DIFF_LIMIT = 16 * 1024
Dumper: Any = getattr(yaml, "CSafeDumper", yaml.SafeDumper)


@dataclass(frozen=True, slots=True)
class Plan:
    """The patch that puts one revision back in a workload's place, and a pod as that revision has them.

    `needs_room` says that the rollout cannot begin unless one more pod than now fits in.
    """

    target: WorkloadRef
    operations: tuple[Mapping[str, Any], ...]
    pod: Mapping[str, Any]
    needs_room: bool


def make_plan(workload: Workload, chosen: Revision, *, record: str, rule: Rule, now: datetime) -> Plan:
    """Build the patch: uid and generation are tested, the template replaced, our annotation set.

    Where the rule says so, an annotation goes with it that has the workload's owner leave it alone. A changed
    generation or uid fails the whole patch inside the API server's own compare-and-swap, so a release that
    lands in between is never overwritten.
    """
    note = last_rollback_annotation(
        record=record, at=format_precise(now), rule=rule.name, suspect=workload.live, chosen=chosen
    )
    annotations = {LAST_ROLLBACK: note, **pausing_annotations(rule, workload)}
    operations: tuple[Mapping[str, Any], ...] = (
        {"op": "test", "path": "/metadata/uid", "value": workload.uid},
        {"op": "test", "path": "/metadata/generation", "value": workload.generation},
        {"op": "replace", "path": "/spec/template", "value": bare_template(chosen.template)},
        *_annotate(workload, annotations),
    )
    return Plan(workload.ref, operations, trial_pod(workload, chosen), workload.needs_room)


def _annotate(workload: Workload, annotations: Mapping[str, str]) -> Iterator[Mapping[str, Any]]:
    if not workload.annotations:
        yield {"op": "add", "path": "/metadata/annotations", "value": dict(annotations)}
        return
    for key, value in annotations.items():
        yield {"op": "add", "path": f"/metadata/annotations/{key.replace('/', '~1')}", "value": value}


def template_diff(live: Revision, chosen: Revision) -> str:
    """Return a unified diff of the two templates as YAML, from the live one to the one to go back to.

    Values of environment variables whose name sounds like a secret are masked; at most 16 KiB.
    """
    lines = difflib.unified_diff(
        _as_yaml(live.template), _as_yaml(chosen.template), live.label, chosen.label, lineterm=""
    )
    text = "\n".join(lines)
    return text if len(text) <= DIFF_LIMIT else text[:DIFF_LIMIT] + "\n… (cut)"


def template_text(revision: Revision) -> str:
    """Return a revision's template as YAML, masked like its diff."""
    return "\n".join(_as_yaml(revision.template))


def _as_yaml(template: Template) -> list[str]:
    text: str = yaml.dump(_masked(bare_template(template)), Dumper=Dumper, sort_keys=True)
    return text.splitlines()


def _masked(node: Any) -> Any:
    if isinstance(node, list):
        return [_masked(item) for item in node]
    if not isinstance(node, dict):
        return node
    name = node.get("name")
    secret = isinstance(name, str) and SECRET_NAME.search(name) and isinstance(node.get("value"), str)
    return {key: "(masked)" if secret and key == "value" else _masked(value) for key, value in node.items()}
