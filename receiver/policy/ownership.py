"""Who owns a workload beside its team: Argo CD, Flux or Helm, read off the marks that they leave on it.

A mark that was copied from another object names that object, and is no ownership. The tools' own documents
say which marks they are: Argo CD's resource tracking, Flux' kustomize-controller and helm-controller, Helm's
ownership metadata.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum

from receiver.policy.problems import quoted
from receiver.policy.workload import Unreadable, Workload

TRACKING_ID = "argocd.argoproj.io/tracking-id"
KUSTOMIZE, HELM_CONTROLLER = "kustomize.toolkit.fluxcd.io", "helm.toolkit.fluxcd.io"
RECONCILE = f"{KUSTOMIZE}/reconcile"
LABELS = {"Kustomization": KUSTOMIZE, "HelmRelease": HELM_CONTROLLER}
"""The labels by which Flux marks what each of its kinds owns: PREFIX/name and PREFIX/namespace."""
MANAGED_BY, RELEASE, RELEASE_NAMESPACE = (
    "app.kubernetes.io/managed-by",
    "meta.helm.sh/release-name",
    "meta.helm.sh/release-namespace",
)
_TRACKED = re.compile(
    r"((?P<app_namespace>[^:_]+)_)?(?P<app>[^:]+)"
    r":(?P<group>[^:/]*)/(?P<kind>[^:/]+):(?P<namespace>[^:/]*)/(?P<name>[^:/]+)"
)
"""An application outside of Argo CD's own namespace is written NAMESPACE_NAME; no name has a `_`."""
_WORD = re.compile(r"[A-Za-z0-9]([A-Za-z0-9_.-]{0,251}[A-Za-z0-9])?")


class Tool(StrEnum):
    """The tools that put a workload back to what they were told."""

    ARGO_CD = "Argo CD"
    FLUX = "Flux"
    HELM = "Helm"


@dataclass(frozen=True, slots=True)
class Owner:
    """A tool's object that owns a workload: an Application, a Kustomization, a HelmRelease, a release."""

    tool: Tool
    kind: str
    name: str
    namespace: str

    @property
    def path(self) -> str:
        """Return the name, after the namespace where that is known."""
        return f"{self.namespace}/{self.name}" if self.namespace else self.name

    def __str__(self) -> str:
        return f"{self.tool} {self.kind} {self.path}"


def owners(workload: Workload) -> tuple[Owner, ...] | Unreadable:
    """Return who owns a workload; Unreadable where a mark cannot be understood."""
    argo = _argo_cd(workload)
    if isinstance(argo, Unreadable):
        return argo
    found = [*([argo] if argo else []), *_flux(workload.labels or {})]
    return tuple(found) or tuple(_helm(workload))


def _argo_cd(workload: Workload) -> Owner | Unreadable | None:
    text = workload.annotation(TRACKING_ID)
    if text is None:
        return None
    parts = _TRACKED.fullmatch(text)
    if parts is None:
        why = f"{quoted(text)} is not APP:GROUP/KIND:NAMESPACE/NAME"
        return Unreadable(f"the annotation {TRACKING_ID} of {workload.ref}", why)
    ref, group = workload.ref, workload.api_version.partition("/")[0]
    names_itself = (parts["group"], parts["kind"], parts["namespace"], parts["name"]) == (
        group,
        ref.kind,
        ref.namespace,
        ref.name,
    )
    app, namespace = _plain(parts["app"]), _plain(parts["app_namespace"] or "")
    return Owner(Tool.ARGO_CD, "application", app, namespace) if names_itself else None


def _flux(labels: Mapping[str, str]) -> Iterator[Owner]:
    for kind, prefix in LABELS.items():
        if name := labels.get(f"{prefix}/name"):
            yield Owner(Tool.FLUX, kind, _plain(name), _plain(labels.get(f"{prefix}/namespace", "")))


def _helm(workload: Workload) -> Iterator[Owner]:
    name = workload.annotation(RELEASE)
    if name and (workload.labels or {}).get(MANAGED_BY) == "Helm":
        namespace = workload.annotation(RELEASE_NAMESPACE) or workload.ref.namespace
        yield Owner(Tool.HELM, "release", _plain(name), _plain(namespace))


def _plain(name: str) -> str:
    """Return a name that may stand in a command; a hostile one is quoted so that it cannot be mistaken."""
    return name if not name or _WORD.fullmatch(name) else quoted(name)
