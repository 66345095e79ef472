"""The models of what runs in a test's cluster: workloads with their revisions and pods, and Services.

Ages are counted back from the test's `now`.
"""

from collections import Counter
from collections.abc import Iterable

from pydantic import Field, ValidationInfo, field_validator

from receiver.policy.fields import Count, DnsLabel, Duration, Flag, Text
from receiver.policy.needs import ItemKind
from receiver.policy.parsing import Parsed
from receiver.policy.ruletests.fields import NamedItem, Selected, Size, Unknown
from receiver.policy.vocabulary import KindField
from receiver.policy.workload import WorkloadRef


class RevisionEntry(Parsed):
    """One revision of a workload."""

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
    config: tuple[NamedItem, ...] = ()
    """What its template needs, as KIND/NAME: ConfigMaps, Secrets, volume claims, a service account."""

    @field_validator("config")
    @classmethod
    def _one_account(cls, config: tuple[tuple[ItemKind, str], ...]) -> tuple[tuple[ItemKind, str], ...]:
        if sum(kind is ItemKind.ACCOUNT for kind, _ in config) > 1:
            raise ValueError("names two service accounts: pods have one")
        return config


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
        each_once(f"revision {entry.revision}" for entry in revisions)
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


class ServiceEntry(Parsed):
    """A Service, for rules whose target is one."""

    namespace: DnsLabel
    """Its namespace."""
    name: Text
    """Its name."""
    selects: Selected
    """KIND/NAME of the workload whose pods it selects, in its own namespace."""

    @property
    def selected(self) -> WorkloadRef:
        """Return the workload's name."""
        kind, name = self.selects
        return WorkloadRef(kind, self.namespace, name)


def _refuse_unlisted(number: int, info: ValidationInfo) -> None:
    """Refuse a number that is not among the workload's revisions, unless those are at fault themselves."""
    revisions: tuple[RevisionEntry, ...] | None = info.data.get("revisions")
    if revisions is not None and all(entry.revision != number for entry in revisions):
        raise ValueError(f"there is no revision {number}: list it under revisions")


def each_once(names: Iterable[str]) -> None:
    """Refuse a name that stands there twice.

    Raises:
        ValueError: one does.
    """
    twice = [name for name, count in Counter(names).items() if count > 1]
    if twice:
        raise ValueError(f"{twice[0]} stands there twice")
