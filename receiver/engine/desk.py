"""What the engine has at hand: the cluster, the records, the rules of this moment, and who it is."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime

from receiver.alertmanager import Alertmanager
from receiver.cluster.api import Api
from receiver.cluster.records import Records
from receiver.cluster.snapshots import SnapshotReader
from receiver.engine.beginnings import Beginnings
from receiver.engine.instance import Instance
from receiver.engine.judging import Judging
from receiver.policy.rules import GuardSettings, Rule, Ruleset


def utc_now() -> datetime:
    """Return the time."""
    return datetime.now(UTC)


@dataclass(frozen=True, slots=True)
class Desk:
    """Everything a step works with. `alertmanager` is None where no address is configured.

    `defaults` are the guard settings of what a person orders.
    """

    api: Api
    records: Records
    reader: SnapshotReader
    judging: Judging
    instance: Instance
    rules: Callable[[], Ruleset]
    alertmanager: Alertmanager | None = None
    beginnings: Beginnings = field(default_factory=Beginnings)
    defaults: GuardSettings = field(default_factory=GuardSettings)
    now: Callable[[], datetime] = utc_now

    def rule(self, name: str) -> Rule | None:
        """Return the rule of a name that is in force, None where there is none any more."""
        return self.rules().get(name)
