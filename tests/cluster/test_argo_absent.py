"""A cluster without Argo Rollouts: whoever asks for one is told, and nobody else notices."""

from tests.cluster import scenes
from tests.cluster.contracts import Cluster, named
from tests.cluster.receivers import alert
from tests.cluster.scenes import GOOD, Deploy, Start, bad_release, rules
from tests.cluster.stories import Story, evidence

BY_SERVICE = {"target": {"service": "{{ $labels.service }}", "namespace": "{{ $labels.namespace }}"}}


def test_an_alert_about_a_rollout_is_refused_and_the_receiver_goes_on(
    story: Story, deploy: Deploy, release: Deploy, receiver: Start
) -> None:
    """The refusal names what is not there; the next alert is judged as ever."""
    bad_release(deploy, release)
    running = receiver(rules())
    (name,) = story.tell(running, alert("HighErrorRate", {"namespace": story.namespace, "rollout": "web"}))
    said = evidence(story.wait_for(name, "Refused"))
    assert said == {
        "target": f"Rollout {story.namespace}/web does not exist, or Argo Rollouts is not installed"
    }
    (name,) = story.tell(running, scenes.firing(story.namespace))
    story.wait_for(name, "Verifying")
    assert (story.image(), len(story.patches())) == (GOOD, 1)


def test_a_service_leads_to_its_workload_all_the_same(
    cluster: Cluster, story: Story, deploy: Deploy, release: Deploy, receiver: Start
) -> None:
    bad_release(deploy, release)
    spec = {"ports": [{"port": 80}], "selector": {"app": "web"}}
    cluster.core("services").create(named("web", spec=spec))
    told = alert("HighErrorRate", {"namespace": story.namespace, "service": "web"})
    story.tell(receiver(rules(BY_SERVICE)), told)
    story.wait("Verifying")
    assert (story.image(), len(story.patches())) == (GOOD, 1)
