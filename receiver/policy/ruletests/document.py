"""The models of a rule test file: its keys, their defaults and their meaning stand here and nowhere else.

Ages are counted back from the test's `now`.
"""

from datetime import UTC, datetime

from pydantic import Field, ValidationInfo, field_validator

from receiver.policy.alerts import Status
from receiver.policy.context import DEFAULT_PROTECTED
from receiver.policy.fields import Count, DnsLabel, Duration, Flag, Selectors, Text
from receiver.policy.parsing import Parsed
from receiver.policy.rules import GuardSettings
from receiver.policy.ruletests.cluster import ServiceEntry, WorkloadEntry, each_once
from receiver.policy.ruletests.fields import (
    DecidedField,
    GuardName,
    ItemPath,
    Moment,
    PhaseField,
    ReviewField,
    StatusField,
    TargetPath,
)
from receiver.policy.vocabulary import Mode, ModeField

SOME_FRIDAY_NOON = datetime(2026, 5, 1, 12, tzinfo=UTC)


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
    """Pending, AwaitingApproval, DryRun or Refused."""
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

    name: Text
    """What it shows."""
    now: Moment = SOME_FRIDAY_NOON
    """The moment at which everything is judged. Left out: a Friday's noon, UTC."""
    workloads: tuple[WorkloadEntry, ...] = ()
    """What runs in the cluster."""
    services: tuple[ServiceEntry, ...] = ()
    """The Services that rules name; one that is not listed does not exist."""
    missing: tuple[ItemPath, ...] = ()
    """What is gone, as KIND/NAMESPACE/NAME; everything else that a template names exists."""
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
        each_once(str(entry.ref) for entry in workloads)
        return workloads

    @field_validator("services")
    @classmethod
    def _of_workloads(
        cls, services: tuple[ServiceEntry, ...], info: ValidationInfo
    ) -> tuple[ServiceEntry, ...]:
        each_once(f"Service {entry.namespace}/{entry.name}" for entry in services)
        workloads: tuple[WorkloadEntry, ...] | None = info.data.get("workloads")
        running = {entry.ref for entry in workloads or ()}
        absent = [str(entry.selected) for entry in services if entry.selected not in running]
        if absent and workloads is not None:
            raise ValueError(f"there is no {absent[0]}: list it under workloads")
        return services


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
    selectors: Selectors = ()
    """Matchers on a workload's own labels, all of which it must match to be in scope."""


class RuleTestDocument(Parsed):
    """Tests of the rules in some files."""

    rules: tuple[Text, ...]
    """Rule files, and folders of them, relative to this file."""
    settings: InstallationEntry = InstallationEntry()
    """What differs from the installation's defaults."""
    tests: tuple[RuleTest, ...]
    """The tests; each stands for itself."""
