"""The chart's rights on a cluster: bound to the account that it names, and what a receiver does with them."""

import time
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import yaml

from tests.cluster import scenes
from tests.cluster.receivers import Receiver
from tests.cluster.scenes import Object
from tests.helm.charts import only, render
from tests.testbed.audit import AuditEntry
from tests.testbed.credentials import write_private
from tests.testbed.plane import Plane
from tests.testbed.processes import wait_until

RBAC = "/apis/rbac.authorization.k8s.io/v1"
REVIEWS = "/apis/authorization.k8s.io/v1/subjectaccessreviews"
OF_RBAC = ("ServiceAccount", "ClusterRole", "ClusterRoleBinding", "Role", "RoleBinding")
TOKEN = "what-only-the-on-call-knows"
SERVICE_RULE = {
    "name": "by-service",
    "matchers": ['alertname="ServiceErrors"'],
    "target": {"service": "{{ $labels.service }}", "namespace": "{{ $labels.namespace }}"},
}
ASKING_RULE = {"name": "asking", "matchers": ['alertname="Ask"'], "mode": "approve"}
SECRETS = {"guards": {**scenes.RULE["guards"], "preflight": {"secrets": True}}}


@dataclass(frozen=True, slots=True, order=True)
class Right:
    """What a Role grants, in the receiver's home or (`home` False) where the workloads are."""

    home: bool
    resource: str
    verb: str

    def __str__(self) -> str:
        return f"{self.verb} {self.resource}{' at home' if self.home else ''}"


class DeniedError(Exception):
    """The API server refused the receiver something."""

    def __init__(self, right: Right) -> None:
        super().__init__(str(right))
        self.right = right


