"""The models of a rule test file: its keys, their defaults and their meaning stand here and nowhere else.

Ages are counted back from the test's `now`.
"""

from collections import Counter
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import ClassVar

from pydantic import Field, ValidationInfo, field_validator

from receiver.policy.alerts import Status
from receiver.policy.context import DEFAULT_PROTECTED
from receiver.policy.fields import Count, DnsLabel, Duration, Text
from receiver.policy.parsing import Parsed
from receiver.policy.rules import GuardSettings
from receiver.policy.ruletests.fields import (
    DecidedField,
    Flag,
    GuardName,
    Moment,
    PhaseField,
    ReviewField,
    Size,
    StatusField,
    TargetPath,
    Unknown,
)
from receiver.policy.vocabulary import KindField, Mode, ModeField
from receiver.policy.workload import WorkloadRef

SOME_FRIDAY_NOON = datetime(2026, 5, 1, 12, tzinfo=UTC)


class RevisionEntry(Parsed):
    """One revision of a workload."""

    not_yet: ClassVar[frozenset[str]] = frozenset({"config"})

    revision: Count
    """Its number."""
    rolled_out: Duration
    """How long ago it went live, the last time."""
    image: Text | None = None
    """Its image. Left out (None): the workload's name, tagged with the number."""
    available: Size | None = None
    """Replicas that were available at most; the live one's are those of now. Left out (None): all of them."""
    soak: Unknown | None = None
    """unknown: nothing tells how long it was in service. Left out (None): until the next one went live."""


class PodEntry(Parsed):
    """A pod of a workload, for alerts that name pods."""

    name: Text
    """Its name."""
    revision: Count
    """The number of its revision."""
    ready: Flag = True
    """Whether it is ready."""


class WorkloadEntry(Parsed):
    """A workload as it stands at the test's `now`."""

    kind: KindField
    """What kind of workload it is."""
    namespace: DnsLabel
    """Its namespace."""
    name: Text
    """Its name."""
    replicas: Size = 1
    """How many replicas are wanted."""
    annotations: dict[str, str] = Field(default_factory=dict)
    """Its annotations."""
    labels: dict[str, str] = Field(default_factory=dict)
    """Its labels."""
    paused: Flag = False
    """Whether its rollout is paused."""
    revision_history_limit: Size = 10
    """How many old revisions its controller keeps."""
    revisions: tuple[RevisionEntry, ...]
    """All of its revisions, in any order."""
    live: Count | None = None
    """The number of the live revision. Left out (None): the highest."""
    pods: tuple[PodEntry, ...] = ()
    """Its pods, as far as alerts name them."""

    @property
    def ref(self) -> WorkloadRef:
        """Return its name."""
        return WorkloadRef(self.kind.value, self.namespace, self.name)

    @field_validator("revisions")
    @classmethod
    def _distinct(cls, revisions: tuple[RevisionEntry, ...]) -> tuple[RevisionEntry, ...]:
        if not revisions:
            raise ValueError("must not be empty: a workload has a live revision")
        _each_once(f"revision {entry.revision}" for entry in revisions)
        return revisions

    @field_validator("live")
    @classmethod
    def _listed(cls, live: int, info: ValidationInfo) -> int:
        _refuse_unlisted(live, info)
        return live

    @field_validator("pods")
    @classmethod
    def _of_listed(cls, pods: tuple[PodEntry, ...], info: ValidationInfo) -> tuple[PodEntry, ...]:
        for pod in pods:
            _refuse_unlisted(pod.revision, info)
        return pods


class PastEntry(Parsed):
    """An earlier record."""

    target: TargetPath
    """KIND/NAMESPACE/NAME of the workload that it is about."""
    rule: Text
    """The rule that led."""
    age: Duration
    """How long ago it patched, or else was made."""
    phase: PhaseField
    """How far it got."""
    from_: Count | None = Field(default=None, validation_alias="from")
    """The number of the suspected revision. Left out (None): one that is long gone."""
    to: Count | None = None
    """The number of the revision that it went back to. Left out (None): none that matters."""
    verdict: ReviewField | None = None
    """What the on-call said of it. Left out (None): nothing."""


