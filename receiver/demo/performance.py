"""The whole evening: opens the place, starts the programs, has the story told, and leaves nothing behind."""

import shlex
import shutil
import signal
import sys
import tempfile
from collections.abc import Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager, suppress
from pathlib import Path

from receiver.demo import messages
from receiver.demo.paging import Messages, Pager, RealAlertmanager
from receiver.demo.places import Place, embedded, real
from receiver.demo.programs import Alertmanager, DemoError, Receiver
from receiver.demo.signals import ended_by_signals
from receiver.demo.story import CHECKOUT, Story, write_rules
from receiver.demo.telling import Teller


def perform(*, fast: bool, once: bool, alertmanager: Path | None, kubeconfig: Path | None) -> None:
    """Play the demo: to the end of the story, and on until Ctrl-C unless `once`.

    `alertmanager` is the binary of a real one, None: the demo sends the messages itself. `kubeconfig` is that
    of a real cluster, None: the embedded one.

    Raises:
        DemoError: something did not happen as told.
        ClusterError: the real cluster cannot be reached, or refuses.
        LeftBehind: it is over, and something of it is still in the real cluster.
        KeyboardInterrupt: Ctrl-C, or a signal to end, before the story was over.
    """
    teller = Teller(fast=fast)
    with ended_by_signals(), ExitStack() as evening:
        folder = Path(evening.enter_context(_folder()))
        teller.say(
            "rollback-receiver: an alert fires, the last deploy is to blame, the last good revision is put"
            " back."
        )
        place = evening.enter_context(_place(folder, kubeconfig, teller))
        teller.say(f"The cluster is {place.said}. Ctrl-C ends the demo and takes everything down.")
        rules = write_rules(place, folder, "dry-run")
        program = Receiver(folder, kubeconfig=place.kubeconfig, namespace=place.home, rules=rules)
        receiver = evening.enter_context(program)
        pager = _pager(evening, folder, receiver, alertmanager)
        story = Story(teller, place, folder, receiver, pager)
        with _answering(teller):
            story.tell()
        if not once:
            with suppress(KeyboardInterrupt), _answering(teller):
                _stay(teller, story)
    if once:
        teller.say("That was all. Nothing is left behind: no process, no file.")
    else:
        teller.say("Everything is taken down.")


def _place(folder: Path, kubeconfig: Path | None, teller: Teller) -> AbstractContextManager[Place]:
    return embedded(folder) if kubeconfig is None else real(kubeconfig, teller.remark)


def _pager(evening: ExitStack, folder: Path, receiver: Receiver, binary: Path | None) -> Pager:
    if binary is None:
        return Messages(receiver.url)
    program = Alertmanager(
        folder, binary=binary, webhook=f"{receiver.url}/alerts", group_by=messages.GROUPED_BY
    )
    return RealAlertmanager(evening.enter_context(program).url)


def _stay(teller: Teller, story: Story) -> None:
    """Say what can be tried, and wait for Ctrl-C."""
    place = story.place
    kubeconfig = shlex.quote(str(place.kubeconfig))
    teller.chapter("Your turn")
    teller.say("Cluster and receiver stay until Ctrl-C. To try, in another terminal:")
    teller.show(_commands(story, f"--kubeconfig {kubeconfig}"))
    url = story.receiver.url
    teller.show([f"kubeconfig  {kubeconfig}", f"page        {url}/", f"records     {url}/api/v1/rollbacks"])
    signal.pause()


def _commands(story: Story, kubeconfig: str) -> list[str]:
    """Return three commands that work as they stand on this machine."""
    place, record = story.place, story.await_record(CHECKOUT, "Succeeded")["metadata"]["name"]
    cli = shutil.which("rollback-receiver") or str(Path(sys.executable).with_name("rollback-receiver"))
    ours = f"{shlex.quote(cli)} {{}} {kubeconfig} -n {place.home}"
    history = f"kubectl {kubeconfig} -n {place.shop} rollout history deployment/{CHECKOUT}"
    by_hand = history if shutil.which("kubectl") else f"curl {story.receiver.url}/api/v1/rollbacks/{record}"
    return [ours.format("list"), ours.format(f"show {record}"), by_hand]


@contextmanager
def _answering(teller: Teller) -> Iterator[None]:
    """Answer a Ctrl-C at once: until everything is down may take a while."""
    try:
        yield
    except KeyboardInterrupt:
        teller.answer("Taking everything down.")
        raise


@contextmanager
def _folder() -> Iterator[str]:
    """Make a folder that goes away again."""
    try:
        folder = tempfile.TemporaryDirectory(prefix="rollback-receiver-demo-")
    except OSError as e:
        raise DemoError(f"no folder for temporary files can be written ({e}): set TMPDIR to one") from e
    with folder as name:
        yield name
