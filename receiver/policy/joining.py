"""How alerts join a record and leave it: pure changes of the record's status."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from datetime import datetime
from typing import Any

from receiver.policy.alerts import Alert, Status
from receiver.policy.record import BY_HAND
from receiver.policy.times import format_precise, parse_time

Document = dict[str, Any]
LISTED = 100
FIRING, RESOLVED = Status.FIRING.value, Status.RESOLVED.value


def join(status: Mapping[str, Any], matched: Iterable[tuple[Alert, str]], *, now: datetime) -> Document:
    """Return the status with alerts joined, each with the rule that matched it: firing ones, or a person's.

    An alert that stands there already only counts; beyond 100 alerts the new ones are counted, not listed.
    An alert that several rules matched is listed for each of them, and is one occurrence.
    """
    pairs = list(matched)
    listed: list[Document] = [dict(entry) for entry in status.get("alerts") or []]
    known = {(entry["fingerprint"], entry["rule"]): entry for entry in listed}
    unlisted = status.get("alertsNotListed", 0)
    received = status.get("occurrences", 0) + len({alert.key for alert, _ in pairs})
    for alert, rule in pairs:
        entry = _entry(alert, rule)
        if found := known.get((entry["fingerprint"], rule)):
            found.update(entry)
        elif len(listed) < LISTED:
            listed.append(entry)
            known[entry["fingerprint"], rule] = entry
        else:
            unlisted += 1
    changed = {**status, "alerts": listed, "occurrences": received, "lastSeenAt": format_precise(now)}
    if any(alert.firing for alert, _ in pairs):
        changed.pop("clearedAt", None)
    return {**changed, "alertsNotListed": unlisted} if unlisted else changed


def _entry(alert: Alert, rule: str) -> Document:
    return {
        "name": alert.name[:1024],
        "fingerprint": alert.fingerprint[:64],
        "rule": rule,
        "startsAt": format_precise(alert.starts_at),
        "status": alert.status.value,
    }


def with_first_alert(spec: Mapping[str, Any], status: Mapping[str, Any]) -> Document:
    """Return the status with the record's first alert listed too: maybe nobody got so far as to do it."""
    listed = status.get("alerts") or []
    first = {key: spec["alert"][key] for key in ("name", "fingerprint", "startsAt")}
    if (spec["rule"], first["fingerprint"]) in {(entry["rule"], entry["fingerprint"]) for entry in listed}:
        return dict(status)
    return {**status, "alerts": [{**first, "rule": spec["rule"], "status": _first_status(spec)}, *listed]}


def _first_status(spec: Mapping[str, Any]) -> str:
    """Return how the first alert stands where nothing else tells: the one of a command never fires."""
    return RESOLVED if spec["rule"] == BY_HAND else FIRING


def listed_as_firing(status: Mapping[str, Any], alert: Alert, rule: str) -> bool:
    """Tell whether an alert has joined already, just as it is."""
    return _entry(alert, rule) in (status.get("alerts") or [])


def resolve(
    status: Mapping[str, Any], fingerprints: Iterable[str], *, at: datetime | None = None
) -> Document | None:
    """Return the status with these alerts resolved; None where none of them fires here.

    `at` becomes the time when the record's alerts had cleared, where these were the last; None leaves it out.
    """
    cleared = {fingerprint[:64] for fingerprint in fingerprints}
    listed = [dict(entry) for entry in status.get("alerts") or []]
    hit = [entry for entry in listed if entry["fingerprint"] in cleared and entry["status"] == FIRING]
    for entry in hit:
        entry["status"] = RESOLVED
    if not hit:
        return None
    changed = {**status, "alerts": listed}
    return {**changed, "clearedAt": format_precise(at)} if at and all_cleared(changed) else changed


def resolve_all_but(
    status: Mapping[str, Any], firing: Collection[str], *, at: datetime | None = None
) -> Document | None:
    """Return the status with all alerts resolved but those firing; None where nothing changes.

    `at` is as with `resolve`.
    """
    listed = status.get("alerts") or []
    return resolve(status, {entry["fingerprint"] for entry in listed} - set(firing), at=at)


def firing_names(status: Mapping[str, Any]) -> frozenset[str]:
    """Return the alertnames of the joined alerts that have not resolved."""
    return frozenset(entry["name"] for entry in status.get("alerts") or [] if entry["status"] == FIRING)


def all_cleared(status: Mapping[str, Any]) -> bool:
    """Tell whether every alert that joined has resolved; one without any alert has not."""
    listed = status.get("alerts") or []
    return bool(listed) and all(entry["status"] == RESOLVED for entry in listed)


def joined(spec: Mapping[str, Any], status: Mapping[str, Any]) -> dict[str, tuple[Alert, ...]]:
    """Return a record's alerts by rule, as far as the guards need them: of each rule those that still fire.

    A rule whose alerts have all cleared has all of them, as resolved, so that the guard firing can say so.
    The first alert stands in the spec, so it is there even where the status was never written; it alone has
    its labels.
    """
    first = {**spec["alert"], "rule": spec["rule"], "status": _first_status(spec)}
    entries = {(spec["rule"], first["fingerprint"]): first}
    for entry in status.get("alerts") or []:
        key = entry["rule"], entry["fingerprint"]
        entries[key] = {**entries.get(key, {}), **entry}
    found: dict[str, list[Alert]] = defaultdict(list)
    for entry in entries.values():
        found[entry["rule"]].append(_alert(entry))
    return {rule: tuple(one for one in some if one.firing) or tuple(some) for rule, some in found.items()}


def _alert(entry: Mapping[str, Any]) -> Alert:
    starts_at = parse_time(entry["startsAt"])
    if starts_at is None:
        raise ValueError("an alert without a start")
    return Alert(
        status=Status(entry["status"]),
        labels=entry.get("labels") or {"alertname": entry["name"]},
        starts_at=starts_at,
        fingerprint=entry["fingerprint"],
    )
