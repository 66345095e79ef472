"""The record as it is stored: the immutable spec, and the status' decision. Field names are promises."""

from collections.abc import Mapping, Sequence
from typing import Any

from receiver.policy.alerts import Alert, Payload, bounded, cut
from receiver.policy.decision import Decision, Judgement
from receiver.policy.plan import template_diff
from receiver.policy.record import GROUP
from receiver.policy.times import format_precise
from receiver.policy.verdict import Verdict
from receiver.policy.workload import Revision, Workload, WorkloadRef

Document = dict[str, Any]
TEXT_LIMIT = 1024
LABELS_LIMIT = 100
LABEL_VALUE = 63
LEAST_HISTORY = 2


def alert_document(alert: Alert, payload: Payload) -> Document:
    """Return the alert as the record keeps it, cut where a hostile sender could fill etcd."""
    return {
        "name": _cut(alert.name),
        "fingerprint": alert.fingerprint[:64],
        "startsAt": format_precise(alert.starts_at),
        "labels": {_cut(k): _cut(v) for k, v in list(alert.labels.items())[:LABELS_LIMIT]},
        "annotations": bounded(alert.annotations),
        "generatorURL": _cut(alert.generator_url),
        "groupKey": _cut(payload.group_key),
        "externalURL": _cut(payload.external_url),
    }


def spec_document(workload: Workload, *, alert: Document, rule: str) -> Document:
    """Return the spec of a workload's record."""
    ref = workload.ref
    target = {
        "apiVersion": workload.api_version,
        "kind": ref.kind,
        "namespace": ref.namespace,
        "name": ref.name,
        "uid": workload.uid,
    }
    suspect = {
        **revision_document(workload.live),
        "generation": workload.generation,
        "rolledOutAt": workload.live.live_since and format_precise(workload.live.live_since),
    }
    return {"target": target, "suspect": _present(suspect), "alert": alert, "rule": rule}


def revision_document(revision: Revision) -> Document:
    """Return how a record names a revision."""
    named = {"revision": revision.number, "templateHash": revision.template_hash, "images": revision.images}
    return _present(named)


def record_labels(ref: WorkloadRef) -> dict[str, str]:
    """Return the labels to select records by; a name that is too long for a label's value is left out."""
    wanted = {"target-namespace": ref.namespace, "target-name": ref.name, "target-kind": ref.kind}
    return {f"{GROUP}/{key}": value for key, value in wanted.items() if len(value) <= LABEL_VALUE}


def decision_diff(decision: Decision) -> str | None:
    """Return the diff of the templates as people read it, None where nothing is to be done."""
    chosen = decision.chosen
    return None if chosen is None else template_diff(decision.snapshot.workload.live, chosen)


def decision_document(decision: Decision, diff: str | None) -> Document:
    """Return `status.decision`: the leading rule's, with what the others said."""
    leading, preferred = decision.leading, decision.preferred
    document = {
        "rule": leading.rule.name,
        "mode": leading.mode.value,
        "at": format_precise(decision.at),
        "to": preferred and {**revision_document(preferred), "templateDigest": preferred.digest},
        "verdicts": verdict_documents(leading.verdicts),
        "others": [_other(judgement) for judgement in decision.others] or None,
        "warnings": list(warnings(decision.snapshot.workload, leading.verdicts)) or None,
        "diff": diff if decision.chosen else None,
    }
    return _present(document)


def verdict_documents(verdicts: tuple[Verdict, ...]) -> list[Document]:
    """Return the verdicts as they are stored; `allowed` is absent where a guard did not judge."""
    return [
        _present(
            {"guard": v.guard, "allowed": v.allowed, "reason": v.reason.value, "evidence": _cut(v.evidence)}
        )
        for v in verdicts
    ]


def _other(judgement: Judgement) -> Document:
    return {
        "rule": judgement.rule.name,
        "mode": judgement.mode.value,
        "phase": judgement.phase.value,
        "verdicts": verdict_documents(judgement.verdicts),
    }


def warnings(workload: Workload, verdicts: Sequence[Verdict]) -> tuple[str, ...]:
    """Return what the on-call should know although it blocks nothing."""
    limit = workload.revision_history_limit
    low = f"revisionHistoryLimit is {limit}: too low to choose among revisions; set it to 2 or more"
    of_guards = (_cut(verdict.warning) for verdict in verdicts if verdict.warning)
    return (*([low] if limit < LEAST_HISTORY else []), *of_guards)


def _cut(text: str) -> str:
    return cut(text, limit_bytes=TEXT_LIMIT)


def _present(document: Mapping[str, Any]) -> Document:
    return {key: value for key, value in document.items() if value is not None}
