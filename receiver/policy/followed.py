"""The aftermath as the record has it: what is followed of it, and how that ended, in fields and in words."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from receiver.policy.aftermath import FOLLOWED, Aftermath, Followed, Kind
from receiver.policy.joining import FIRING
from receiver.policy.record import BY_HAND, JUDGED_AFRESH, blocking_guards, record_target
from receiver.policy.times import format_age, format_precise, format_time, parse_time


def parse_followed(raw: Mapping[str, Any]) -> Followed | None:
    """Return what is followed of a record, None where it is not: patched, in work, or its aftermath is known.

    Raises:
        KeyError, TypeError, ValueError: the object is not one of ours.
    """
    spec, status = raw["spec"], raw.get("status") or {}
    target, uid = record_target(raw), (spec.get("target") or {}).get("uid")
    if status.get("phase") not in FOLLOWED or status.get("aftermath") or spec["rule"] == BY_HAND:
        return None
    if target is None or not uid:
        return None
    name = str(raw["metadata"]["name"])
    return Followed(
        record=name,
        target=target,
        uid=uid,
        suspect=name.rpartition("-")[2],
        suspect_number=(spec.get("suspect") or {}).get("revision"),
        chosen=((status.get("decision") or {}).get("to") or {}).get("templateDigest"),
        began_at=_time(spec["alert"]["startsAt"]),
        created_at=_time(raw["metadata"]["creationTimestamp"]),
        cleared_at=parse_time(status.get("clearedAt")),
    )


def parse_unresolved(raw: Mapping[str, Any]) -> frozenset[str]:
    """Return the fingerprints of the alerts whose end a record has to learn of, because they count for it.

    They count where a repeat is judged afresh, and for the aftermath; what is in work learns at once, and
    what was patched has an end. One without a workload is never judged.

    Raises:
        KeyError, TypeError, ValueError: the object is not one of ours.
    """
    status = raw.get("status") or {}
    if not hears_ends(status) or record_target(raw) is None:
        return frozenset()
    listed = status.get("alerts") or []
    return frozenset(entry["fingerprint"] for entry in listed if entry["status"] == FIRING)


def hears_ends(status: Mapping[str, Any]) -> bool:
    """Tell whether the end of an alert is to be entered in a record in the background."""
    return status.get("phase") in FOLLOWED | JUDGED_AFRESH and not status.get("patchedAt")


def before_by_hand(status: Mapping[str, Any]) -> dict[str, Any] | None:
    """Return `status.before`, when a person's command takes a record over: what a rule had decided.

    None where no rule had.
    """
    decision = status.get("decision") or {}
    if not decision or decision["rule"] == BY_HAND:
        return None
    document = {
        "rule": decision["rule"],
        "mode": decision.get("mode"),
        "phase": status.get("phase"),
        "at": decision.get("at"),
        "templateDigest": (decision.get("to") or {}).get("templateDigest"),
        "blockedBy": list(blocking_guards({"status": status})) or None,
    }
    return {key: value for key, value in document.items() if value is not None}


def by_hand_aftermath(spec: Mapping[str, Any], status: Mapping[str, Any]) -> Aftermath | None:
    """Return how it ended for the rule of `status.before`: by the command's patch, None while there is none.

    Raises:
        KeyError, TypeError, ValueError: another version wrote it.
    """
    at, to = parse_time(status.get("patchedAt")), status["decision"].get("to") or {}
    if at is None:
        return parse_aftermath(status.get("aftermath"))
    wanted = status["before"].get("templateDigest")
    return Aftermath(
        Kind.ROLLED_BACK_BY_HAND,
        at,
        to.get("revision"),
        None if wanted is None else wanted == to.get("templateDigest"),
        at - _time(spec["alert"]["startsAt"]),
    )


def aftermath_document(aftermath: Aftermath) -> dict[str, Any]:
    """Return `status.aftermath`."""
    took = aftermath.took
    document = {
        "kind": aftermath.kind.value,
        "revision": aftermath.revision,
        "at": format_precise(aftermath.at),
        "asChosen": aftermath.as_chosen,
        "tookSeconds": None if took is None else round(took.total_seconds()),
    }
    return {key: value for key, value in document.items() if value is not None}


def parse_aftermath(document: Mapping[str, Any] | None) -> Aftermath | None:
    """Read `status.aftermath`, None where there is none.

    Raises:
        KeyError, TypeError, ValueError: another version wrote it.
    """
    if not document:
        return None
    seconds = document.get("tookSeconds")
    return Aftermath(
        Kind(document["kind"]),
        _time(document["at"]),
        document.get("revision"),
        document.get("asChosen"),
        None if seconds is None else timedelta(seconds=seconds),
    )


def aftermath_sentence(status: Mapping[str, Any]) -> str | None:
    """Say how it ended without us, by a record's status; None while that is open."""
    aftermath = parse_aftermath(status.get("aftermath"))
    if aftermath is None:
        return None
    took = "" if aftermath.took is None else format_age(aftermath.took)
    revision = "another revision" if aftermath.revision is None else f"revision {aftermath.revision}"
    match aftermath.kind:
        case Kind.ROLLED_BACK_BY_HAND:
            return f"Rolled back by hand to {revision}{_compared(aftermath)}, {took} after the alert began"
        case Kind.FIXED_FORWARD:
            return f"Fixed forward by {revision}: the alert cleared {took} after it began"
        case Kind.CLEARED_BY_ITSELF:
            return f"The alert cleared by itself {took} after it began, with {revision} live"
        case _:
            return f"The alert still fired at {format_time(aftermath.at)}, when following it ended"


def _compared(aftermath: Aftermath) -> str:
    chosen = {
        True: ", the one that would have been chosen",
        False: ", not the one that would have been chosen",
    }
    return "" if aftermath.as_chosen is None else chosen[aftermath.as_chosen]


def _time(text: str) -> datetime:
    moment = parse_time(text)
    if moment is None:
        raise ValueError("no time where one must be")
    return moment
