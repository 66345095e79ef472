"""A whole engine at the API server in memory, with Deployment shop/checkout whose last release went bad."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

from receiver.engine.couriers import Outside
from receiver.engine.instance import Instance
from receiver.engine.rulebook import Rulebook
from receiver.engine.service import Engine
from receiver.policy.alerts import Alert, Payload, Status
from receiver.policy.context import Installation
from receiver.policy.intake import Accepted
from receiver.policy.rules import Mode, Rule, Ruleset
from receiver.prometheus import Prometheus
from tests.engine.builders import FOLDER, LABELS, eventually, payload, rule
from tests.kubernetes.fake import FakeApi
from tests.kubernetes.objects import SHOP, deployment, replica_set, shop

DEPLOYMENT = f"{SHOP}/deployments/checkout"


def ago(**age: float) -> str:
    return (datetime.now(UTC) - timedelta(**age)).strftime("%Y-%m-%dT%H:%M:%SZ")


def bad_release(fake: FakeApi) -> None:
    """Revision 7 is live since 6 minutes; 5 and 6 served for days before it."""
    shop(
        fake,
        replica_set(5, created=ago(days=9)),
        replica_set(6, created=ago(days=5)),
        replica_set(7, created=ago(minutes=6), replicas=3, available=3),
        of=deployment(),
    )


def firing(minutes: float = 2, *, status: Status = Status.FIRING, **labels: str) -> Alert:
    return Alert(status, {**LABELS, **labels}, datetime.now(UTC) - timedelta(minutes=minutes))


def message(*alerts: Alert) -> Payload:
    return payload(*(alerts or [firing()]))


def make_engine(
    fake: FakeApi,
    *rules: Rule,
    mode: Mode = Mode.AUTO,
    instance: Instance | None = None,
    prometheus: str | None = None,
    **outside: Any,
) -> Engine:
    """An engine that does not run yet; `prometheus` is the address of one to be asked."""
    ruleset = Ruleset(rules or (rule(),))
    book = Rulebook(lambda: ruleset, lambda: None)
    book.load()
    return Engine(
        fake,
        namespace="rollbacks",
        installation=Installation(mode=mode),
        rulebook=book,
        instance=instance or Instance("here:1"),
        outside=Outside(prometheus=None if prometheus is None else Prometheus(prometheus), **outside),
    )


@contextmanager
def working(engine: Engine) -> Iterator[Engine]:
    """Run an engine as long as the block takes."""
    engine.start()
    try:
        yield engine
    finally:
        engine.stop()
        _join(engine)


def _join(engine: Engine) -> None:
    """Wait for the rounds under way: what they publish or log is not to be the next test's."""
    for each in engine._background:
        thread = getattr(each, "_thread", None)
        if thread is not None:
            thread.join(10)


def take(engine: Engine, *alerts: Alert) -> Accepted:
    """Have an engine take a message in, of one alert that fires where none are given."""
    return engine.accept(message(*alerts), datetime.now(UTC))


def tell(engine: Engine, *alerts: Alert) -> str:
    """Have an engine take alerts in, and return the only record that they are in."""
    (name,) = take(engine, *alerts).records
    return name


def records(fake: FakeApi) -> dict[str, Any]:
    """The records by name."""
    return {
        place.rpartition("/")[2]: raw for place, raw in list(fake.objects.items()) if place.startswith(FOLDER)
    }


def the_record(fake: FakeApi) -> Any:
    """The only record."""
    (raw,) = records(fake).values()
    return raw


def phases(fake: FakeApi) -> list[str]:
    """The phases of all records."""
    return [(raw.get("status") or {}).get("phase", "") for raw in records(fake).values()]


def live_image(fake: FakeApi) -> str:
    return str(fake.objects[DEPLOYMENT]["spec"]["template"]["spec"]["containers"][0]["image"])


def roll_out(fake: FakeApi) -> None:
    """Do what the controller does: observe the newest generation, with everything available."""
    raw = fake.objects[DEPLOYMENT]
    fake.put(
        DEPLOYMENT,
        **{**raw, "status": {**raw["status"], "observedGeneration": raw["metadata"]["generation"]}},
    )


def decided(fake: FakeApi, *alerts: Alert, prometheus: str | None = None, for_minutes: float = 0) -> Any:
    """Have an engine take alerts in, wait for what it decides of the only record, and return its decision."""
    rules = rule(for_=timedelta(minutes=for_minutes))
    with working(make_engine(fake, rules, prometheus=prometheus)) as engine:
        take(engine, *alerts)
        eventually(lambda: phases(fake) in (["RollingBack"], ["Refused"]))
    return the_record(fake)["status"]["decision"]


def blamed(decision: Any) -> tuple[bool, str]:
    (verdict,) = [verdict for verdict in decision["verdicts"] if verdict["guard"] == "blame"]
    return verdict["allowed"], verdict["evidence"]
