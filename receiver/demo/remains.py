"""What the demo has made in a real cluster: removed at its end, and named where it could not be."""

import shlex
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Self

from receiver.cluster.api import Api, path
from receiver.cluster.errors import ClusterError, Conflict, NotFound
from receiver.cluster.pages import listed
from receiver.demo.programs import DemoError
from receiver.demo.signals import ended_by_signals
from receiver.policy.record import GROUP, PLURAL, VERSION

CRD = f"{PLURAL}.{GROUP}"
DEFINITION = path("apis", "apiextensions.k8s.io", "v1", "customresourcedefinitions", CRD)
RECORDS = path("apis", GROUP, VERSION, PLURAL)
GOODBYE_SECONDS = 120.0
PAGE = 100


class LeftBehind(DemoError):
    """The demo is over, and what it made is not all gone; the message says what, and how to remove it."""


def namespace_path(*name: str) -> str:
    """Return where a namespace is, or all of them."""
    return path("api", "v1", "namespaces", *name)


@dataclass
class Remains:
    """The namespaces that the demo has made, and whether it installed the CRD; gone when the context ends."""

    api: Api
    kubeconfig: Path
    say: Callable[[str], None]
    namespaces: list[str] = field(default_factory=list)
    definition: bool = False
    _left: dict[str, str] = field(default_factory=dict, init=False)
    """What is to be removed and not gone: what kubectl calls it, and its path."""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        """Remove everything; another Ctrl-C gives up waiting for that.

        Raises:
            LeftBehind: something is not gone.
        """
        self._left = {f"namespace/{name}": namespace_path(name) for name in self.namespaces}
        if not self._left:
            return
        with suppress(KeyboardInterrupt), ended_by_signals():
            crd = ", and the CRD unless others have records" if self.definition else ""
            self._tell(f"Removing {self._names()} from the cluster{crd}. Ctrl-C gives up waiting for that.")
            if self.definition:
                self._judge_definition()
            self._remove()
        if self._left:
            raise LeftBehind(self._what_is_left())

    def _judge_definition(self) -> None:
        """Have the CRD removed where nobody else has records, which would go with it; in doubt it stays."""
        why = "it was not looked whether others have records"
        try:
            why = self._use_by_others()
        finally:
            if why:
                self._tell(f"The CRD {CRD} stays: {why}.")
            else:
                self._left[f"crd/{CRD}"] = DEFINITION

    def _use_by_others(self) -> str:
        """Say why the CRD is needed still, "" where it is not."""
        try:
            found = listed(self.api, RECORDS, {}, limit=PAGE)
            others = {raw["metadata"]["namespace"] for raw in found} - {*self.namespaces}
        except NotFound:
            return ""
        except ClusterError as e:
            return f"whether others have records cannot be seen ({e})"
        return f"others have records, in {', '.join(sorted(others))}" if others else ""

    def _remove(self) -> None:
        going = [name for name, place in self._left.items() if self._delete(place)]
        end = time.monotonic() + GOODBYE_SECONDS
        while going and time.monotonic() < end:
            for name in [name for name in going if self._is_gone(self._left[name])]:
                going.remove(name)
                del self._left[name]
            time.sleep(0.05)

    def _delete(self, place: str) -> bool:
        """Ask for the removal; tell whether it is under way, or done."""
        try:
            self.api.call("DELETE", place, repeatable=True)
        except (NotFound, Conflict):
            return True
        except ClusterError:
            return False
        return True

    def _is_gone(self, place: str) -> bool:
        try:
            self.api.call("GET", place)
        except NotFound:
            return True
        except ClusterError:
            return False
        return False

    def _tell(self, text: str) -> None:
        """Say it where that is possible: the removal goes on without anybody who listens."""
        with suppress(OSError):
            self.say(text)

    def _names(self) -> str:
        return " and ".join(self._left)

    def _what_is_left(self) -> str:
        command = f"kubectl --kubeconfig {shlex.quote(str(self.kubeconfig))} delete {' '.join(self._left)}"
        return f"Still in the cluster at {self.api.host}: {self._names()}. To remove:\n    {command}"
