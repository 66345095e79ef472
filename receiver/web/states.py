"""What a form is about, as it stood when the form was made: who sends one later acts on what they saw."""

from collections.abc import Mapping
from typing import Any

from receiver.policy.overview import Overview
from receiver.policy.podtemplate import short_hash
from receiver.policy.record import Phase
from receiver.policy.times import format_precise
from receiver.policy.words import Act


def state_of(act: Act, raw: Mapping[str, Any]) -> str:
    """Return what an act on a record is about: the proposal, or the review that it replaces."""
    status = raw.get("status") or {}
    if act is Act.REVIEW:
        return str((status.get("review") or {}).get("at") or "")
    return str((status.get("decision") or {}).get("at") or "")


def state_counts(act: Act, raw: Mapping[str, Any]) -> bool:
    """Tell whether a form about another state is out of date.

    Where nothing awaits approval any more, whoever comes late is better told who was first.
    """
    phase = (raw.get("status") or {}).get("phase")
    return act is Act.REVIEW or phase == Phase.AWAITING_APPROVAL


def state_of_switch(overview: Overview) -> str:
    """Return since when the kill switch is on, and by whose word for what; empty while it is off."""
    pause = overview.pause
    return f"{format_precise(pause.at)} {short_hash(f'{pause.by} {pause.reason}')}" if pause else ""
