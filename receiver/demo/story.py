"""The story: seven chapters, each of which looks at what it says before it says it."""

import subprocess
import sys
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from receiver.cluster.records import Records
from receiver.demo.paging import Pager
from receiver.demo.places import Place
from receiver.demo.programs import DemoError, Receiver, environment
from receiver.demo.shop import Shop, wait_for
from receiver.demo.telling import Teller
from receiver.settings import PREFIX

Object = dict[str, Any]
CHECKOUT, CART = "checkout", "cart"
RULE = """\
rules:
  - name: errors-after-deploy
    matchers: ['alertname="HighErrorRate"', 'severity="critical"']
    for: 0s
    mode: {mode}
    rollback: {{to: last-good, soak: {soak}}}
    guards: {{deployed_within: 30m, cooldown: 15m}}
"""


def write_rules(place: Place, folder: Path, mode: str) -> Path:
    """Write the demo's one rule, and return the file."""
    file = folder / "rules.yaml"
    file.write_text(RULE.format(mode=mode, soak=place.soak))
    return file


@dataclass
class Story:
    """What the chapters share: the cluster, the receiver, whoever tells it of alerts, and the teller."""

    teller: Teller
    place: Place
    folder: Path
    receiver: Receiver
    pager: Pager
    shop: Shop = field(init=False)
    records: Records = field(init=False)

    def __post_init__(self) -> None:
        self.shop = Shop(self.place.api, self.place.shop)
        self.records = Records(self.place.api, self.place.home)

    def tell(self) -> None:
        """Tell everything.

        Raises:
            DemoError: something did not happen as told.
            ClusterError: the cluster does not answer.
        """
        self.good_releases()
        alert_since = self.bad_release()
        self.dry_run(alert_since)
        self.rollback(alert_since)
        self.alert_again()
        self.released_again()
        self.superseded()
        self.teller.chapter("What is on the record")
        self.teller.command("rollback-receiver list", self.cli("list"))

    def good_releases(self) -> None:
        """Release what was good, some time ago."""
        say = self.teller
        say.chapter("A shop that runs")
        for name in (CHECKOUT, CART):
            self.shop.open(name, self.place.image(name, 1))
        self.place.pass_time(timedelta(days=2))
        for name in (CHECKOUT, CART):
            self.shop.release(name, self.place.image(name, 2))
        self.place.pass_time(timedelta(days=1))
        say.say("Two Deployments, each with a first release, and a second one after it. All is well.")
        say.show([self.shop.state(CHECKOUT), self.shop.state(CART)])

    def bad_release(self) -> datetime:
        """Release what is bad, and return when the alert began."""
        say = self.teller
        say.chapter("A bad release")
        self.shop.release(CHECKOUT, self.place.image(CHECKOUT, 3))
        say.say(
            "The third release of checkout starts fine, its pods are ready, and it fails every tenth"
            " request. No probe sees that; the error rate does."
        )
        say.show(self.shop.state(CHECKOUT))
        return datetime.now(UTC)

    def dry_run(self, since: datetime) -> None:
        """Have the alert come in dry-run."""
        say, before = self.teller, self.shop.generation(CHECKOUT)
        say.chapter("The alert, in dry-run: see what would have happened")
        say.say("The receiver runs with one rule, in its default mode:")
        say.show((self.folder / "rules.yaml").read_text())
        self.fire(CHECKOUT, since)
        say.say(f"HighErrorRate fires, and {self.pager.said}. The receiver judges, and writes a record:")
        record = self.await_record(CHECKOUT, "DryRun")
        name = record["metadata"]["name"]
        say.command(f"rollback-receiver show {name}", self.cli("show", name))
        self.expect("the Deployment's generation", self.shop.generation(CHECKOUT), before)
        say.say(
            "Look at BLAME: why this release is the suspect. At TO and at the diff: where it would have gone"
            f" back to. Nothing was touched: checkout still runs {self.shop.image(CHECKOUT)}."
        )

    def rollback(self, since: datetime) -> None:
        """Turn the rule to auto; the alert, which fires still, comes again."""
        say, before = self.teller, self.shop.generation(CHECKOUT)
        say.chapter("The rule is turned to auto, and the alert comes again")
        self.receiver.wait_reloaded(lambda: write_rules(self.place, self.folder, "auto"))
        say.say("`mode: dry-run` became `mode: auto` in the file; the receiver has reloaded it.")
        self.fire(CHECKOUT, since)
        record = self.await_record(CHECKOUT, "Verifying", "Succeeded")
        self.shop.wait_rolled_out(CHECKOUT)
        self.expect("the Deployment's generation", self.shop.generation(CHECKOUT), before + 1)
        self.expect("the image", self.shop.image(CHECKOUT), self.place.image(CHECKOUT, 2))
        say.say(record["status"]["message"] + ".")
        say.show(self.shop.state(CHECKOUT))
        say.say(
            f"From the alert's receipt to the patch: {self.receiver.milliseconds_to_patch()} ms. It was"
            f" exactly one patch: the Deployment's generation went from {before} to {before + 1}."
        )
        self.resolve(CHECKOUT, since)
        record = self.await_record(CHECKOUT, "Succeeded")
        say.say(
            "The error rate falls, the alert is resolved, and the record closed:"
            f" {record['status']['message']}."
        )

    def alert_again(self) -> None:
        """An alert about what was restored is refused."""
        say, before = self.teller, self.shop.generation(CHECKOUT)
        say.chapter("The alert fires once more: refused")
        since = datetime.now(UTC)
        self.fire(CHECKOUT, since)
        record = self.await_record(CHECKOUT, "Refused")
        self.expect("the Deployment's generation", self.shop.generation(CHECKOUT), before)
        say.say(
            "A blind `kubectl rollout undo` would now go back to the bad release. The receiver does nothing,"
            " and says why:"
        )
        say.show(_blocking(record))
        self.resolve(CHECKOUT, since)

    def released_again(self) -> None:
        """The bad image, released by a person again, stays."""
        say = self.teller
        say.chapter("Somebody releases the bad image again: refused")
        self.shop.release(CHECKOUT, self.place.image(CHECKOUT, 3), by="a-person")
        before, since = self.shop.generation(CHECKOUT), datetime.now(UTC)
        self.fire(CHECKOUT, since)
        record = self.await_record(CHECKOUT, "Succeeded", condition="ReleasedAgain")
        self.expect("the Deployment's generation", self.shop.generation(CHECKOUT), before)
        condition = next(c for c in record["status"]["conditions"] if c["type"] == "ReleasedAgain")
        say.say(
            "It was rolled back before, so a person seems to want it. The receiver does not fight people:"
        )
        say.show(f"settled: {condition['message']}")
        self.resolve(CHECKOUT, since)

    def superseded(self) -> None:
        """A colleague's release, while a rollback is watched, is left alone."""
        say = self.teller
        say.chapter("A colleague releases while a rollback is under way: superseded")
        self.shop.release(CART, self.place.image(CART, 3))
        since = datetime.now(UTC)
        self.fire(CART, since)
        self.await_record(CART, "RollingBack", "Verifying")
        self.shop.release(CART, self.place.image(CART, 4), by="a-colleague")
        record = self.await_record(CART, "Superseded")
        self.expect("the image", self.shop.image(CART), self.place.image(CART, 4))
        say.say(
            "The third release of cart was bad as well; while it was being rolled back, a fix was released."
        )
        say.show([f"{record['metadata']['name']}: {record['status']['message']}", self.shop.state(CART)])
        self.resolve(CART, since)

    def fire(self, name: str, since: datetime) -> None:
        """Have the alert about a Deployment fire since a moment."""
        self.pager.fire(self._labels(name), since)

    def resolve(self, name: str, since: datetime) -> None:
        """Have it end."""
        self.pager.resolve(self._labels(name), since)

    def _labels(self, name: str) -> dict[str, str]:
        return {
            "alertname": "HighErrorRate",
            "severity": "critical",
            "namespace": self.place.shop,
            "deployment": name,
        }

    def await_record(self, workload: str, *phases: str, condition: str | None = None) -> Object:
        """Return a workload's record that is in one of these phases, and has this condition if one is given.

        Raises:
            DemoError: there is none in time.
        """

        def found() -> Object | None:
            listed = self.records.page(
                field_selector=f"spec.target.name={workload}", limit=50, continue_=None
            )
            fitting = (raw for raw in listed["items"] if _is(raw, phases, condition))
            return next(fitting, None)

        return wait_for(f"a record of {workload} that is {' or '.join(phases)}", found)

    def expect(self, what: str, found: object, expected: object) -> None:
        """Hold the story to what is so.

        Raises:
            DemoError: it is not.
        """
        if found != expected:
            raise DemoError(f"{what} should be {expected}, and is {found}")

    def cli(self, *words: str) -> str:
        """Run a command as a user would, and return what it printed."""
        own = {f"{PREFIX}KUBECONFIG": str(self.place.kubeconfig), f"{PREFIX}NAMESPACE": self.place.home}
        command = [sys.executable, "-m", "receiver", *words]
        done = subprocess.run(  # noqa: S603
            command, capture_output=True, text=True, check=False, env={**environment(), **own}
        )
        if done.returncode:
            raise DemoError(f"rollback-receiver {' '.join(words)} failed: {done.stderr.strip()}")
        return done.stdout


def _is(raw: Object, phases: tuple[str, ...], condition: str | None) -> bool:
    status = raw.get("status") or {}
    kinds = {each["type"] for each in status.get("conditions") or []}
    return status.get("phase") in phases and (condition is None or condition in kinds)


def _blocking(record: Object) -> list[str]:
    verdicts = record["status"]["decision"]["verdicts"]
    return [f"{v['guard']}: {v['evidence']}" for v in verdicts if v.get("allowed") is False]
