"""What the patch leaves on the workload, so that it outlives the record: our annotation, written and read.

The guards know a template that was live before by its hash. The patch writes the hashes always; rule tests,
whose templates have none, name revisions by their numbers.
"""

import json
from collections.abc import Mapping
from typing import Any, TypeVar

from receiver.policy.record import GROUP, PastRollback
from receiver.policy.times import parse_time
from receiver.policy.workload import Revision, Unreadable, WorkloadRef

T = TypeVar("T")
LAST_ROLLBACK = f"{GROUP}/last-rollback"
BY_HASH, BY_NUMBER = "templateHash", "revision"
"""What names a revision: on a workload of a cluster, in a rule test."""


class Nameless(ValueError):
    """An annotation does not say what was rolled back from, or what was put back."""


def last_rollback_annotation(*, record: str, at: str, rule: str, suspect: Revision, chosen: Revision) -> str:
    """Return what the patch leaves on the workload: one line of JSON."""
    return json.dumps(
        {
            "record": record,
            "at": at,
            "from": {BY_NUMBER: suspect.number, BY_HASH: suspect.template_hash},
            "to": {BY_NUMBER: chosen.number, BY_HASH: chosen.template_hash},
            "rule": rule,
        },
        separators=(",", ":"),
    )


def own_memory(
    text: str | None, *, target: WorkloadRef, named: str = BY_HASH
) -> tuple[PastRollback, ...] | Unreadable:
    """Read the annotation of a workload (None: it has none); a broken one makes its past unreadable."""
    try:
        return () if text is None else (parse_last_rollback(text, target=target, named=named),)
    except (KeyError, TypeError, ValueError, AttributeError) as e:
        where = f"the annotation {LAST_ROLLBACK} of {target}"
        why = str(e) if isinstance(e, Nameless) else type(e).__name__
        return Unreadable(where, f"{why}, remove or mend it")


def parse_last_rollback(text: str, *, target: WorkloadRef, named: str = BY_HASH) -> PastRollback:
    """Read the annotation back.

    `named` is what must name both revisions. A suspect that has neither number nor hash was not numbered yet:
    its record's name tells which it was. Where numbers name them, one may stand there alone.

    Raises:
        KeyError, TypeError, ValueError, AttributeError: somebody else wrote it, or broke it.
    """
    try:
        value = json.loads(text)
    except RecursionError as e:
        raise ValueError("nested too deeply") from e
    source, to = (_end(value[key], named) for key in ("from", "to"))
    patched_at = parse_time(value["at"])
    if patched_at is None:
        raise ValueError("no time in it")
    past = PastRollback(
        record=str(value["record"]),
        target=target,
        rule=str(value["rule"]),
        from_number=_checked(source.get(BY_NUMBER), int),
        from_hash=_checked(source.get(BY_HASH), str),
        to_number=_checked(to.get(BY_NUMBER), int),
        to_hash=_checked(to.get(BY_HASH), str),
        patched_at=patched_at,
    )
    _demand(to, named, "`to`")
    if not _unnumbered(source):
        _demand(source, named, "`from`")
    return past


def _end(value: Any, named: str) -> Any:
    return {BY_NUMBER: value} if named == BY_NUMBER and type(value) is int else value


def _unnumbered(end: Mapping[str, Any]) -> bool:
    return dict(end) == {BY_NUMBER: None, BY_HASH: None}


def _demand(end: Mapping[str, Any], named: str, where: str) -> None:
    if not end.get(named):
        raise Nameless(f"there is no {named} in its {where}")


def _checked(value: Any, kind: type[T]) -> T | None:
    """Return a value of this type or None; the guards compare it, and must never meet another."""
    if value is not None and type(value) is not kind:
        raise TypeError(f"{type(value).__name__} for {kind.__name__}")
    return value
