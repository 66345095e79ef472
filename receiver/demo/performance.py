"""The whole evening: opens the place, starts the programs, has the story told, and leaves nothing behind."""

import shlex
import shutil
import signal
import sys
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from types import FrameType
from typing import NoReturn

from receiver.demo import messages
from receiver.demo.paging import Messages, Pager, RealAlertmanager
from receiver.demo.places import embedded, real
from receiver.demo.programs import Alertmanager, DemoError, Receiver
from receiver.demo.story import CHECKOUT, Story, write_rules
from receiver.demo.telling import Teller

ENDS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


def perform(*, fast: bool, once: bool, alertmanager: Path | None, kubeconfig: Path | None) -> None:
    """Play the demo: to the end of the story, and on until Ctrl-C unless `once`.

    `alertmanager` is the binary of a real one, None: the demo sends the messages itself. `kubeconfig` is that
    of a real cluster, None: the embedded one.

    Raises:
        DemoError: something did not happen as told.
        ClusterError: the real cluster cannot be reached, or refuses.
        KeyboardInterrupt: Ctrl-C, or a signal to end, before the story was over.
    """
    teller = Teller(fast=fast)
    with _ended_by_signals(), ExitStack() as evening:
        folder = Path(evening.enter_context(_folder()))
        teller.say(
            "rollback-receiver: an alert fires, the last deploy is to blame, the last good revision is put"
            " back."
        )
        place = evening.enter_context(embedded(folder) if kubeconfig is None else real(kubeconfig))
        teller.say(f"The cluster is {place.said}. Ctrl-C ends the demo and takes everything down.")
        rules = write_rules(place, folder, "dry-run")
        program = Receiver(folder, kubeconfig=place.kubeconfig, namespace=place.home, rules=rules)
        receiver = evening.enter_context(program)
        pager = _pager(evening, folder, receiver, alertmanager)
        story = Story(teller, place, folder, receiver, pager)
        story.tell()
        if not once:
            _stay(teller, story)
    if once:
        teller.say("That was all. Nothing is left behind: no process, no file.")


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
    try:
        signal.pause()
    except KeyboardInterrupt:
        teller.say("\nEverything is taken down.")


def _commands(story: Story, kubeconfig: str) -> list[str]:
    """Return three commands that work as they stand on this machine."""
    place, record = story.place, story.await_record(CHECKOUT, "Succeeded")["metadata"]["name"]
    cli = shutil.which("rollback-receiver") or str(Path(sys.executable).with_name("rollback-receiver"))
    ours = f"{shlex.quote(cli)} {{}} {kubeconfig} -n {place.home}"
    history = f"kubectl {kubeconfig} -n {place.shop} rollout history deployment/{CHECKOUT}"
    by_hand = history if shutil.which("kubectl") else f"curl {story.receiver.url}/api/v1/rollbacks/{record}"
    return [ours.format("list"), ours.format(f"show {record}"), by_hand]


@contextmanager
def _folder() -> Iterator[str]:
    """Make a folder that goes away again."""
    try:
        folder = tempfile.TemporaryDirectory(prefix="rollback-receiver-demo-")
    except OSError as e:
        raise DemoError(f"no folder for temporary files can be written ({e}): set TMPDIR to one") from e
    with folder as name:
        yield name


@contextmanager
def _ended_by_signals() -> Iterator[None]:
    """Have SIGTERM and SIGHUP end the demo as Ctrl-C does; a second one does not disturb the tidying up."""

    def interrupt(_number: int, _frame: FrameType | None) -> NoReturn:
        for number in ENDS:
            signal.signal(number, signal.SIG_IGN)
        raise KeyboardInterrupt

    before = {number: signal.signal(number, interrupt) for number in ENDS}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
