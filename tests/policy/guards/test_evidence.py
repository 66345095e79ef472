"""What each guard tells the on-call, to the letter: its name, its reason and its evidence belong together."""

from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import yaml

from receiver.policy.bystanders import Bystanders
from receiver.policy.context import Installation
from receiver.policy.guards import GUARDS
from receiver.policy.inventory import Seen
from receiver.policy.needs import Item, ItemKind
from receiver.policy.ownership import KUSTOMIZE, RECONCILE, RELEASE, RELEASE_NAMESPACE, TRACKING_ID
from receiver.policy.record import BARRIER_ANNOTATION
from receiver.policy.rules import Gitops, Mode, Schedule
from receiver.policy.spans import months
from receiver.policy.timeintervals import TimeInterval
from receiver.policy.workload import Workload, WorkloadRef
from tests.policy.builders import (
    DAY,
    FORBIDDEN,
    HOUR,
    NOW,
    SECOND,
    alert,
    context,
    past,
    revision,
    rule,
    template,
    workload,
)

TRACKED = {TRACKING_ID: "app:apps/Deployment:shop/checkout"}
FLUX = {f"{KUSTOMIZE}/name": "shop", f"{KUSTOMIZE}/namespace": "flux-system"}
HELM = {
    "annotations": {RELEASE: "web", RELEASE_NAMESPACE: "shop"},
    "labels": {"app.kubernetes.io/managed-by": "Helm"},
}
CONFIGS = [Item(ItemKind.CONFIG_MAP, "shop", f"c{number}") for number in range(7)]
JUNE, JULY, MAY = (TimeInterval(months=(months(name),)) for name in ("june", "july", "may"))


def barrier(text: str, **changes: Any) -> dict[str, Any]:
    return {"workload": workload(annotations={BARRIER_ANNOTATION: text}, **changes)}


def needing(*items: Item, secret: str = "", **changes: Any) -> Workload:
    """The workload, whose revision 6 needs ConfigMaps, and a Secret where one is named."""
    volumes: list[dict[str, Any]] = [{"name": one.name, "configMap": {"name": one.name}} for one in items]
    volumes += [{"name": "secret", "secret": {"secretName": secret}}] if secret else []
    return workload(revisions=(revision(6, template=template("checkout:6", volumes=volumes), **changes),))


def there(*items: Item, written: datetime | None = None, **changes: Any) -> dict[str, Any]:
    return {
        "workload": needing(*items, **changes),
        "inventory": dict.fromkeys(items, Seen(changed_at=written)),
    }


def undeployed(count: int, age: timedelta = timedelta(0)) -> dict[str, Any]:
    refs = tuple(WorkloadRef("Deployment", "shop", f"w{number}") for number in range(count))
    return {"bystanders": Bystanders(refs, age), "rule": rule(systemic=9)}


def scheduled(**lists: tuple[TimeInterval, ...]) -> dict[str, Any]:
    return {"rule": rule(schedule=Schedule(**lists))}


