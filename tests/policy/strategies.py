"""Generated workloads, pasts, alerts and rules: many of them odd, most of them near a decision."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

from hypothesis import strategies as st

from receiver.policy.alerts import Alert
from receiver.policy.bystanders import Bystanders
from receiver.policy.context import Installation, StillFiring
from receiver.policy.decision import Match, Snapshot
from receiver.policy.inventory import Seen
from receiver.policy.ledger import KEPT_FOR, Ledger, Pause, Spending
from receiver.policy.needs import Item, ItemKind
from receiver.policy.ownership import KUSTOMIZE, RECONCILE, TRACKING_ID
from receiver.policy.record import PastRollback, Phase, Review, record_name
from receiver.policy.rules import Budget, Gitops, Mode, Over, Rollback, Rule, Schedule, To
from receiver.policy.spans import months, weekdays
from receiver.policy.timeintervals import TimeInterval
from receiver.policy.workload import Revision, Unreadable, Workload, WorkloadRef
from tests.policy.builders import (
    CHECKOUT,
    DAY,
    HOUR,
    MINUTE,
    NOW,
    alert,
    annotated,
    revision,
    rule,
    template,
    workload,
)

AGES = st.sampled_from([MINUTE, 2 * MINUTE, 5 * MINUTE])
SPANS = st.sampled_from([timedelta(0), MINUTE, 5 * MINUTE, 20 * MINUTE, HOUR, 3 * HOUR, 2 * DAY, -MINUTE])
LENGTHS = st.sampled_from([timedelta(0), MINUTE, 10 * MINUTE, HOUR, 400 * DAY])
TIMES = SPANS.map(lambda span: NOW - span)
UNREADABLE = st.just(Unreadable("something", "403 Forbidden"))
CONFIG = Item(ItemKind.CONFIG_MAP, "shop", "config")
NEEDING = {"volumes": [{"name": "config", "configMap": {"name": CONFIG.name}}]}
STATES = (UNREADABLE | st.none() | st.builds(Seen, changed_at=TIMES)).map(lambda state: {CONFIG: state})
MODES = [Mode.OFF, Mode.DRY_RUN, Mode.AUTO]
HASHES = [f"hash{number}" for number in range(1, 6)]
BARRIERS = ["3: a", "5", "6: b", "9", "2026-04-29: c", "2026-05-01T11:00:00Z", "2030-01-01", "soon", ""]
OWNED: list[dict[str, str]] = [
    {TRACKING_ID: "shop:apps/Deployment:shop/checkout"},
    {TRACKING_ID: "shop:apps/Deployment:shop/another"},
    {TRACKING_ID: "?"},
    {RECONCILE: "disabled"},
]
FLUX = {f"{KUSTOMIZE}/name": "shop", f"{KUSTOMIZE}/namespace": "flux-system"}


def mostly(usual: st.SearchStrategy[Any], odd: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    """The usual eleven times of twelve; the simplest example is a usual one."""
    return st.integers(0, 11).flatmap(lambda dice: odd if dice == 11 else usual)


@st.composite
def revisions(draw: st.DrawFn, number: int | None) -> Revision:
    """A revision of which this and that is known; some share a template with another."""
    image = draw(mostly(st.just(number), st.integers(1, 3)))
    return revision(
        number,
        template=template(f"checkout:{image}", **draw(mostly(st.just({}), st.just(NEEDING)))),
        template_hash=draw(mostly(st.just(number and f"hash{number}"), st.none())),
        former_numbers=draw(mostly(st.just(()), st.tuples(st.integers(1, 5)))),
        lowest_number=draw(mostly(st.none(), st.integers(1, 5))),
        live_since=draw(mostly(TIMES, st.none())),
        first_live_since=draw(mostly(st.none(), TIMES)),
        soak=draw(mostly(st.just(DAY), st.none() | LENGTHS)),
        available=draw(mostly(st.none() | st.just(True), st.just(False))),
    )


@st.composite
def workloads(draw: st.DrawFn) -> Workload:
    """A workload whose live revision is mostly its newest, and recent."""
    numbers = draw(st.lists(st.integers(1, 5), unique=True, max_size=5))
    older = tuple(draw(revisions(number)) for number in numbers)
    live = draw(revisions(draw(mostly(st.just(6), st.sampled_from([None, 0])))))
    modes = st.sampled_from(["off", "dry-run", "approve", "auto", "nonsense"]).map(
        lambda mode: annotated(mode=mode)
    )
    barriers = st.sampled_from(BARRIERS).map(lambda barrier: annotated(barrier=barrier))
    return workload(
        ref=replace(
            CHECKOUT, kind=draw(mostly(st.just("Deployment"), st.sampled_from(["StatefulSet", "DaemonSet"])))
        ),
        on_delete=draw(mostly(st.just(False), st.just(True))),
        partition=draw(mostly(st.just(0), st.integers(1, 9))),
        labels=draw(mostly(st.sampled_from([None, {}]), st.just(FLUX))),
        live=replace(live, live_since=draw(mostly(st.just(NOW - 6 * MINUTE), st.just(live.live_since)))),
        revisions=draw(mostly(st.just(older), UNREADABLE)),
        paused=draw(mostly(st.just(False), st.just(True))),
        annotations=draw(st.sampled_from([None, {}]) | barriers | mostly(modes, st.sampled_from(OWNED))),
        namespace_annotations=draw(mostly(st.sampled_from([None, {}]), modes | UNREADABLE)),
    )


@st.composite
def pasts(draw: st.DrawFn, of: Workload) -> tuple[PastRollback, ...]:
    """Records and annotations, about these revisions and about others."""
    known = [of.live, *(() if isinstance(of.revisions, Unreadable) else of.revisions)]
    names = [record_name(of.ref.name, of.uid, one.digest) for one in known]
    one = st.builds(
        PastRollback,
        record=st.sampled_from([*names, "gone"]),
        target=st.just(of.ref),
        rule=st.just("errors"),
        phase=st.sampled_from([None, *Phase]),
        from_hash=st.sampled_from([None, *HASHES]),
        to_hash=st.sampled_from([None, *HASHES, "hash6"]),
        patched_at=st.none() | TIMES,
        review=st.sampled_from([None, *Review]),
    )
    return tuple(draw(st.just([]) | st.lists(one, max_size=3)))


@st.composite
def snapshots(draw: st.DrawFn) -> Snapshot:
    """A workload, and what was done to it before."""
    of = draw(workloads())
    inventory = draw(mostly(st.just({CONFIG: Seen()}), st.just({}) | STATES))
    return Snapshot(of, draw(mostly(pasts(of), UNREADABLE)), inventory=inventory)


ALERTS: st.SearchStrategy[list[Alert]] = st.lists(
    st.builds(
        alert, st.sampled_from(["", "A", "B"]), age=mostly(AGES, SPANS), pod=st.sampled_from(["1", "2", "3"])
    ),
    min_size=1,
    max_size=4,
)
ROLLBACKS = st.builds(
    Rollback, to=st.sampled_from([To.LAST_GOOD, To.PREVIOUS]) | st.integers(1, 7), soak=mostly(AGES, LENGTHS)
)
WINDOWS = LENGTHS.filter(lambda length: length <= KEPT_FOR)
BUDGETS = st.builds(Budget, max=st.integers(1, 3), per=WINDOWS, over=st.sampled_from(Over))


INTERVALS = st.lists(
    st.sampled_from(
        [TimeInterval(), TimeInterval(weekdays=(weekdays("friday"),)), TimeInterval(months=(months("june"),))]
    ),
    max_size=2,
).map(tuple)
SCHEDULES = st.builds(Schedule, active=INTERVALS, mute=INTERVALS)


def rules(name: str) -> st.SearchStrategy[Rule]:
    """A rule of that name."""
    return st.builds(
        rule,
        st.just(name),
        mode=mostly(st.just(Mode.AUTO), st.sampled_from(MODES)),
        for_=mostly(st.sampled_from([None, timedelta(0)]), LENGTHS),
        rollback=ROLLBACKS,
        deployed_within=mostly(st.just(30 * MINUTE), LENGTHS),
        cooldown=mostly(AGES, LENGTHS),
        max_alert_age=mostly(st.just(HOUR), LENGTHS),
        budget=mostly(st.none(), BUDGETS),
        systemic=mostly(st.just(5), st.none() | st.integers(2, 6)),
        schedule=mostly(st.just(Schedule()), SCHEDULES),
        gitops=st.sampled_from(Gitops),
    )


STILL_FIRING = mostly(st.just(StillFiring.NOT_LATE), st.sampled_from(StillFiring) | UNREADABLE)


@st.composite
def matched(draw: st.DrawFn) -> list[Match]:
    """One to three rules, each with the alerts that it matched, and what is known of them at a late act."""
    names = ["one", "two", "three"][: draw(st.integers(1, 3))]
    return [Match(draw(rules(name)), tuple(draw(ALERTS)), draw(STILL_FIRING)) for name in names]


SPENDINGS = st.builds(
    Spending,
    record=st.sampled_from(["a", "b", "c"]),
    target=st.sampled_from([CHECKOUT, WorkloadRef("Deployment", "shop", "cart")]),
    rule=st.sampled_from(["one", "two"]),
    at=TIMES,
)
LEDGERS = mostly(
    st.builds(
        Ledger,
        st.lists(SPENDINGS, max_size=4).map(tuple),
        mostly(st.none(), st.just(Pause(NOW, "ada", "exercise"))),
    ),
    UNREADABLE,
)
BYSTANDERS = mostly(
    st.just(()),
    st.integers(0, 6).map(lambda n: tuple(WorkloadRef("Deployment", "shop", f"w{i}") for i in range(n))),
)
SURROUNDINGS = st.fixed_dictionaries(
    {
        "ledger": LEDGERS,
        "bystanders": mostly(st.builds(Bystanders, BYSTANDERS, LENGTHS), UNREADABLE),
        "installation": st.builds(
            Installation,
            mode=mostly(st.just(Mode.AUTO), st.sampled_from(MODES)),
            namespaces=mostly(st.just(frozenset()), st.just(frozenset({"blog"}))),
        ),
        "now": st.just(NOW),
    }
)
