"""A workload as it was seen: one frozen snapshot of it, its revisions and what was done to it before.

The raw pod templates stay plain dicts, because a typed model would drop the fields that it does not know.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cached_property

from receiver.policy.podtemplate import Template, template_digest

DEFAULT_HISTORY_LIMIT = 10


@dataclass(frozen=True, slots=True)
class WorkloadRef:
    """The name of a workload: what a person calls it, whether it exists or not."""

    kind: str
    namespace: str
    name: str

    def __str__(self) -> str:
        return f"{self.kind} {self.namespace}/{self.name}"

    @property
    def path(self) -> str:
        """Return KIND/NAMESPACE/NAME, as commands and queries take it."""
        return f"{self.kind}/{self.namespace}/{self.name}"


@dataclass(frozen=True, slots=True)
class Unreadable:
    """Something that the judgement needs and that could not be read: every guard that needs it blocks."""

    what: str
    why: str

    def __str__(self) -> str:
        return f"cannot read {self.what}: {self.why}"


@dataclass(frozen=True)
class Revision:
    """One revision of a workload.

    `number` is None while the controller has not numbered the live template yet. `former_numbers` are those
    that it had before it was released again, `lowest_number` the lowest that it can have had where they may
    not be all, None where they are. `live_since` is when it last went live, None where nothing tells,
    `first_live_since` when it first did, None where no other time than that is known, and `left_at` when
    another took over, None where it is the live one or nothing tells. `soak` is the
    longest known time in service from full availability, None where nothing tells. `available` says whether
    it ever was fully available, None where nothing speaks against it. `change_cause` is what somebody wrote
    on it, as `kubectl rollout history` shows it.
    """

    number: int | None
    template: Template
    template_hash: str | None = None
    former_numbers: tuple[int, ...] = ()
    lowest_number: int | None = None
    live_since: datetime | None = None
    first_live_since: datetime | None = None
    left_at: datetime | None = None
    soak: timedelta | None = None
    available: bool | None = None
    change_cause: str | None = None

    @cached_property
    def digest(self) -> str:
        """Return what stands for its template: asked again and again, and dear to compute."""
        return template_digest(self.template)

    @property
    def images(self) -> dict[str, str]:
        """Return container name to image."""
        containers = (self.template.get("spec") or {}).get("containers") or []
        return {container["name"]: container.get("image", "") for container in containers}

    @property
    def label(self) -> str:
        """Return how people call it: `revision 7`."""
        return "the new revision" if self.number is None else f"revision {self.number}"


@dataclass(frozen=True, slots=True)
class Workload:
    """A workload and its history at one moment.

    `live` is the suspect: the revision whose template stands in the workload's spec. `revisions` are the
    others, the one that was live last at the end. `revision_history_limit` is the API's own default where
    the object says nothing. `on_delete` says that no pod follows the template until somebody deletes it, and
    `partition` that those with a lower number don't: a StatefulSet's, 0 for none. `needs_room` says that no
    rollout begins unless one more pod fits in. `namespace_annotations` and `revisions` may be `Unreadable`.
    """

    ref: WorkloadRef
    api_version: str
    uid: str
    generation: int
    live: Revision
    revisions: tuple[Revision, ...] | Unreadable
    paused: bool = False
    on_delete: bool = False
    partition: int = 0
    needs_room: bool = False
    revision_history_limit: int = DEFAULT_HISTORY_LIMIT
    annotations: Mapping[str, str] | None = None
    labels: Mapping[str, str] | None = None
    namespace_annotations: Mapping[str, str] | Unreadable | None = None

    @property
    def all_revisions(self) -> tuple[Revision, ...]:
        """Return every revision that is known, the live one last."""
        others = () if isinstance(self.revisions, Unreadable) else self.revisions
        return (*others, self.live)

    def annotation(self, key: str) -> str | None:
        """Return the workload's annotation, None where it has none of that name."""
        return (self.annotations or {}).get(key)
