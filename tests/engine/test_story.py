"""The way of an alert through a whole engine, at an API server in memory that fails at will."""

from collections.abc import Callable

import pytest

from receiver.cluster.errors import ClusterError, Conflict, Forbidden, Invalid, Unavailable
from receiver.engine.instance import Instance
from receiver.policy.alerts import Status
from receiver.policy.intake import NotPersisted
from receiver.policy.rules import Mode
from tests.engine.builders import eventually
from tests.engine.engines import (
    DEPLOYMENT,
    ago,
    bad_release,
    firing,
    live_image,
    make_engine,
    phases,
    records,
    roll_out,
    take,
    the_record,
    working,
)
from tests.kubernetes.fake import FakeApi


def once(method: str, ending: str, fault: ClusterError) -> Callable[[str, str], None]:
    """Fail the first such call."""
    left = [fault]

    def before(called: str, path: str) -> None:
        if called == method and path.endswith(ending) and left:
            raise left.pop()

    return before


def test_bad_release_is_rolled_back_once_and_proves_itself(fake: FakeApi) -> None:
    """From the alert to Succeeded: one record, one patch, however often the alert is told."""
    bad_release(fake)
    given = firing()
    with working(make_engine(fake)) as engine:
        for _ in range(3):
            assert len(take(engine, given).records) == 1
        eventually(lambda: live_image(fake) == "checkout:6")
        eventually(lambda: phases(fake) == ["RollingBack"])
        roll_out(fake)
        eventually(lambda: phases(fake) == ["Verifying"])
        cleared = firing(status=Status.RESOLVED)
        assert take(engine, cleared).accepted == 1
        eventually(lambda: phases(fake) == ["Succeeded"])
    patches = [path for method, path in fake.calls if method == "PATCH"]
    assert patches == [DEPLOYMENT] * 2, "a dry run and the patch"
    raw = the_record(fake)
    assert raw["status"]["decision"]["to"]["revision"] == 6
    assert {"holder", "renewTime"}.isdisjoint(raw["status"])


@pytest.mark.parametrize(
    ("mode", "phase"), [(Mode.DRY_RUN, "DryRun"), (Mode.OFF, None)], ids=["dry-run", "off"]
)
def test_nothing_is_patched_below_auto(fake: FakeApi, mode: Mode, phase: str | None) -> None:
    """A dry run leaves a record; off leaves nothing."""
    bad_release(fake)
    with working(make_engine(fake, mode=mode)) as engine:
        found = take(engine)
        assert found.accepted == (0 if phase is None else 1)
        eventually(lambda: phases(fake) == ([] if phase is None else [phase]))
    assert live_image(fake) == "checkout:7"


@pytest.mark.parametrize(
    ("method", "ending"),
    [
        pytest.param("GET", "/deployments/checkout", id="read"),
        pytest.param("GET", "/replicasets", id="history"),
        pytest.param("GET", "/namespaces/shop", id="namespace"),
        pytest.param("POST", "/rollbacks", id="create"),
        pytest.param("POST", "/configmaps", id="ledger"),
    ],
)
def test_fault_before_the_record_is_decided_asks_for_a_repeat(
    fake: FakeApi, method: str, ending: str
) -> None:
    """Nothing accepted is lost: an error now, and the repeat is carried out, once."""
    bad_release(fake)
    with working(make_engine(fake)) as engine:
        fake.before = once(method, ending, Unavailable("no answer"))
        with pytest.raises(NotPersisted):
            take(engine)
        take(engine)
        eventually(lambda: live_image(fake) == "checkout:6")
    assert len(records(fake)) == 1
    assert fake.objects[DEPLOYMENT]["metadata"]["generation"] == 8


class Patching:
    """Meddles with the real patch, which is the second call after the dry run."""

    def __init__(self, meddle: Callable[[], None]) -> None:
        self.meddle = meddle
        self.patches = 0

    def __call__(self, method: str, _path: str) -> None:
        if method == "PATCH":
            self.patches += 1
            if self.patches == 2:
                self.meddle()


