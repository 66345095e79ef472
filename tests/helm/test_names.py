"""What the chart calls its objects: names that Kubernetes takes, and that no other release has."""

import yaml

from tests.helm.charts import CHART, HELM3, Object, of_kind, only, run


def release(name: str, namespace: str) -> list[Object]:
    """Return the objects of a release of this name in this namespace."""
    done = run(HELM3, "template", name, CHART, f"--namespace={namespace}")
    assert done.returncode == 0, done.stderr
    return [found for found in yaml.safe_load_all(done.stdout) if found]


def cluster_role(name: str, namespace: str) -> str:
    """Return the ClusterRole's name, which its binding and that one's reference share."""
    objects = release(name, namespace)
    role, binding = only(objects, "ClusterRole"), only(objects, "ClusterRoleBinding")
    assert binding["metadata"]["name"] == binding["roleRef"]["name"] == role["metadata"]["name"]
    return str(role["metadata"]["name"])


def test_cluster_roles_of_two_releases_are_two() -> None:
    """Joined by what no name can hold, and never cut: long namespaces may differ at their ends alone."""
    long = "a" * 62
    pairs = [("rollback-receiver", "b-c"), ("c-rollback-receiver", "b")]
    pairs += [("rollback-receiver", f"{long}1"), ("rollback-receiver", f"{long}2")]
    names = {cluster_role(name, namespace) for name, namespace in pairs}
    assert len(names) == len(pairs)
    assert "b:c-rollback-receiver" in names


def test_release_may_have_dots_in_its_name() -> None:
    """Helm takes them, and a Service's name has none."""
    for name in ("shop.v2", "shop.rollback-receiver"):
        objects = release(name, "home")
        dotted = [one["metadata"]["name"] for one in objects if "." in one["metadata"]["name"]]
        assert dotted == [one["metadata"]["name"] for one in of_kind(objects, "CustomResourceDefinition")]
