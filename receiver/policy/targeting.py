"""How a rule names its target: the workload itself, a pod that it owns, or a Service that selects it."""

from collections.abc import Mapping
from typing import Annotated

from pydantic import Discriminator, Tag

from receiver.policy.fields import TargetText
from receiver.policy.parsing import Parsed
from receiver.policy.vocabulary import KindField


class WorkloadTarget(Parsed):
    """The workload itself, by name."""

    kind: KindField
    """What kind of workload it is."""
    namespace: TargetText
    """Its namespace; `{{ $labels.NAME }}` stands for a label of the alert."""
    name: TargetText
    """Its name; `{{ $labels.NAME }}` stands for a label of the alert."""


class PodTarget(Parsed):
    """The workload that owns a pod."""

    pod: TargetText
    """The pod's name; `{{ $labels.NAME }}` stands for a label of the alert."""
    namespace: TargetText
    """Its namespace; `{{ $labels.NAME }}` stands for a label of the alert."""


class ServiceTarget(Parsed):
    """The only workload that a Service selects."""

    service: TargetText
    """The Service's name; `{{ $labels.NAME }}` stands for a label of the alert."""
    namespace: TargetText
    """Its namespace; `{{ $labels.NAME }}` stands for a label of the alert."""


_BY_KEY: Mapping[str, type[Parsed]] = {"pod": PodTarget, "service": ServiceTarget}


def _target_tag(value: object) -> str:
    fitting = (
        model
        for key, model in _BY_KEY.items()
        if isinstance(value, model) or (isinstance(value, dict) and key in value)
    )
    return next(fitting, WorkloadTarget).__name__


Target = Annotated[
    Annotated[WorkloadTarget, Tag("WorkloadTarget")]
    | Annotated[PodTarget, Tag("PodTarget")]
    | Annotated[ServiceTarget, Tag("ServiceTarget")],
    Discriminator(_target_tag),
]
