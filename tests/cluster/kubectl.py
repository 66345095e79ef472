"""The real kubectl, as a person types it in the test's namespace; and the manifests that they apply."""

import json
from dataclasses import dataclass
from typing import Any

from tests.testbed import workloads
from tests.testbed.plane import Plane

FIRST, SECOND = "x/web:1", "x/web:2"
WARNING = "was previously managed with 'kubectl apply'"
IMAGES = "jsonpath={.items[*].spec.template.spec.containers[*].image}"


@dataclass(frozen=True)
class Kubectl:
    """kubectl in one namespace; a word in it is an argument."""

    plane: Plane
    namespace: str

    def says(self, *words: str, stdin: str | None = None) -> str:
        """Return what a command that goes well prints."""
        done = self.plane.kubectl("-n", self.namespace, *words, stdin=stdin, check=False)
        assert done.returncode == 0, f"kubectl {' '.join(words)}: {done.returncode}: {done.stderr}"
        return done.stdout.strip()

    def fails(self, *words: str, stdin: str | None = None) -> str:
        """Return the error of a command that ends with exit status 1; warnings are left out."""
        done = self.plane.kubectl("-n", self.namespace, *words, stdin=stdin, check=False)
        assert done.returncode == 1, f"kubectl {' '.join(words)}: {done.returncode}: {done.stdout}"
        assert done.stdout == ""
        lines = done.stderr.strip().splitlines()
        return "\n".join(line for line in lines if not line.startswith("Warning: "))

    def apply(self, *images: str, kind: str = "Deployment", **spec: Any) -> str:
        """Apply the manifest of web with a container for each image, and return what kubectl says."""
        return self.says("apply", "-f", "-", stdin=manifest(*images, kind=kind, **spec))

    def images(self, plural: str) -> list[str]:
        """Return the images of all workloads of a kind."""
        return self.says("get", plural, "-o", IMAGES).split()


def manifest(*images: str, kind: str = "Deployment", name: str = "web", **spec: Any) -> str:
    """Return the manifest of a workload as JSON, with a container for each image."""
    body = workloads.deployment(name)
    containers = [{"name": f"app-{n}" if n else "app", "image": image} for n, image in enumerate(images)]
    template = {**body["spec"]["template"], "spec": {"containers": containers}}
    kept = {"selector": body["spec"]["selector"], "template": template}
    defaults: dict[str, dict[str, Any]] = {
        "Deployment": {"replicas": 2},
        "StatefulSet": {"replicas": 1, "serviceName": name},
    }
    metadata = {"name": name, "labels": body["metadata"]["labels"]}
    whole = {"apiVersion": "apps/v1", "kind": kind, "metadata": metadata}
    return json.dumps({**whole, "spec": {**kept, **defaults.get(kind, {}), **spec}})


def table(printed: str) -> list[dict[str, str]]:
    """Return the rows of what `get` prints, by the columns' names; no cell may be empty or have a space."""
    header, *rows = printed.splitlines()
    return [dict(zip(header.split(), row.split(), strict=True)) for row in rows]
