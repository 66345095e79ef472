"""What the doors need of the rest of the program, and what all of them share."""

import threading
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol, cast

from flask import current_app

from receiver.policy.alerts import Payload
from receiver.policy.intake import Accepted, RollbackQuery
from receiver.policy.ledger import Pause
from receiver.policy.overview import Overview, Rollout
from receiver.policy.record import Review
from receiver.web.auth import TokenFile
from receiver.web.page import Page

LARGE_BODIES_AT_ONCE = 1
EXTENSION = "rollback-receiver"


class Receiver(Protocol):
    """The engine as the doors see it; called by many threads at once."""

    def accept(self, payload: Payload, received_at: datetime) -> Accepted:
        """Store everything in the message that a rule matches, within 10 s of `received_at`, and count it.

        Raises:
            NotPersisted: not all of it could be stored; what was stored stays.
        """

    def ready(self) -> str | None:
        """Return None when alerts can be taken, else one sentence that says why not; at once, without I/O."""

    def reload(self) -> None:
        """Put the rules on disk into force.

        Raises:
            RulesRejected: they have faults; those in force stay in force.
        """

    def rollbacks(self, query: RollbackQuery) -> dict[str, Any]:
        """Return the records asked for: `items`, and `continue` where there are more.

        Raises:
            PageGone: what the query goes on with is no page's, or too old.
            Unavailable: the cluster cannot be asked now.
        """

    def rollback(self, name: str) -> dict[str, Any] | None:
        """Return a record, None if there is none of that name.

        Raises:
            Unavailable: the cluster cannot be asked now.
        """

    def approve(self, name: str, by: str) -> dict[str, Any] | None:
        """Let a record that awaits approval be acted on; return it then, None if there is none of that name.

        Every guard judges again before anything is done: a record that is Pending now may end as Refused.

        Raises:
            WrongPhase: it does not await approval (any more).
            Unavailable: the cluster cannot be asked now.
        """

    def reject(self, name: str, by: str, note: str) -> dict[str, Any] | None:
        """End a record that awaits approval; `note` may be empty. Returns and raises as `approve`."""

    def review(self, name: str, verdict: Review, note: str, by: str) -> dict[str, Any] | None:
        """Keep what somebody says of a decision, in place of what was said before; else as `approve`.

        Raises:
            WrongPhase: it is not decided yet, or being worked on.
            Unavailable: the cluster cannot be asked now.
        """

    def pause(self, by: str, reason: str) -> tuple[Pause, Pause | None]:
        """Switch the kill switch on, for all replicas; `reason` may be empty, which changes no earlier pause.

        Returns what holds now, and what held before, None where nothing did.

        Raises:
            Unavailable: the cluster cannot be asked now.
        """

    def resume(self, by: str) -> None:
        """Switch the kill switch off; raises as `pause`."""

    def overview(self) -> Overview:
        """Return the installation at a glance, as a rule without a call.

        Raises:
            Unavailable: the cluster cannot be asked now.
        """

    def rollout(self, record: dict[str, Any]) -> Rollout | None:
        """Return how far the rollout of a record's workload is, None where there is no such workload.

        Raises:
            Unavailable: the cluster cannot be asked now.
        """


@dataclass(frozen=True, slots=True)
class Doors:
    """What the handlers of one application share.

    `webhook_token` None lets anyone post alerts; `review_token` None lets anyone read and nobody act.
    """

    receiver: Receiver
    webhook_token: TokenFile | None
    review_token: TokenFile | None
    max_body_bytes: int
    page: Page
    large_bodies: threading.Semaphore = field(
        default_factory=lambda: threading.BoundedSemaphore(LARGE_BODIES_AT_ONCE)
    )


def doors() -> Doors:
    """Return what the application that handles this request was made with."""
    return cast("Doors", current_app.extensions[EXTENSION])
