"""The pods that the chart makes: locked down, reached, probed and ended as they should be."""

import pytest

from tests.helm.charts import ROOT, of_kind, only, receiver_pod, render
from tests.helm.matrix import CHOSEN, TOKENS


@pytest.mark.parametrize("chosen", CHOSEN)
def test_pods_are_locked_down(chosen: str) -> None:
    """The receiver's and the test's: as the standard `restricted` wants it, and with a root to read only."""
    objects = render(CHOSEN[chosen])
    for spec in (receiver_pod(objects)["spec"], only(objects, "Pod")["spec"]):
        assert spec["securityContext"]["runAsNonRoot"] is True
        assert spec["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
        (container,) = spec["containers"]
        assert container["securityContext"] == {
            "allowPrivilegeEscalation": False,
            "capabilities": {"drop": ["ALL"]},
            "readOnlyRootFilesystem": True,
        }
        writable = {m["mountPath"] for m in container["volumeMounts"] if not m.get("readOnly")}
        assert writable == {"/tmp", "/dev/shm"}
        assert container["resources"]["limits"].keys() == {"memory"}


def test_service_reaches_receivers_alone() -> None:
    """Not the test's pod, which answers nothing."""
    objects = render({})
    selector = only(objects, "Service")["spec"]["selector"].items()
    assert selector <= receiver_pod(objects)["metadata"]["labels"].items()
    assert not selector <= only(objects, "Pod")["metadata"]["labels"].items()
    disruption = only(objects, "PodDisruptionBudget")["spec"]
    assert (disruption["maxUnavailable"], disruption["selector"]["matchLabels"].items()) == (1, selector)


def test_ending_pod_stays_until_the_service_has_forgotten_it() -> None:
    """By the kubelet's own sleep, as the image needs no shell; Kubernetes 1.29 has none."""
    spec = receiver_pod(render({"preStopSeconds": 7}, "--kube-version=1.30.0"))["spec"]
    assert spec["containers"][0]["lifecycle"] == {"preStop": {"sleep": {"seconds": 7}}}
    assert spec["terminationGracePeriodSeconds"] >= 7 + 15
    older = receiver_pod(render({"preStopSeconds": 7}, "--kube-version=1.29.0"))["spec"]
    assert "lifecycle" not in older["containers"][0]


def test_image_begins_with_the_command_and_its_user() -> None:
    """The pods' arguments go to the Dockerfile's entry point."""
    image = (ROOT / "Dockerfile").read_text()
    spec = receiver_pod(render({}))["spec"]
    assert 'bin/rollback-receiver"]' in image.partition("ENTRYPOINT")[2]
    assert "command" not in spec["containers"][0]
    security = spec["securityContext"]
    assert f"USER {security['runAsUser']}:{security['runAsGroup']}\n" in image


def test_probes_speak_tls_where_the_receiver_does() -> None:
    """A kubelet shows no client certificate, and the receiver's probes need none."""
    for chosen, scheme in (("defaults", None), ("everything", "HTTPS")):
        (container,) = receiver_pod(render(CHOSEN[chosen]))["spec"]["containers"]
        for probe in ("livenessProbe", "readinessProbe"):
            assert container[probe]["httpGet"].get("scheme") == scheme


def test_tokens_are_never_in_the_chart() -> None:
    """They are Secrets of the user's, mounted for the receiver alone to read."""
    objects = render(TOKENS)
    assert of_kind(objects, "Secret") == []
    volumes = receiver_pod(objects)["spec"]["volumes"]
    secrets = {
        volume["secret"]["secretName"]: volume["secret"]["defaultMode"]
        for volume in volumes
        if "secret" in volume
    }
    assert secrets == {"hook": 0o440, "review": 0o440}
