"""What is told of a record, kept on the record itself: an outbox that outlives whoever wrote it.

A notice is entered by the same write as the change that it tells of, so that neither is there without the
other; each receiver's delivery of it is claimed, and marked once it was taken. All of it is plain data.
"""

from collections.abc import Callable, Iterator, Mapping
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from receiver.policy.alerts import cut
from receiver.policy.record import Phase
from receiver.policy.times import format_precise, parse_time

Status = dict[str, Any]
Routes = Mapping[str, frozenset["Notice"]]
"""The receivers by name, with what each is told."""
GIVEN_UP_AFTER = timedelta(days=1)
KEPT = 20
"""So many notices stay on a record that has nothing to deliver any more."""
MESSAGE_LIMIT = 1024
UNTOLD = "yes"
"""The value of `status.untold`, by which records with something to tell are selected."""


class Notice(StrEnum):
    """What is told; the strings stand in config files, bodies and records."""

    STARTED = "Started"
    AWAITING_APPROVAL = "AwaitingApproval"
    REFUSED = "Refused"
    SUCCEEDED = "Succeeded"
    NOT_CURED = "NotCured"
    FAILED = "Failed"
    SUPERSEDED = "Superseded"


NOTICES = {
    Phase.ROLLING_BACK: Notice.STARTED,
    Phase.AWAITING_APPROVAL: Notice.AWAITING_APPROVAL,
    Phase.REFUSED: Notice.REFUSED,
    Phase.SUCCEEDED: Notice.SUCCEEDED,
    Phase.NOT_CURED: Notice.NOT_CURED,
    Phase.FAILED: Notice.FAILED,
    Phase.SUPERSEDED: Notice.SUPERSEDED,
}
"""What is told of a record that enters a phase; of the other phases nothing is."""
ABOUT_TO_ACT = frozenset({None, Phase.PENDING})
"""In these phases a patch may be due; its record is left alone until then, so that no write is in its way."""


def entered(raw: Mapping[str, Any], after: Mapping[str, Any]) -> Phase | None:
    """Return the phase that a record enters when its status becomes `after`, None where it enters none."""
    phase = after.get("phase")
    return None if phase is None or phase == (raw.get("status") or {}).get("phase") else Phase(phase)


def with_notice(raw: Mapping[str, Any], after: Status, *, to: tuple[str, ...], now: datetime) -> Status:
    """Return `after` with what the change of the record `raw` to it has these receivers told.

    A refusal is told once, and once more for each approval that came to nothing, however often it repeats.
    """
    phase = entered(raw, after)
    notice = None if phase is None else NOTICES.get(phase)
    if notice is None or not to:
        return after
    at = format_precise(now)
    key = str(after.get("approvedAt", "first")) if notice is Notice.REFUSED else at
    entry = {
        "id": f"{raw['metadata'].get('uid', '')}-{notice}-{key}",
        "event": notice.value,
        "at": at,
        "message": cut(str(after.get("message", "")), limit_bytes=MESSAGE_LIMIT),
        "deliveries": [{"receiver": name} for name in to],
    }
    before = list(after.get("notifications") or [])
    if any(known["id"] == entry["id"] for known in before):
        return after
    over = [known for known in before if not any(map(is_open, known["deliveries"]))][:-KEPT]
    kept = [known for known in before if known not in over]
    return with_untold({**after, "notifications": [*kept, entry]})


def receivers_of(notice: Notice, routes: Routes, named: tuple[str, ...] | None) -> tuple[str, ...]:
    """Return who is told, in the order of `routes`; `named` are those that the rule names, None: all."""
    return tuple(name for name, told in routes.items() if notice in told and (named is None or name in named))


def is_open(delivery: Mapping[str, Any]) -> bool:
    """Tell whether a notice has still to be brought to a receiver."""
    return "sentAt" not in delivery and "givenUpAt" not in delivery


def open_notices(status: Mapping[str, Any]) -> Iterator[tuple[Status, str]]:
    """Yield each notice with each receiver that it has still to be brought to, the oldest notice first."""
    for notice in status.get("notifications") or []:
        for delivery in notice["deliveries"]:
            if is_open(delivery):
                yield notice, delivery["receiver"]


def is_too_old(notice: Mapping[str, Any], *, now: datetime) -> bool:
    """Tell whether nobody wants to hear of this any more."""
    at = parse_time(notice["at"])
    return at is None or now - at > GIVEN_UP_AFTER


def with_delivery(
    status: Status, key: tuple[str, str], change: Callable[[Status], Status | None]
) -> Status | None:
    """Change one delivery, by the notice's id and the receiver; None where it is not open, or left alone."""
    changed: list[Status] = []

    def altered(notice: Status, delivery: Status) -> Status:
        mine = (notice["id"], delivery["receiver"]) == key and is_open(delivery)
        new = change(delivery) if mine else None
        changed.extend([new] if new is not None else [])
        return delivery if new is None else new

    notices = [
        {**notice, "deliveries": [altered(notice, delivery) for delivery in notice["deliveries"]]}
        for notice in status.get("notifications") or []
    ]
    return with_untold({**status, "notifications": notices}) if changed else None


def with_untold(status: Status) -> Status:
    """Say whether there is still something to tell: a notice, or to Alertmanager that a silence is over."""
    notices = status.get("notifications") or []
    silence = status.get("silence") or {"removedAt": ""}
    untold = any(is_open(each) for notice in notices for each in notice["deliveries"])
    rest = {name: value for name, value in status.items() if name != "untold"}
    return {**rest, "untold": UNTOLD} if untold or "removedAt" not in silence else rest
