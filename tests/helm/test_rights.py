"""What the chart grants is what the receiver says it needs, and what `doctor` looks for: nothing more."""

from itertools import combinations
from typing import Any

import pytest

from receiver.cluster import rights
from receiver.cluster.ledger import NAME as LEDGER
from receiver.policy.vocabulary import Kind
from tests.cluster.test_rights import NEEDED
from tests.helm.charts import NAMESPACE, granted, render
from tests.helm.matrix import KINDS

ALL_KINDS = [list(some) for number in range(1, 5) for some in combinations(KINDS, number)]
PODS = (("", "pods", "create"),)


def needed(
    kinds: list[str], namespaces: list[str], *further: tuple[str, str, str]
) -> set[tuple[str, str, str, str, str]]:
    """Return what the receiver says that it needs, as `granted` does; what is got twice is granted once."""
    own = [*rights.rights(rights.OF_RECORDS, NAMESPACE)]
    own += rights.rights(rights.OF_LEDGER, NAMESPACE, name=LEDGER)
    for place in namespaces or [""]:
        own += rights.rights((*rights.of_workloads(kinds), *further), place or None)
    found = {(one.namespace or "", one.group, one.resource, one.verb, one.name or "") for one in own}
    everywhere = {(group, resource, verb) for place, group, resource, verb, _ in found if not place}
    return {one for one in found if not (one[4] and one[1:4] in everywhere)}


@pytest.mark.parametrize("kinds", ALL_KINDS, ids=" ".join)
def test_kinds_get_what_they_need(kinds: list[str]) -> None:
    assert granted(render({"kinds": kinds})) == needed(kinds, [])


@pytest.mark.parametrize("places", [["shop"], ["shop", "blog"]], ids=" ".join)
def test_namespaces_get_the_same_each(places: list[str]) -> None:
    objects = render({"scope": "namespaces", "namespaces": places})
    assert granted(objects) == needed(["Deployment", "StatefulSet", "DaemonSet"], places)


@pytest.mark.parametrize(
    ("switched_on", "further"),
    [
        pytest.param({"targets": {"services": True}}, rights.SERVICES, id="services"),
        pytest.param({"preflight": {"secrets": True}}, rights.SECRETS, id="secrets"),
        pytest.param(
            {"config": {"defaults": {"preflight": {"secrets": True}}}},
            rights.SECRETS,
            id="secrets, by a default",
        ),
        pytest.param({"preflight": {"pods": True}}, PODS[0], id="pods"),
    ],
)
def test_features_get_one_right_each(switched_on: dict[str, Any], further: tuple[str, str, str]) -> None:
    assert granted(render({"kinds": KINDS, **switched_on})) == needed(KINDS, [], further)


def test_services_are_found_among_rollouts_that_it_may_not_touch() -> None:
    """Where Argo Rollouts is served it lists them too: without that right every Service would be Refused."""
    three = ["Deployment", "StatefulSet", "DaemonSet"]
    services = {"targets": {"services": True}}
    listing = ("argoproj.io", "rollouts", "list")
    assert granted(render({"kinds": three, **services})) == needed(three, [], rights.SERVICES, listing)


def test_nothing_is_granted_where_the_user_does_it() -> None:
    assert granted(render({"rbac": {"create": False}})) == set()


def test_no_rule_grants_everything() -> None:
    """No wildcard, and none of the rights by which others are got."""
    everything = granted(render({"kinds": KINDS, "targets": {"services": True}, "preflight": {"pods": True}}))
    assert "*" not in {part for one in everything for part in one}
    assert not {"escalate", "bind", "impersonate", "deletecollection"} & {verb for *_, verb, _ in everything}


def test_receivers_of_the_other_tests_have_the_same_rights() -> None:
    """As tests/cluster/test_rights.py grants them; Rollouts have tests of their own."""
    three = needed(
        [kind for kind in Kind if kind != Kind.ROLLOUT], [], rights.SERVICES, rights.SECRETS, *PODS
    )
    assert {(group, resource, verb) for _, group, resource, verb, _ in three} == {
        (group, resource, verb) for (group, resource), verbs in NEEDED.items() for verb in verbs
    }
