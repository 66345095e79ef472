"""All that the guards judge by, gathered before the first of them runs."""

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from receiver.policy.alerts import Alert
from receiver.policy.bystanders import Bystanders
from receiver.policy.choice import Choice
from receiver.policy.history import KnownBad
from receiver.policy.inventory import Inventory
from receiver.policy.ledger import Ledger
from receiver.policy.matchers import Matcher
from receiver.policy.pods import Pod
from receiver.policy.record import PastRollback, Phase
from receiver.policy.rules import GuardSettings, Mode, Rule
from receiver.policy.troubles import ActiveSince
from receiver.policy.workload import Unreadable, Workload

DEFAULT_PROTECTED = frozenset({"kube-system", "kube-public", "kube-node-lease"})


class StillFiring(StrEnum):
    """What is known, at a late act, of the alert that asked for it."""

    NOT_LATE = "not_late"
    YES = "still_firing"
    NO = "no_longer_firing"
    NOBODY_TO_ASK = "nobody_to_ask"


@dataclass(frozen=True, slots=True)
class Installation:
    """What the installation allows, whatever a rule says.

    `namespaces` are the only ones in scope; empty means all. A workload's labels must match all `selectors`.
    `mode` is the ceiling of every rule's mode. `defaults` are the guard settings of what a person orders.
    """

    mode: Mode = Mode.DRY_RUN
    namespaces: frozenset[str] = frozenset()
    protected_namespaces: frozenset[str] = DEFAULT_PROTECTED
    selectors: tuple[Matcher, ...] = ()
    defaults: GuardSettings = field(default_factory=GuardSettings)


@dataclass(frozen=True, slots=True)
class Context:
    """One rule, its alerts about one workload, and everything that was read about that workload.

    `alerts` are the firing ones that the rule matched, never empty. `past` is what was done to this workload
    before, from records and annotations; once it exists, that is the record being judged (`record`) too.
    `pods` are the workload's where its alerts name any, else none. `inventory` is what is known of the things
    that the chosen revision needs, and those that were passed over for them.
    """

    now: datetime
    rule: Rule
    alerts: tuple[Alert, ...]
    workload: Workload
    past: tuple[PastRollback, ...] | Unreadable
    ledger: Ledger | Unreadable
    installation: Installation
    choice: Choice
    known_bad: KnownBad | Unreadable
    record: str
    bystanders: Bystanders | Unreadable
    still_firing: StillFiring | Unreadable = StillFiring.NOT_LATE
    active_since: ActiveSince = None
    pods: tuple[Pod, ...] | Unreadable = ()
    inventory: Inventory = field(default_factory=dict)

    @property
    def approved(self) -> bool:
        """Tell whether somebody has approved the record that is being judged."""
        past = () if isinstance(self.past, Unreadable) else self.past
        own = (one for one in past if one.record == self.record and one.phase is Phase.PENDING)
        return any(one.approved_at is not None for one in own)
