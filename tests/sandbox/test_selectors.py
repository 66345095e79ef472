"""Selectors: what a LabelSelector, a labelSelector and a fieldSelector mean."""

import pytest

from receiver.sandbox import selectors
from receiver.sandbox.errors import ApiError
from receiver.sandbox.resources import DEPLOYMENTS, NAMESPACES, NODES, PODS, Resource

LABELS = {"app": "web", "tier": "front"}
EXPRESSIONS = [
    ({"key": "app", "operator": "In", "values": ["web", "db"]}, True),
    ({"key": "app", "operator": "In", "values": ["db"]}, False),
    ({"key": "gone", "operator": "NotIn", "values": ["db"]}, True),
    ({"key": "app", "operator": "NotIn", "values": ["web"]}, False),
    ({"key": "tier", "operator": "Exists"}, True),
    ({"key": "gone", "operator": "Exists"}, False),
    ({"key": "gone", "operator": "DoesNotExist"}, True),
    ({"key": "app", "operator": "DoesNotExist"}, False),
]
TEXTS = [
    ("", True),
    ("app=web", True),
    ("app==web,tier=front", True),
    ("app=web, tier=back", False),
    ("app!=web", False),
    ("gone!=x", True),
    ("app in (web, db)", True),
    ("app notin (web,db),tier", False),
    ("tier", True),
    ("gone", False),
    ("!gone", True),
    ("!app", False),
    ("app=", False),
    ("example.com/x notin (),app", True),
]


def test_no_selector_means_nothing_and_an_empty_one_everything() -> None:
    assert not selectors.matches(None, LABELS)
    assert selectors.matches({}, LABELS)


@pytest.mark.parametrize(("expression", "agrees"), EXPRESSIONS)
def test_an_expression_agrees_as_the_api_says(expression: dict[str, object], agrees: bool) -> None:
    selector = {"matchLabels": {"app": "web"}, "matchExpressions": [expression]}
    assert selectors.matches(selector, LABELS) is agrees


def test_every_label_of_a_selector_must_agree() -> None:
    assert selectors.matches({"matchLabels": LABELS}, LABELS)
    assert not selectors.matches({"matchLabels": {**LABELS, "more": "x"}}, LABELS)


@pytest.mark.parametrize(("text", "agrees"), TEXTS)
def test_a_label_selector_parameter_is_read_as_the_api_says(text: str, agrees: bool) -> None:
    assert selectors.label_test(text)({"metadata": {"labels": LABELS}}) is agrees


def test_an_object_without_labels_has_none() -> None:
    assert not selectors.label_test("app")({"metadata": {}})


@pytest.mark.parametrize("text", ["a===b", "a b", "a in (x", "=x", "a,,"])
def test_what_is_no_label_selector_is_refused(text: str) -> None:
    with pytest.raises(ApiError) as caught:
        selectors.label_test(text)
    assert caught.value.code == 400


def test_fields_select_by_equality_and_its_opposite() -> None:
    pod = {"metadata": {"name": "a", "namespace": "n"}, "status": {"phase": "Running"}}
    assert selectors.field_test(PODS, "metadata.name=a,status.phase!=Failed")(pod)
    assert not selectors.field_test(PODS, "status.phase==Failed")(pod)
    assert selectors.field_test(PODS, "spec.nodeName=")(pod)


def test_a_node_is_schedulable_unless_it_says_otherwise() -> None:
    assert selectors.field_test(NODES, "spec.unschedulable=false")({"metadata": {"name": "n"}})


@pytest.mark.parametrize(
    ("resource", "text", "said"),
    [
        (DEPLOYMENTS, "status.replicas=1", '"status.replicas" is not a known field selector'),
        (PODS, "spec.hostname=x", "field label not supported: spec.hostname"),
        (NAMESPACES, "metadata.namespace=x", "field label not supported: metadata.namespace"),
        (PODS, "metadata.name", "invalid selector"),
    ],
)
def test_a_field_that_does_not_select_is_refused(resource: Resource, text: str, said: str) -> None:
    with pytest.raises(ApiError, match=said) as caught:
        selectors.field_test(resource, text)
    assert caught.value.code == 400