def fail(fault: ClusterError) -> Callable[[], None]:
    def meddle() -> None:
        raise fault

    return meddle


@pytest.mark.parametrize(
    "fault",
    [
        pytest.param(Invalid("422", causes=()), id="generation-moved"),
        pytest.param(Conflict("409", code=409), id="conflict"),
        pytest.param(Unavailable("no answer"), id="no-answer"),
    ],
)
def test_patch_that_did_not_hold_is_judged_and_made_again(fake: FakeApi, fault: ClusterError) -> None:
    """An autoscaler or a status update came in between; the suspect is the same."""
    bad_release(fake)
    fake.before = Patching(fail(fault))
    with working(make_engine(fake)) as engine:
        take(engine)
        eventually(lambda: phases(fake) == ["RollingBack"], seconds=20)
    assert live_image(fake) == "checkout:6"
    assert fake.objects[DEPLOYMENT]["metadata"]["generation"] == 8


@pytest.mark.parametrize(
    "fault",
    [
        pytest.param(Invalid("422", causes=("spec is wrong",)), id="invalid"),
        pytest.param(Forbidden("no", code=403), id="forbidden"),
    ],
)
def test_patch_that_is_refused_fails_and_costs_no_budget(fake: FakeApi, fault: ClusterError) -> None:
    """It would be refused again."""
    bad_release(fake)
    fake.before = Patching(fail(fault))
    with working(make_engine(fake)) as engine:
        take(engine)
        eventually(lambda: phases(fake) == ["Failed"])
        ledger = "/api/v1/namespaces/rollbacks/configmaps/rollback-receiver"
        eventually(lambda: fake.objects[ledger]["data"]["rollbacks"] == "")
    assert live_image(fake) == "checkout:7"


def test_release_in_between_is_not_overwritten(fake: FakeApi) -> None:
    """Never over somebody's work: the record is Superseded."""
    bad_release(fake)

    def release() -> None:
        raw = fake.objects[DEPLOYMENT]
        containers = [{"name": "web", "image": "checkout:8"}]
        template = {**raw["spec"]["template"], "spec": {"containers": containers}}
        metadata = {**raw["metadata"], "generation": raw["metadata"]["generation"] + 1}
        fake.put(DEPLOYMENT, **{**raw, "metadata": metadata, "spec": {**raw["spec"], "template": template}})

    fake.before = Patching(release)
    with working(make_engine(fake)) as engine:
        take(engine)
        eventually(lambda: phases(fake) == ["Superseded"])
    assert live_image(fake) == "checkout:8"


def test_next_run_takes_over_and_finds_the_patch_made(fake: FakeApi) -> None:
    """Killed between the patch and the record: the workload's annotation tells, and nothing is done twice."""
    bad_release(fake)
    with working(make_engine(fake, instance=Instance("here:1", "one"))) as engine:
        take(engine)
        eventually(lambda: phases(fake) == ["RollingBack"])
    ((name, raw),) = records(fake).items()
    lost = {"phase": "Pending", "holder": "here:1/one", "renewTime": ago(seconds=1)}
    place = next(path for path in fake.objects if path.endswith(name))
    fake.put(place, **{**raw, "status": lost})
    patches = fake.made("PATCH")
    with working(make_engine(fake, instance=Instance("here:1", "two"))):
        eventually(lambda: phases(fake) == ["RollingBack"])
        status = fake.objects[place]["status"]
        assert status["holder"] == "here:1/two"
        assert status["decision"]["to"]["revision"] == 6
    assert fake.made("PATCH") == patches
    assert fake.objects[place]["status"]["holder"] == "", "handed over at the end"


def test_alert_without_a_target_is_a_record_for_people(fake: FakeApi) -> None:
    """One for each rule and reason; it costs nothing of the budget."""
    bad_release(fake)
    with working(make_engine(fake)) as engine:
        take(engine, firing(deployment="gone"), firing(deployment="gone-too"))
    (name,) = records(fake)
    assert name == "errors-target-not-found"
    assert records(fake)[name]["status"]["occurrences"] == 2
    assert phases(fake) == ["Refused"]
