"""Who tells the world outside of what happens to the records: the outbox, and a courier for each receiver."""

import time
from collections.abc import Callable
from dataclasses import dataclass, field

from receiver.alertmanager import Alertmanager
from receiver.cluster.api import Object
from receiver.cluster.records import Records
from receiver.engine.courier import Courier
from receiver.engine.delivering import Delivering
from receiver.engine.desk import utc_now
from receiver.engine.instance import Instance
from receiver.engine.outbox import Outbox
from receiver.engine.silencing import Silencing
from receiver.notifications import Notifications
from receiver.notify.senders import sender_of
from receiver.policy.notices import is_too_old, open_notices
from receiver.policy.rules import Rule
from receiver.prometheus import Prometheus

FLUSH_SECONDS = 1.0


@dataclass(frozen=True, slots=True)
class Outside:
    """Who is asked and told: Alertmanager and Prometheus, where there are any, and whom it notifies.

    `silence` tells whether Alertmanager is to silence alerts while their rollbacks run.
    """

    alertmanager: Alertmanager | None = None
    prometheus: Prometheus | None = None
    notifications: Notifications = field(default_factory=Notifications)
    silence: bool = False


NOBODY = Outside()


class Couriers:
    """All couriers of one receiver; none where nobody is told of anything."""

    def __init__(self, outside: Outside, rule: Callable[[str], Rule | None]) -> None:
        self._outside = outside
        self._couriers: list[Courier] = []
        self.outbox = Outbox(rule, routes=outside.notifications.routes, silence=outside.silence)

    def hire(self, records: Records, instance: Instance) -> None:
        """Make the couriers, who read and mark these records; none of them works yet."""
        notifications = self._outside.notifications
        for each in notifications.receivers:
            bring = Delivering(
                each.name,
                sender_of(each),
                records=records,
                instance=instance,
                page_url=notifications.page_url,
            )
            self._add(Courier(each.name, records, bring, since=_untold_since(each.name)))
        if self._outside.silence and (alertmanager := self._outside.alertmanager) is not None:
            silencing = Silencing(alertmanager, records=records, instance=instance)
            self._add(Courier("silence", records, silencing, since=_silenced_until))

    def _add(self, courier: Courier) -> None:
        self.outbox.wakes(courier.woken)
        self._couriers.append(courier)

    def start(self) -> None:
        """Have them begin."""
        for courier in self._couriers:
            courier.start()

    def stop(self) -> None:
        """Have them begin nothing new."""
        for courier in self._couriers:
            courier.stop()

    def finish(self) -> None:
        """Wait until what is being sent is marked, at most a second."""
        deadline = time.monotonic() + FLUSH_SECONDS
        for courier in self._couriers:
            courier.finish(max(0.0, deadline - time.monotonic()))


def _untold_since(receiver: str) -> Callable[[Object], str | None]:
    """Tell from when the oldest notice is that a receiver has still to hear; what is too old is anybody's."""

    def since(raw: Object) -> str | None:
        untold = open_notices(raw["status"])
        times = (n["at"] for n, to in untold if to == receiver or is_too_old(n, now=utc_now()))
        return min(times, default=None)

    return since


def _silenced_until(raw: Object) -> str | None:
    """Return when a record's silence ends by itself, which stands for its age; None where it has none."""
    silence = raw["status"].get("silence") or {}
    until: str | None = None if "removedAt" in silence else silence.get("until")
    return until
