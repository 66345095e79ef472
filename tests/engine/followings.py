"""A following at the API server in memory, with a clock that a test sets, about Deployment shop/checkout."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from receiver.cluster.snapshots import SnapshotReader
from receiver.engine.desk import Desk
from receiver.engine.following import Following
from receiver.engine.resolutions import Resolutions
from receiver.policy.alerts import Alert, Status
from receiver.policy.podtemplate import template_digest
from receiver.policy.retention import DEFAULT, Limits
from receiver.policy.rules import Rule
from receiver.policy.times import format_precise, format_time
from tests.engine.builders import FOLDER, LABELS, desk, rule
from tests.kubernetes.fake import FakeApi
from tests.kubernetes.objects import UID, deployment, replica_set, shop, template

DAY = timedelta(days=1)
NOW = datetime.fromisoformat("2026-04-10T12:00:00+00:00")
SIX, SEVEN = (template_digest(template(f"checkout:{number}")) for number in (6, 7))
ALERT = Alert(Status.FIRING, LABELS, NOW - timedelta(minutes=2))
RECORD = f"checkout-abc-{SEVEN}"


@dataclass
class Scene:
    """What a test changes and looks at."""

    fake: FakeApi
    desk: Desk
    resolutions: Resolutions
    following: Following
    now: datetime = NOW

    def pass_by(self, **age: float) -> None:
        """Let time pass, and look."""
        self.now += timedelta(**age)
        self.following.look()

    def resolve(self, record: str | None = None, **changes: Any) -> None:
        """Hear that the alert has resolved just now."""
        ended = replace(ALERT, **{"status": Status.RESOLVED, "ends_at": self.now, **changes})
        self.resolutions.hear([ended], lambda _: record)

    def status(self, name: str = RECORD) -> Any:
        return self.fake.objects[f"{FOLDER}/{name}"]["status"]

    def aftermath(self, name: str = RECORD) -> Any:
        return self.status(name).get("aftermath")


def dry_run(fake: FakeApi, name: str = RECORD, *, made: datetime = NOW, **status: Any) -> Any:
    """A record that would have gone back from revision 7 to 6."""
    uid = status.pop("uid", UID)
    workload = status.pop("workload", "checkout")
    target = {"kind": "Deployment", "namespace": "shop", "name": workload, "uid": uid}
    starts_at = format_precise(ALERT.starts_at)
    entry = {"name": "HighErrorRate", "fingerprint": ALERT.fingerprint, "rule": "errors"}
    return fake.put(
        f"{FOLDER}/{name}",
        metadata={"name": name, "creationTimestamp": format_time(made)},
        spec={
            "target": target,
            "rule": "errors",
            "suspect": {"revision": 7},
            "alert": {"name": "HighErrorRate", "startsAt": starts_at, "fingerprint": ALERT.fingerprint},
        },
        status={
            "phase": "DryRun",
            "decision": {
                "rule": "errors",
                "mode": "dry-run",
                "at": format_precise(made),
                "to": {"revision": 6, "templateDigest": SIX},
            },
            "alerts": [{**entry, "startsAt": starts_at, "status": "firing"}],
            **status,
        },
    )


def release(fake: FakeApi, number: int, *, former: str = "") -> None:
    """Have revision 7 replaced by this one, six minutes after the alert; `former`: it is an older one."""
    image = f"checkout:{former or number}"
    at = format_time(NOW + timedelta(minutes=4))
    history = {"deployment.kubernetes.io/revision-history": former} if former else {}
    live = replica_set(
        number,
        image=image,
        name=f"checkout-hash{former or number}",
        created=None if former else at,
        replicas=3,
        annotations=history,
    )
    manager = {"manager": "kubectl", "time": at, "fieldsV1": {"f:spec": {"f:template": {}}}}
    old = [replica_set(n) for n in (5, 6, 7) if str(n) != former]
    shop(fake, *old, live, of=deployment(image, metadata={"managedFields": [manager]}))


@contextmanager
def followed(
    fake: FakeApi, *, lasting: timedelta = DAY, rules: tuple[Rule, ...] = (), limits: Limits = DEFAULT
) -> Iterator[Scene]:
    """A following that does not run; revision 7 is live, and a dry run about it is two minutes old."""
    shop(fake, *(replica_set(n) for n in (5, 6, 7)), of=deployment())
    dry_run(fake)
    with ThreadPoolExecutor(4) as pool:
        scene: Scene
        made = desk(fake, rules=rules or (rule(),))
        made = replace(made, reader=SnapshotReader(fake, made.records, pool), now=lambda: scene.now)
        resolutions = Resolutions(made)
        following = Following(made, resolutions, lasting=lasting, limits=limits)
        scene = Scene(fake, made, resolutions, following)
        yield scene
