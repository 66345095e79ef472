"""A ValidatingAdmissionPolicy for tests: no image of this name, in pods or in Deployments."""

from collections.abc import Iterator
from contextlib import contextmanager

from tests.cluster.scenes import GOOD, Object
from tests.cluster.stories import Story
from tests.testbed import workloads
from tests.testbed.api import ApiError

ADMISSION = "/apis/admissionregistration.k8s.io/v1"
SAYS = "version 1 has a hole, no way back"
TEMPLATE = {"pods": "object.spec", "deployments": "object.spec.template.spec"}


@contextmanager
def policy(story: Story, plural: str, *, forbids: str) -> Iterator[None]:
    """Let no object of this kind in that has this image, until the block ends; it begins a little later."""
    name = f"no-way-back-{story.namespace}"
    group = "" if plural == "pods" else "apps"
    matched = {
        "apiGroups": [group],
        "apiVersions": ["v1"],
        "operations": ["CREATE", "UPDATE"],
        "resources": [plural],
    }
    expression = f"{TEMPLATE[plural]}.containers.all(container, container.image != '{forbids}')"
    spec = {
        "matchConstraints": {"resourceRules": [matched]},
        "validations": [{"expression": expression, "message": SAYS}],
    }
    here = {"namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": story.namespace}}}
    binding = {"policyName": name, "validationActions": ["Deny"], "matchResources": here}
    _create(story, "validatingadmissionpolicies", name, spec)
    _create(story, "validatingadmissionpolicybindings", name, binding)
    try:
        yield
    finally:
        for kind in ("validatingadmissionpolicybindings", "validatingadmissionpolicies"):
            story.plane.request("DELETE", f"{ADMISSION}/{kind}/{name}")


def _create(story: Story, plural: str, name: str, spec: Object) -> None:
    story.plane.request("POST", f"{ADMISSION}/{plural}", {"metadata": {"name": name}, "spec": spec})


def is_in_force(story: Story, plural: str) -> bool:
    """Tell whether the policy forbids the good release, by the server's word on somebody else's dry run."""
    body = workloads.deployment("tried", GOOD)
    folder = workloads.path_of(story.namespace)
    if plural == "pods":
        folder = f"/api/v1/namespaces/{story.namespace}/pods"
        body = {"metadata": {"name": "tried"}, "spec": body["spec"]["template"]["spec"]}
    try:
        story.plane.request("POST", f"{folder}?dryRun=All", body)
    except ApiError as e:
        return SAYS in str(e)
    return False
