"""Which record an alert belongs to, by the records as they are stored."""

from receiver.cluster.api import Object
from receiver.cluster.sightings import Sighting
from receiver.policy import belonging
from receiver.policy.belonging import Standing
from receiver.policy.grouping import Matched
from receiver.policy.record import phase_of
from receiver.policy.times import parse_time


def belongs(raw: Object, matched: Matched) -> bool:
    """Tell whether an alert belongs to a record: it is in work, or its patch is younger than the trouble."""
    (alert, rule), standing = matched, _standing(raw)
    return standing.in_work or standing.covers(alert, rule.for_)


def record_of(sighting: Sighting, matched: Matched) -> str | None:
    """Return the record that an alert belongs to, None where it is to be judged."""
    (alert, rule), standings = matched, [_standing(raw) for raw in sighting.records]
    return belonging.record_of(sighting.snapshot, standings, alert, rule.for_)


def _standing(raw: Object) -> Standing:
    patched_at = parse_time((raw.get("status") or {}).get("patchedAt"))
    return Standing(str(raw["metadata"]["name"]), phase_of(raw), patched_at)