SITUATIONS: dict[str, dict[str, dict[str, Any]]] = {
    "firing": {
        "just-received": {},
    },
    "paused": {
        "off": {},
        "cannot-tell": {"ledger": FORBIDDEN},
    },
    "scope": {
        "in-scope": {},
        "lowered": {"rule": rule(mode=Mode.OFF), "installation": Installation(Mode.OFF)},
        "protected": {"workload": workload(ref=WorkloadRef("Deployment", "kube-system", "dns"))},
    },
    "workload_paused": {
        "not-paused": {},
        "rollout": {"workload": workload(ref=WorkloadRef("Rollout", "shop", "web"), paused=True)},
    },
    "blame": {
        "cannot-tell-when": {"workload": workload(live=revision(7, live_since=None))},
        "cannot-tell-whose": {"alerts": (alert(pod="a"),), "pods": FORBIDDEN},
        "pods-of-nobody": {"alerts": (alert(pod="a"),)},
        "three-unknown-to-prometheus": {"active_since": {}, "alerts": tuple(map(alert, "ABC"))},
        "four-unknown-to-prometheus": {"active_since": {}, "alerts": tuple(map(alert, "ABCD"))},
    },
    "systemic": {
        "off": {"rule": rule(systemic=None)},
        "none": undeployed(0),
        "three": undeployed(3),
        "four": undeployed(4),
        "read-a-moment-ago": undeployed(1, 9 * SECOND),
        "read-a-while-ago": undeployed(1, 10 * SECOND),
    },
    "cooldown": {
        "never": {},
        "over": {"past": (past(),)},
    },
    "budget": {
        "off": {"rule": rule(budget=None)},
        "left": {},
    },
    "flip_flop": {
        "not-ours": {},
    },
    "settled": {
        "new": {},
    },
    "history": {
        "chosen": {},
    },
    "barrier": {
        "none": {},
        "unclear": barrier("soon"),
        "no-choice": barrier("7", revisions=()),
        "unknown-number": barrier("7: why", revisions=(revision(None),)),
        "crossed": barrier("7: why"),
        "held": barrier("6: why"),
    },
    "gitops": {
        "nobody": {},
        "cannot-tell": {"workload": workload(annotations={TRACKING_ID: "?"})},
        "helm": {"workload": workload(**HELM)},
        "two-owners": {"workload": workload(annotations=TRACKED, labels=FLUX)},
        "warned": {"workload": workload(annotations=TRACKED, labels=FLUX), "rule": rule(gitops=Gitops.WARN)},
        "paused-already": {"workload": workload(annotations={RECONCILE: "disabled"}, labels=FLUX)},
    },
    "stale": {
        "fresh": {},
        "old": {"alerts": (alert(age=2 * HOUR), alert(age=3 * HOUR))},
    },
    "schedule": {
        "none": {},
        "frozen": scheduled(mute=(JUNE, MAY)),
        "active": scheduled(active=(JUNE, MAY)),
        "not-active": scheduled(active=(JUNE, JULY)),
        "no-freeze": scheduled(mute=(JUNE,)),
        "three-freezes": scheduled(mute=(JUNE, JULY, JUNE)),
        "four-freezes": scheduled(mute=(JUNE, JULY, JUNE, JULY)),
    },
    "preflight": {
        "no-choice": {"workload": workload(revisions=())},
        "nothing-needed": {},
        "gone": {"workload": needing(*CONFIGS[:2]), "inventory": dict.fromkeys(CONFIGS[:2])},
        "cannot-tell": {"workload": needing(CONFIGS[0]), "inventory": {CONFIGS[0]: FORBIDDEN}},
        "five": there(*CONFIGS[:5]),
        "six": there(*CONFIGS[:6]),
        "secret": there(CONFIGS[0], secret="key", written=NOW - DAY, left_at=NOW - 2 * DAY),
    },
}
TOLD = yaml.safe_load((Path(__file__).parent / "evidence.yaml").read_text())
WORDS = {True: "allow", False: "block", None: "not judged"}


@pytest.mark.parametrize(
    ("guard", "name"), [(guard, name) for guard, names in SITUATIONS.items() for name in names]
)
def test_guard_tells_what_it_found(guard: str, name: str) -> None:
    (module,) = [one for one in GUARDS if guard == one.GUARD]
    verdict = module.judge(context(**SITUATIONS[guard][name]))
    said = {"verdict": WORDS[verdict.allowed], "reason": verdict.reason.value, "evidence": verdict.evidence}
    warned = {} if verdict.warning is None else {"warning": verdict.warning}
    assert verdict.guard == guard
    assert said | warned == TOLD[guard][name]


def test_every_situation_is_told_of_every_guard_that_judges_workloads() -> None:
    """And nothing is told that no guard says any more."""
    assert {guard: set(names) for guard, names in TOLD.items()} == {
        guard: set(names) for guard, names in SITUATIONS.items()
    }
    assert set(SITUATIONS) == {guard.GUARD for guard in GUARDS} - {"target"}
