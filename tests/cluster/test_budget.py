"""However many workloads are in trouble, and however many receivers hear of it: only so many patches."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from tests.cluster import scenes
from tests.cluster.receivers import payload
from tests.cluster.scenes import BAD, GOOD, TOLD_ALREADY, Deploy, Object, Start
from tests.cluster.stories import Story, evidence, guards, release_all

WORKLOADS = [f"web-{number}" for number in range(10)]


def one_by_one(story: Story) -> list[Any]:
    return [payload(story.firing(name)) for name in WORKLOADS]


def together(story: Story) -> list[Any]:
    return [payload(*(story.firing(name) for name in WORKLOADS))]


@pytest.mark.parametrize(
    ("payloads", "over"),
    [
        pytest.param(one_by_one, "cluster", id="ten-payloads"),
        pytest.param(together, "namespace", id="one-payload", marks=TOLD_ALREADY),
    ],
)
def test_a_budget_of_three_makes_three_patches_over_two_receivers(
    story: Story, deploy: Deploy, release: Deploy, receiver: Start, payloads: Any, over: str
) -> None:
    """Both hear of all ten at once; what the API server has been sent is counted."""
    release_all(story, WORKLOADS, deploy, release)
    rules = scenes.rules(guards(budget={"max": 3, "per": "1h", "over": over}))
    receivers, sent = [receiver(rules), receiver(rules)], payloads(story)
    with ThreadPoolExecutor(20) as pool:
        answers = list(
            pool.map(lambda pair: pair[0].post(pair[1]), [(r, p) for p in sent for r in receivers])
        )
    assert {status for status, _ in answers} == {202}
    assert len({name for _, answer in answers for name in answer["records"]}) == 10
    assert [list(evidence(record)) for record in refused(story)] == [["budget"]] * 7
    assert len(story.spent()) == 3
    for name in story.spent():
        story.wait_for(name, "Verifying")
    patches = [entry for entry in scenes.patches(story.plane, story.namespace) if not entry.dry_run]
    assert [entry.code for entry in patches] == [200] * 3
    assert sorted(story.image(name) for name in WORKLOADS) == [GOOD] * 3 + [BAD] * 7


def refused(story: Story) -> list[Object]:
    return [raw for raw in scenes.records(story.plane, story.home) if scenes.phase_of(raw) == "Refused"]
