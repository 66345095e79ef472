"""`python -m tests.testbed build` builds the tools; `… up` runs a control plane until it is told to end."""

import argparse
import signal
import sys
import threading
from pathlib import Path

from tests.testbed.build import MODULES, build
from tests.testbed.controlplane import ControlPlane
from tests.testbed.processes import ProcessFailedError
from tests.testbed.progress import BuildError


def main() -> int:
    """Do what the command line says and return the exit status."""
    parser = argparse.ArgumentParser(prog="python -m tests.testbed", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("build", help="build what is missing and print the folders")
    up = commands.add_parser("up", help="run a control plane until SIGTERM or SIGINT")
    up.add_argument("--dir", type=Path, help="keep its files here; a later run goes on with them")
    args = parser.parse_args()
    try:
        return print_folders() if args.command == "build" else run(args.dir)
    except (BuildError, ProcessFailedError) as e:
        sys.stderr.write(f"testbed: {e}\n")
        return 1


def print_folders() -> int:
    """Build every tool and print the folders that hold them."""
    sys.stdout.writelines(f"{folder}\n" for folder in build(*MODULES))
    return 0


def run(folder: Path | None) -> int:
    """Run a control plane until a signal comes or one of its processes ends."""
    ended = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: ended.set())
    with ControlPlane(folder) as plane:
        sys.stdout.write(how_to_use(plane))
        sys.stdout.flush()
        while not ended.wait(0.5):
            plane.check()
    return 0


def how_to_use(plane: ControlPlane) -> str:
    """Return the lines that a shell needs to work with the control plane."""
    return (
        f"{plane.url} is ready; SIGTERM or Ctrl-C ends it.\n"
        f"export KUBECONFIG={plane.kubeconfig}\n"
        f'export PATH="{plane.tools}:$PATH"\n'
        "kubectl get nodes\n"
    )


if __name__ == "__main__":
    sys.exit(main())