@dataclass
class Installation:
    """A release of the chart as far as its rights go, and one receiver with its account's token."""

    plane: Plane
    home: str
    values: Mapping[str, Any]
    folder: Path
    objects: list[Object] = field(init=False)
    receiver: Receiver = field(init=False)
    flags: list[str] = field(init=False)
    """Those of `serve` and `doctor` for the chart's config, and the review token."""
    kubeconfig: Path = field(init=False)
    rules: Path = field(init=False)
    since: datetime = field(init=False)
    awaited: Right | None = None
    """The only right whose refusal counts; None: any."""

    def __post_init__(self) -> None:
        self.objects = render(self.values, f"--namespace={self.home}")
        rights = [one for one in self.objects if one["kind"] in OF_RBAC]
        for one in rights:
            if not one["kind"].startswith("Cluster"):
                one["metadata"].setdefault("namespace", self.home)
        self.plane.kubectl("apply", "-f", "-", stdin=yaml.safe_dump_all(rights))
        config = self.folder / "config.yaml"
        config.write_text(only(self.objects, "ConfigMap", "-config")["data"]["config.yaml"])
        rules = self.folder / "rules.yaml"
        rules.write_text(scenes.rules(SECRETS, {**SECRETS, **SERVICE_RULE}, {**SECRETS, **ASKING_RULE}))
        token = self.folder / "token"
        token.write_text(TOKEN)
        self.flags = [f"--config={config}", f"--review-token-file={token}"]
        self.kubeconfig, self.rules = self._kubeconfig(), rules
        self.receiver = Receiver(self.kubeconfig, self.home, rules, self.folder, extra=self.flags)
        self.mark()

    @property
    def account(self) -> str:
        """The name of the chart's ServiceAccount."""
        return str(only(self.objects, "ServiceAccount")["metadata"]["name"])

    @property
    def user(self) -> str:
        """The account as the API server calls it."""
        return f"system:serviceaccount:{self.home}:{self.account}"

    def _kubeconfig(self) -> Path:
        """Write a kubeconfig with a token that the account is given as a pod is."""
        path = f"/api/v1/namespaces/{self.home}/serviceaccounts/{self.account}/token"
        token = self.plane.request("POST", path, {"spec": {"expirationSeconds": 7200}})["status"]["token"]
        config = yaml.safe_load(self.plane.kubeconfig.read_text())
        config["users"][0]["user"] = {"token": token}
        file = self.folder / "kubeconfig"
        write_private(file, yaml.safe_dump(config))
        return file

    def mark(self, awaited: Right | None = None) -> None:
        """Count what the receiver is refused from now on."""
        self.since, self.awaited = datetime.now(UTC), awaited

    def asked(self) -> list[AuditEntry]:
        """Return what the receiver has asked since the mark, without what everybody may."""
        found = self.plane.audit.requests(user=self.user, since=self.since)
        return [entry for entry in found if entry.resource]

    def right_of(self, entry: AuditEntry) -> Right:
        """Return the right that a request needs; a ClusterRole's counts at home too."""
        resource = f"{entry.resource}/{entry.subresource}".rstrip("/")
        at_home = Right(entry.namespace == self.home, resource, entry.verb)
        elsewhere = replace(at_home, home=False)
        everywhere = self.values.get("scope", "cluster") == "cluster" and elsewhere in self.granted()
        return elsewhere if everywhere else at_home

    def used(self) -> set[Right]:
        """Return the rights that the receiver has made use of since the mark."""
        scenes.flush_audit(self.plane)
        return {self.right_of(entry) for entry in self.asked() if entry.code < 400}

    def check(self) -> None:
        """Raise if the receiver was refused something.

        Raises:
            DeniedError: names the right.
        """
        for entry in self.asked():
            right = self.right_of(entry)
            if entry.code == 403 and self.awaited in (None, right):
                raise DeniedError(right)

    def granted(self) -> set[Right]:
        """Return the rights that the Roles of the chart grant."""
        return {
            Right(self._is_home(role), resource, verb)
            for role in self._roles()
            for rule in role["rules"]
            for resource in rule["resources"]
            for verb in rule["verbs"]
        }

    def _roles(self) -> list[Object]:
        return [one for one in self.objects if one["kind"] in ("Role", "ClusterRole")]

    def _is_home(self, role: Object) -> bool:
        return bool(role["metadata"].get("namespace") == self.home)

    def deny(self, right: Right, namespace: str) -> None:
        """Take one right away, and return when the API server knows."""
        self._write_roles(right)
        self._wait(right, namespace, allowed=False)
        time.sleep(0.2)  # What was on its way while the right was there is answered.
        self.mark(right)

    def give_back(self, right: Right, namespace: str) -> None:
        """Grant again what the chart grants."""
        self._write_roles()
        self._wait(right, namespace, allowed=True)

    def _write_roles(self, denied: Right | None = None) -> None:
        for role in self._roles():
            rules = [
                kept
                for rule in role["rules"]
                for resource in rule["resources"]
                if (kept := self._without(rule, resource, denied, home=self._is_home(role)))["verbs"]
            ]
            self.plane.request("PUT", self._path_of(role), {**role, "rules": rules})

    def _without(self, rule: Object, resource: str, denied: Right | None, *, home: bool) -> Object:
        verbs = [verb for verb in rule["verbs"] if Right(home, resource, verb) != denied]
        return {**rule, "resources": [resource], "verbs": verbs}

    def _path_of(self, role: Object) -> str:
        name = role["metadata"]["name"]
        if role["kind"] == "ClusterRole":
            return f"{RBAC}/clusterroles/{name}"
        return f"{RBAC}/namespaces/{role['metadata']['namespace']}/roles/{name}"

    def _wait(self, right: Right, namespace: str, *, allowed: bool) -> None:
        place = self.home if right.home else namespace
        name = "rollback-receiver" if right.home and right.resource == "configmaps" else ""
        asked = {"verb": right.verb, "resource": right.resource, "namespace": place, "name": name}
        group = next(
            rule["apiGroups"][0]
            for role in self._roles()
            for rule in role["rules"]
            if right.resource in rule["resources"] and right.verb in rule["verbs"]
        )
        wait_until(f"{right}: {allowed}", lambda: self.may(**asked, group=group) is allowed, seconds=30)

    def may(self, *, verb: str, resource: str, group: str = "", namespace: str = "", name: str = "") -> bool:
        """Tell whether the account is allowed something, as the API server says."""
        plural, _, subresource = resource.partition("/")
        asked = {"verb": verb, "group": group, "resource": plural, "subresource": subresource}
        review = {
            "spec": {
                "user": self.user,
                "groups": ["system:serviceaccounts", "system:authenticated"],
                "resourceAttributes": {**asked, "namespace": namespace, "name": name},
            }
        }
        return bool(self.plane.request("POST", REVIEWS, review)["status"]["allowed"])
