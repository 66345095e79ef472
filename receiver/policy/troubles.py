"""When the trouble behind each alert began, by the best witness at hand, and how sure that is.

Alertmanager is told when an alert fired, which is its rule's `for` after its trouble began. Prometheus itself
knows since when the condition holds, `activeAt`; else the `for` that our rule declares tells.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from receiver.policy.alerts import Alert
from receiver.policy.workload import Unreadable

TOLERANCE = timedelta(minutes=1)
"""One scrape and one evaluation: how far a trouble's beginning may be off."""
NONE = timedelta(0)

AlertKey = tuple[str, datetime]
"""What `Alert.key` is: fingerprint and startsAt."""
Pairs = tuple[tuple[str, str], ...]
ActiveSince = Mapping[AlertKey, datetime] | Unreadable | None
"""Prometheus' activeAt by alert, without those that it does not know; None where no Prometheus is asked."""


@dataclass(frozen=True, slots=True)
class ActiveAlert:
    """An alert that fires in Prometheus: its labels there, and since when its condition holds."""

    labels: Mapping[str, str]
    since: datetime


@dataclass(frozen=True, slots=True)
class Onset:
    """When a trouble began, and how far off that may be; `by_prometheus` says that activeAt tells."""

    began: datetime
    tolerance: timedelta
    by_prometheus: bool


@dataclass(frozen=True, slots=True)
class Trouble(Onset):
    """The onset of the earliest alert of one alertname. `alerts` are all of that name."""

    name: str
    alerts: tuple[Alert, ...]


def active_since(alerts: Iterable[Alert], active: Iterable[ActiveAlert]) -> dict[AlertKey, datetime]:
    """Find each alert among those that fire in Prometheus; one that is not there is left out.

    Prometheus' labels lack the external labels that it sends along, so all of its labels must be on the
    alert; where several alerts fit, the one with most labels does best. One that is active since after the
    alert fired is another firing, or all that a restarted Prometheus remembers: it tells nothing.
    """
    index = _by_labels(active)
    most_first = sorted(index, key=len, reverse=True)
    found: dict[AlertKey, datetime] = {}
    for alert in alerts:
        fitting = (_projected(alert, names) for names in most_first if names <= alert.labels.keys())
        known = (index[frozenset(labels)].get(tuple(labels.items())) for labels in fitting)
        since = next((since for since in known if since is not None), None)
        if since is not None and since <= alert.starts_at + TOLERANCE:
            found[alert.key] = min(since, alert.starts_at)
    return found


def _by_labels(active: Iterable[ActiveAlert]) -> dict[frozenset[str], dict[Pairs, datetime]]:
    """Index by the names of the labels and then by the labels: ten thousand alerts are looked up at once."""
    index: dict[frozenset[str], dict[Pairs, datetime]] = {}
    for one in active:
        of_names = index.setdefault(frozenset(one.labels), {})
        pairs = tuple(sorted(one.labels.items()))
        of_names[pairs] = min(one.since, of_names.get(pairs, one.since))
    return index


def _projected(alert: Alert, names: frozenset[str]) -> dict[str, str]:
    return {name: alert.labels[name] for name in sorted(names)}


def troubles(alerts: Sequence[Alert], for_: timedelta | None, active: ActiveSince) -> tuple[Trouble, ...]:
    """Return the trouble of each alertname, the earliest first; `for_` None: the rule does not declare it."""
    by_name: dict[str, list[Alert]] = {}
    for alert in alerts:
        by_name.setdefault(alert.name, []).append(alert)
    found = (_earliest(name, of_name, for_, active) for name, of_name in by_name.items())
    return tuple(sorted(found, key=lambda trouble: (trouble.began, trouble.name)))


def _earliest(name: str, alerts: list[Alert], for_: timedelta | None, active: ActiveSince) -> Trouble:
    """Return the trouble that was there first whatever its tolerance makes of it."""
    first = min(
        (onset(alert, for_, active) for alert in alerts),
        key=lambda one: (one.began + one.tolerance, one.began, one.by_prometheus),
    )
    return Trouble(first.began, first.tolerance, first.by_prometheus, name, tuple(alerts))


def onset(alert: Alert, for_: timedelta | None, active: ActiveSince) -> Onset:
    """Return when the trouble of one alert began; `for_` None: the rule does not declare it."""
    since = active.get(alert.key) if isinstance(active, Mapping) else None
    if since is not None:
        return Onset(since, TOLERANCE, by_prometheus=True)
    if for_ is not None:
        return Onset(alert.starts_at - for_, TOLERANCE, by_prometheus=False)
    return Onset(alert.starts_at, NONE, by_prometheus=False)


def unknown_to_prometheus(alerts: Iterable[Alert], active: ActiveSince) -> tuple[Alert, ...]:
    """Return the alerts that Prometheus was asked about and does not know."""
    return tuple(alert for alert in alerts if alert.key not in active) if isinstance(active, Mapping) else ()
