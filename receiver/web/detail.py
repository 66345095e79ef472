"""One record as the page shows it: pure, from the raw record to what the template prints."""

import json
import shlex
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import quote

from receiver.policy.record import IN_WORK, Phase
from receiver.policy.vocabulary import Kind
from receiver.policy.wording import kubectl_undo
from receiver.policy.workload import WorkloadRef
from receiver.web.listing import Row, number, row
from receiver.web.telling import headline
from receiver.web.timeline import Moment, timeline
from receiver.web.wording import web_address

Object = Mapping[str, Any]
WORDS = {True: "allow", False: "block", None: "not judged"}
_TONES = {"+": "added", "-": "removed", "@": "place"}


@dataclass(frozen=True, slots=True)
class Judged:
    """One guard's verdict; `word` is allow, block or not judged."""

    guard: str
    word: str
    evidence: str


@dataclass(frozen=True, slots=True)
class Revision:
    """One end of the move; `images` are pairs of container and image."""

    number: str
    images: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Line:
    """One line of the diff; `tone` is added, removed, place or empty."""

    text: str
    tone: str


@dataclass(frozen=True, slots=True)
class Named:
    """A text under a heading: a link's address, a command, a label's value."""

    name: str
    text: str


@dataclass(frozen=True, slots=True)
class Detail:
    """Everything about one record. Texts are as senders and people wrote them."""

    row: Row
    headline: str
    timeline: tuple[Moment, ...]
    verdicts: tuple[Judged, ...]
    others: tuple[tuple[str, tuple[Judged, ...]], ...]
    warnings: tuple[str, ...]
    came_from: Revision
    goes_to: Revision
    diff: tuple[Line, ...]
    links: tuple[Named, ...]
    commands: tuple[Named, ...]
    labels: tuple[Named, ...]
    annotations: tuple[Named, ...]
    occurrences: int
    review: Object

    @property
    def awaits_approval(self) -> bool:
        """Tell whether somebody may approve or reject it."""
        return self.row.phase == Phase.AWAITING_APPROVAL

    @property
    def can_be_reviewed(self) -> bool:
        """Tell whether somebody may say what the decision was worth."""
        return bool(self.verdicts) and self.row.phase not in {*IN_WORK, Phase.AWAITING_APPROVAL}


def detail(raw: Object, *, runbooks: Mapping[str, str], now: datetime) -> Detail:
    """Read a record, whatever is missing in it; `runbooks` are the rules' own."""
    spec, status = raw.get("spec") or {}, raw.get("status") or {}
    decision, alert = status.get("decision") or {}, spec.get("alert") or {}
    shown = row(raw)
    return Detail(
        row=shown,
        headline=headline(raw, now=now),
        timeline=timeline(raw),
        verdicts=_judged(decision.get("verdicts")),
        others=tuple((str(o.get("rule")), _judged(o.get("verdicts"))) for o in decision.get("others") or []),
        warnings=tuple(map(str, decision.get("warnings") or [])),
        came_from=_revision(spec.get("suspect")),
        goes_to=_revision(decision.get("to")),
        diff=tuple(_line(text) for text in str(decision.get("diff") or "").splitlines()),
        links=tuple(_links(alert, runbooks.get(shown.rule))),
        commands=tuple(_commands(raw, shown)),
        labels=_named(alert.get("labels")),
        annotations=_named(alert.get("annotations")),
        occurrences=int(status.get("occurrences") or 0),
        review=status.get("review") or {},
    )


def _judged(verdicts: list[Object] | None) -> tuple[Judged, ...]:
    """Return the verdicts, those that block first."""
    read = [
        Judged(str(v.get("guard")), WORDS.get(v.get("allowed"), "not judged"), str(v.get("evidence") or ""))
        for v in verdicts or []
    ]
    return tuple(sorted(read, key=lambda judged: judged.word != "block"))


def _revision(revision: Object | None) -> Revision:
    images = ((revision or {}).get("images") or {}).items()
    return Revision(number(revision), tuple((str(name), str(image)) for name, image in sorted(images)))


def _line(text: str) -> Line:
    return Line(text, "" if text.startswith(("+++", "---")) else _TONES.get(text[:1], ""))


def _named(texts: Mapping[str, str] | None) -> tuple[Named, ...]:
    return tuple(Named(str(name), str(text)) for name, text in sorted((texts or {}).items()))


def _links(alert: Object, runbook: str | None) -> Iterator[Named]:
    annotations = alert.get("annotations") or {}
    addresses = {
        "The alert's expression": alert.get("generatorURL"),
        "Alertmanager": _alertmanager(alert),
        "The rule's runbook": runbook,
        "The alert's runbook": annotations.get("runbook_url"),
        "Dashboard": annotations.get("dashboard_url"),
    }
    for name, address in addresses.items():
        if (safe := web_address(address)) is not None:
            yield Named(name, safe)


def _alertmanager(alert: Object) -> str | None:
    """Return Alertmanager's page of this alert, None where its address is not known."""
    base = web_address(alert.get("externalURL"))
    if base is None:
        return None
    matcher = "{alertname=" + json.dumps(str(alert.get("name") or "")) + "}"
    return f"{base.rstrip('/')}/#/alerts?filter={quote(matcher)}"


def _commands(raw: Object, shown: Row) -> Iterator[Named]:
    metadata = raw["metadata"]
    home = ["kubectl", "-n", str(metadata.get("namespace") or "default")]
    yield Named("This record", shlex.join([*home, "get", "rollback", shown.name, "-o", "yaml"]))
    if not shown.where:
        return
    namespace, _, name = shown.where.partition("/")
    place, kind = ["-n", namespace], shown.kind.lower()
    yield Named("The workload and its Events", shlex.join(["kubectl", *place, "describe", kind, name]))
    if shown.kind != Kind.ROLLOUT:
        yield Named("Its revisions", shlex.join(["kubectl", *place, "rollout", "history", f"{kind}/{name}"]))
    ref = WorkloadRef(shown.kind, namespace, name)
    for text, revision in _undoings(raw.get("status") or {}, shown):
        yield Named(text, kubectl_undo(ref, revision))


def _undoings(status: Object, shown: Row) -> Iterator[tuple[str, str]]:
    """Return what a person may want to do by hand, and the revision that takes."""
    if status.get("patchedAt"):
        if shown.came_from:
            yield "Undo this rollback by hand", shown.came_from
    elif shown.goes_to:
        yield "Do the same by hand", shown.goes_to
