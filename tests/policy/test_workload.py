"""What people call things: workloads, revisions, and what could not be read."""

from typing import Any

import pytest

from receiver.policy.targets import PodRef, ServiceRef
from receiver.policy.workload import Revision, Unreadable, WorkloadRef
from tests.policy.builders import CHECKOUT, revision, workload


def test_a_workload_has_a_name_for_people_and_one_for_commands() -> None:
    """Sentences say `Deployment shop/checkout`; commands and queries take KIND/NAMESPACE/NAME."""
    assert str(CHECKOUT) == "Deployment shop/checkout"
    assert CHECKOUT.path == "Deployment/shop/checkout"
    assert WorkloadRef("Deployment", "shop", "checkout") == CHECKOUT
    assert str(PodRef("shop", "checkout-1")) == "Pod shop/checkout-1"
    assert str(ServiceRef("shop", "checkout")) == "Service shop/checkout"


def test_what_cannot_be_read_says_what_and_why() -> None:
    """A guard that blocks for it repeats these words."""
    assert str(Unreadable("namespace shop", "403 Forbidden")) == "cannot read namespace shop: 403 Forbidden"


def test_a_revision_is_called_by_its_number_as_soon_as_it_has_one() -> None:
    """The controller numbers the live template a moment after it was set."""
    assert revision(7).label == "revision 7"
    assert revision(None).label == "the new revision"


@pytest.mark.parametrize(
    ("template", "images"),
    [
        pytest.param(
            {"spec": {"containers": [{"name": "web", "image": "a:1"}, {"name": "log", "image": "b:2"}]}},
            {"web": "a:1", "log": "b:2"},
            id="two",
        ),
        pytest.param({"spec": {"containers": [{"name": "web"}]}}, {"web": ""}, id="no-image"),
        pytest.param({"spec": {"containers": None}}, {}, id="containers-null"),
        pytest.param({"spec": None}, {}, id="spec-null"),
        pytest.param({}, {}, id="nothing"),
    ],
)
def test_images_are_by_container(template: dict[str, Any], images: dict[str, str]) -> None:
    """A template that lacks parts has fewer images, and is no error."""
    assert Revision(number=1, template=template).images == images


def test_an_annotation_that_is_not_there_is_none() -> None:
    """Also where the object has no annotations at all."""
    assert workload(annotations={"a": "b"}).annotation("a") == "b"
    assert workload(annotations={"a": "b"}).annotation("c") is None
    assert workload(annotations=None).annotation("a") is None