class AlertEntry(Parsed):
    """An alert of the payload."""

    labels: dict[str, str]
    """Its labels."""
    age: Duration
    """How long ago it fired, after its own `for`."""
    status: StatusField = Status.FIRING
    """firing or resolved."""


class Expectation(Parsed):
    """A record that must be; what is left out (None) is not compared."""

    rule: Text | None = None
    """The rule that leads."""
    target: TargetPath | None = None
    """KIND/NAMESPACE/NAME."""
    phase: DecidedField | None = None
    """Pending, DryRun or Refused."""
    from_: Count | None = Field(default=None, validation_alias="from")
    """The number of the suspected revision."""
    to: Count | None = None
    """The number of the revision to go back to."""
    blocked_by: tuple[GuardName, ...] | None = None
    """Exactly the guards that block the leading rule."""

    def given(self) -> dict[str, object]:
        """Return what is to be compared, by the file's keys."""
        return {key: value for key, value in self._all().items() if value is not None}

    def _all(self) -> dict[str, object]:
        return {
            "rule": self.rule,
            "target": self.target and self.target.path,
            "phase": self.phase and self.phase.value,
            "from": self.from_,
            "to": self.to,
            "blocked_by": None if self.blocked_by is None else frozenset(self.blocked_by),
        }


class RuleTest(Parsed):
    """One test: a cluster, a payload, and the records that it must make."""

    not_yet: ClassVar[frozenset[str]] = frozenset({"missing", "services"})

    name: Text
    """What it shows."""
    now: Moment = SOME_FRIDAY_NOON
    """The moment at which everything is judged. Left out: a Friday's noon, UTC."""
    workloads: tuple[WorkloadEntry, ...] = ()
    """What runs in the cluster."""
    past: tuple[PastEntry, ...] = ()
    """Earlier records."""
    paused: Flag = False
    """Whether the kill switch is on."""
    alerts: tuple[AlertEntry, ...]
    """What arrives, in one payload."""
    expect: tuple[Expectation, ...]
    """The records that are made, in any order; an empty list means none."""

    @field_validator("workloads")
    @classmethod
    def _distinct(cls, workloads: tuple[WorkloadEntry, ...]) -> tuple[WorkloadEntry, ...]:
        _each_once(str(entry.ref) for entry in workloads)
        return workloads


class InstallationEntry(Parsed):
    """The installation's settings, as in its config file."""

    mode: ModeField = Mode.DRY_RUN
    """The ceiling of every rule's mode."""
    defaults: GuardSettings = GuardSettings()
    """The guard settings of a rule that leaves them out."""
    namespaces: tuple[DnsLabel, ...] = ()
    """The only namespaces in scope; none means all."""
    protected_namespaces: tuple[DnsLabel, ...] = tuple(sorted(DEFAULT_PROTECTED))
    """Never in scope."""


class RuleTestDocument(Parsed):
    """Tests of the rules in some files."""

    rules: tuple[Text, ...]
    """Rule files, and folders of them, relative to this file."""
    settings: InstallationEntry = InstallationEntry()
    """What differs from the installation's defaults."""
    tests: tuple[RuleTest, ...]
    """The tests; each stands for itself."""


def _refuse_unlisted(number: int, info: ValidationInfo) -> None:
    """Refuse a number that is not among the workload's revisions, unless those are at fault themselves."""
    revisions: tuple[RevisionEntry, ...] | None = info.data.get("revisions")
    if revisions is not None and all(entry.revision != number for entry in revisions):
        raise ValueError(f"there is no revision {number}: list it under revisions")


def _each_once(names: Iterable[str]) -> None:
    twice = [name for name, count in Counter(names).items() if count > 1]
    if twice:
        raise ValueError(f"{twice[0]} stands there twice")
