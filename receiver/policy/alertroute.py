"""Whether an Alertmanager's configuration sends a receiver what it needs: by what its own API shows of it.

Alertmanager hides the addresses of webhooks as secrets, so only their names tell which of several is ours.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from receiver.policy.checkup import Finding, bad, good
from receiver.policy.problems import plain

WHAT = "route"
PATH = "/alerts"
HIDDEN = "<secret>"
OURS = "rollback"
ADD = (
    "add a receiver with webhook_configs: [{url: http://ADDRESS/alerts, send_resolved: true}], and its route"
)
Hook = tuple[str, Mapping[str, Any]]


def judge_route(config: Mapping[str, Any]) -> Finding:
    """Return what is wrong with the alerts' way to us, if anything; `config` is Alertmanager's own file."""
    hooks = _candidates(list(_webhooks(config)))
    if not hooks:
        return bad(WHAT, f"no webhook has a url that ends in {PATH}: {ADD}")
    routed = set(_routed(config.get("route") or {}))
    faults = [(name, _fault(name, hook, routed)) for name, hook in hooks]
    fine = next((name for name, fault in faults if fault is None), None)
    if fine is None:
        return bad(WHAT, str(faults[0][1]))
    # Either all of them show their paths, or none does.
    hidden = "" if _shows_path(hooks[0][1]) else "; whether it is this one, its hidden url does not tell"
    return good(WHAT, f"to receiver {plain(fine)}, resolved alerts too{hidden}")


def _webhooks(config: Mapping[str, Any]) -> Iterator[Hook]:
    for receiver in config.get("receivers") or []:
        for hook in receiver.get("webhook_configs") or []:
            yield str(receiver.get("name", "")), hook


def _candidates(hooks: list[Hook]) -> list[Hook]:
    """Return those that lead to us, or where their urls are hidden, might."""
    if shown := [pair for pair in hooks if _shows_path(pair[1])]:
        return shown
    hidden = [pair for pair in hooks if pair[1].get("url") == HIDDEN or pair[1].get("url_file")]
    return [pair for pair in hidden if OURS in pair[0]] or hidden


def _shows_path(hook: Mapping[str, Any]) -> bool:
    return str(hook.get("url") or "").rstrip("/").endswith(PATH)


def _routed(route: Mapping[str, Any]) -> Iterator[str]:
    yield str(route.get("receiver", ""))
    for child in route.get("routes") or []:
        yield from _routed(child)


def _fault(name: str, hook: Mapping[str, Any], routed: set[str]) -> str | None:
    if name not in routed:
        return f"no route leads to receiver {plain(name)}: add one"
    if hook.get("send_resolved") is False:
        return (
            f"receiver {plain(name)} has send_resolved: false, so no rollback learns that it cured: set true"
        )
    if hook.get("max_alerts"):
        return f"receiver {plain(name)} has max_alerts: alerts beyond it are lost: set 0"
    return None
