"""The rules for Deployments, ReplicaSets, StatefulSets and DaemonSets, in the real server's words.

Those that people run into; what is in their pod templates is checked in `templates`.
"""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from receiver.sandbox import naming, selectors, templates
from receiver.sandbox.errors import Cause
from receiver.sandbox.naming import invalid, required, unsupported

Object = Mapping[str, Any]
NEGATIVE = "must be greater than or equal to 0"
OPERATORS = ("In", "NotIn", "Exists", "DoesNotExist")
ROLLING = ("partition", "maxUnavailable", "maxSurge")


def workload(obj: Object) -> Iterator[Cause]:
    """Yield what is wrong with what all workloads have: replicas, selector and template."""
    kind, spec = obj["kind"], obj["spec"]
    yield from _counts(spec, "replicas")
    wrong = list(_selector_parts(spec.get("selector") or {}))
    if wrong:
        # The real one then looks at the template no more, and for a StatefulSet it does not say why.
        yield from wrong
        yield invalid(
            "spec.selector", spec["selector"], "" if kind == "StatefulSet" else "invalid label selector"
        )
        return
    yield from _selector(kind, spec)
    yield from templates.template(spec.get("template") or {}, "spec.template")


def _counts(spec: Object, *names: str) -> Iterator[Cause]:
    for name in names:
        if spec.get(name, 0) < 0:
            yield invalid(f"spec.{name}", spec[name], NEGATIVE)


def _selector(kind: str, spec: Object) -> Iterator[Cause]:
    selector, said = spec.get("selector"), "deployment" if kind == "ReplicaSet" else kind.lower()
    if selector is None:
        if kind != "DaemonSet":
            yield required("spec.selector")
    elif not selector.get("matchLabels") and not selector.get("matchExpressions"):
        yield invalid("spec.selector", selector, f"empty selector is invalid for {said}")
        return
    labels = ((spec.get("template") or {}).get("metadata") or {}).get("labels")
    if selector is None or not selectors.matches(dict(selector), labels or {}):
        why = "`selector` does not match template `labels`"
        yield invalid("spec.template.metadata.labels", labels, why)


def _selector_parts(selector: Object) -> Iterator[Cause]:
    yield from naming.labels(selector.get("matchLabels") or {}, "spec.selector.matchLabels")
    for i, item in enumerate(selector.get("matchExpressions") or []):
        place, operator = f"spec.selector.matchExpressions[{i}]", item.get("operator", "")
        if operator not in OPERATORS:
            yield invalid(f"{place}.operator", operator, "not a valid selector operator")
        elif operator in {"In", "NotIn"} and not item.get("values"):
            yield required(f"{place}.values", "must be specified when `operator` is 'In' or 'NotIn'")


def deployment(obj: Object) -> Iterator[Cause]:
    """Yield what is wrong with a Deployment."""
    spec = obj["spec"]
    yield from workload(obj)
    yield from _strategy(spec["strategy"])
    yield from _counts(spec, "minReadySeconds", "revisionHistoryLimit", "progressDeadlineSeconds")
    if 0 <= spec["progressDeadlineSeconds"] <= spec.get("minReadySeconds", 0):
        why = "must be greater than minReadySeconds"
        yield invalid("spec.progressDeadlineSeconds", spec["progressDeadlineSeconds"], why)


def _strategy(strategy: Object) -> Iterator[Cause]:
    rolling, kind = strategy.get("rollingUpdate"), strategy["type"]
    if kind not in {"Recreate", "RollingUpdate"}:
        shown = {"Type": kind, "RollingUpdate": _titled(rolling)}
        yield unsupported("spec.strategy", shown, ("Recreate", "RollingUpdate"))
    elif kind == "Recreate" and rolling is not None:
        why = "Forbidden: may not be specified when strategy `type` is 'Recreate'"
        yield "spec.strategy.rollingUpdate", "FieldValueForbidden", why
    elif kind == "RollingUpdate":
        yield from _rolling(rolling or {})


def _titled(options: Object | None) -> dict[str, Any] | None:
    """Return options under the names that Go gives them, in which the real one shows them."""
    if options is None:
        return None
    return {f"{key[0].upper()}{key[1:]}": options[key] for key in ROLLING if key in options}


def _rolling(rolling: Object) -> Iterator[Cause]:
    field = "spec.strategy.rollingUpdate"
    for name in ("maxUnavailable", "maxSurge"):
        value = rolling[name]
        if isinstance(value, int) and value < 0:
            yield invalid(f"{field}.{name}", value, NEGATIVE)
        elif isinstance(value, str) and not re.fullmatch("[0-9]+%", value):
            why = "a valid percent string must be a numeric string followed by an ending '%' (e.g. '1%',  or "
            yield invalid(f"{field}.{name}", value, f"{why}'93%', regex used for validation is '[0-9]+%')")
    if all(rolling[name] in {0, "0%"} for name in ("maxUnavailable", "maxSurge")):
        yield invalid(
            f"{field}.maxUnavailable", rolling["maxUnavailable"], "may not be 0 when `maxSurge` is 0"
        )


def stateful_set(obj: Object) -> Iterator[Cause]:
    """Yield what is wrong with a StatefulSet."""
    spec = obj["spec"]
    policy, strategy = spec["podManagementPolicy"], spec["updateStrategy"]
    if policy not in {"OrderedReady", "Parallel"}:
        yield invalid("spec.podManagementPolicy", policy, "must be 'OrderedReady' or 'Parallel'")
    rolling = _titled(strategy.get("rollingUpdate"))
    if strategy["type"] not in {"RollingUpdate", "OnDelete"}:
        shown = {"Type": strategy["type"], "RollingUpdate": rolling}
        yield invalid("spec.updateStrategy", shown, "must be 'RollingUpdate' or 'OnDelete'")
    elif strategy["type"] == "OnDelete" and rolling is not None:
        why = "only allowed for updateStrategy 'RollingUpdate'"
        yield invalid("spec.updateStrategy.rollingUpdate", rolling, why)
    elif (partition := (strategy.get("rollingUpdate") or {}).get("partition", 0)) < 0:
        yield invalid("spec.updateStrategy.rollingUpdate.partition", partition, NEGATIVE)
    yield from _counts(spec, "minReadySeconds", "revisionHistoryLimit")
    yield from workload(obj)


def daemon_set(obj: Object) -> Iterator[Cause]:
    """Yield what is wrong with a DaemonSet."""
    spec = obj["spec"]
    yield from workload(obj)
    yield from _counts(spec, "minReadySeconds", "revisionHistoryLimit")
    strategy = spec["updateStrategy"]
    if strategy["type"] not in {"RollingUpdate", "OnDelete"}:
        shown = {"Type": strategy["type"], "RollingUpdate": _titled(strategy.get("rollingUpdate"))}
        yield unsupported("spec.updateStrategy", shown, ("RollingUpdate", "OnDelete"))
