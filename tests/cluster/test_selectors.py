"""What is in scope by its labels, as the installation's config file says."""

from pathlib import Path

from tests.cluster import scenes
from tests.cluster.scenes import BAD, GOOD, Deploy, Start
from tests.cluster.stories import Story, evidence
from tests.testbed import workloads


def test_a_workload_that_is_not_selected_is_left_alone(
    story: Story, deploy: Deploy, release: Deploy, receiver: Start, tmp_path: Path
) -> None:
    """Its neighbour, of the same message and the same rule, is rolled back."""
    for name in ("web", "db"):
        deploy(name, GOOD, labels={"example.com/tier": name})
        release(name, BAD)
    config = tmp_path / "config.yaml"
    config.write_text("selectors: ['example.com/tier!=db']\n")
    running = receiver(scenes.rules(), extra=[f"--config={config}"])
    db, web = (story.tell(running, story.firing(name))[0] for name in ("db", "web"))
    refused = story.wait_for(db, "Refused")
    said = f'Deployment {story.namespace}/db is not selected by example.com/tier!="db": '
    assert evidence(refused) == {"scope": f"{said}its label example.com/tier is 'db'"}
    story.wait_for(web, "Verifying")
    assert workloads.image_of(workloads.get(story.plane, story.namespace, "db")) == BAD
    assert [len(story.patches(name)) for name in ("db", "web")] == [0, 1]
