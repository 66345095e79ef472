"""In dry-run, the default, the receiver decides, asks the server, and changes nothing."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.cluster import scenes
from tests.cluster.scenes import BAD, GOOD, Deploy, Object, Start, bad_release, rules
from tests.cluster.stories import Story, evidence, metric
from tests.testbed import workloads
from tests.testbed.api import ApiError
from tests.testbed.processes import wait_until

ADMISSION = "/apis/admissionregistration.k8s.io/v1"
SAYS = "version 1 has a hole, no way back"


def statement(story: Story) -> Object:
    """Return the Deployment without what its controller writes."""
    body = workloads.get(story.plane, story.namespace, "web")
    return {**{key: body["metadata"][key] for key in ("annotations", "labels")}, **body["spec"]}


@pytest.fixture
def policy(story: Story) -> Iterator[None]:
    """An admission policy that is in force and lets no Deployment of the test go back to the good release."""
    name = f"no-way-back-{story.namespace}"
    image = "object.spec.template.spec.containers.all(container, container.image != '{}')"
    spec = {
        "matchConstraints": {
            "resourceRules": [
                {
                    "apiGroups": ["apps"],
                    "apiVersions": ["v1"],
                    "operations": ["UPDATE"],
                    "resources": ["deployments"],
                }
            ]
        },
        "validations": [{"expression": image.format(GOOD), "message": SAYS}],
    }
    here = {"namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": story.namespace}}}
    binding = {"policyName": name, "validationActions": ["Deny"], "matchResources": here}
    create(story, "validatingadmissionpolicies", name, spec)
    create(story, "validatingadmissionpolicybindings", name, binding)
    yield
    for plural in ("validatingadmissionpolicybindings", "validatingadmissionpolicies"):
        story.plane.request("DELETE", f"{ADMISSION}/{plural}/{name}")


def create(story: Story, plural: str, name: str, spec: Object) -> None:
    story.plane.request("POST", f"{ADMISSION}/{plural}", {"metadata": {"name": name}, "spec": spec})


def is_refused(story: Story) -> bool:
    """Tell whether the policy is in force, by what the server says to a dry run of somebody else's."""
    containers = [{"name": workloads.CONTAINER, "image": GOOD}]
    body = {"spec": {"template": {"spec": {"containers": containers}}}}
    path = f"{workloads.path_of(story.namespace, 'web')}?dryRun=All"
    try:
        story.plane.request("PATCH", path, body, "application/strategic-merge-patch+json")
    except ApiError as e:
        return SAYS in str(e)
    return False


def test_nothing_is_changed_and_the_record_shows_what_would_be(
    story: Story, deploy: Deploy, release: Deploy, receiver: Start
) -> None:
    bad_release(deploy, release)
    before = statement(story)
    story.tell(receiver(rules(), mode=None))
    record = story.wait("DryRun")
    decision = record["status"]["decision"]
    assert (decision["mode"], decision["to"]["images"]) == ("dry-run", {"app": GOOD})
    assert {f"-  - image: {BAD}", f"+  - image: {GOOD}"} <= set(decision["diff"].splitlines())
    assert statement(story) == before
    (tried,) = scenes.patches(story.plane, story.namespace)
    assert (tried.code, tried.dry_run) == (200, True)
    assert scenes.events(story.plane, story.namespace) == []


@pytest.mark.real_only("the sandbox has no admission policies")
@pytest.mark.parametrize("mode", ["dry-run", "auto"])
def test_what_the_server_would_refuse_is_refused_with_its_words(
    story: Story, deploy: Deploy, release: Deploy, receiver: Start, policy: None, mode: str
) -> None:
    bad_release(deploy, release)
    wait_until("the policy is in force", lambda: is_refused(story), seconds=20)
    story.tell(receiver(rules(), mode=mode))
    ((guard, said),) = evidence(story.wait("Refused")).items()
    assert guard == "preflight"
    assert SAYS in said
    assert (story.patches(), story.spent()) == ([], [])


def test_a_rule_that_is_turned_to_auto_acts_on_the_next_repeat(
    story: Story, deploy: Deploy, release: Deploy, receiver: Start, tmp_path: Path
) -> None:
    bad_release(deploy, release)
    file = tmp_path / "rules.yaml"
    file.write_text(rules({"mode": "dry-run"}))
    running, alert = receiver(file), story.firing()
    since = scenes.version(story.plane, story.home)
    told = story.tell(running, alert)
    first = story.wait("DryRun")
    loaded = metric(running, "rules_last_reload_success_timestamp_seconds")
    file.write_text(rules({"mode": "auto"}))
    wait_until(
        "the new rules",
        lambda: metric(running, "rules_last_reload_success_timestamp_seconds") > loaded,
        seconds=10,
    )
    assert story.tell(running, alert) == told
    acted = story.wait("Verifying")
    entered = scenes.phases_since(story.plane, story.home, since)
    assert entered == ["DryRun", "Pending", "RollingBack", "Verifying"]
    assert acted["spec"] == first["spec"]
    assert (story.image(), len(story.patches())) == (GOOD, 1)
