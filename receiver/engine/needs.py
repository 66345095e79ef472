"""What the revisions need to which cases may go back, read as far as the choice gets."""

from collections.abc import Sequence
from dataclasses import replace

from receiver.cluster.snapshots import SnapshotReader
from receiver.policy.decision import unseen
from receiver.policy.hearing import Case
from receiver.policy.inventory import State
from receiver.policy.needs import Item


def with_needs(reader: SnapshotReader, cases: Sequence[Case]) -> list[Case]:
    """Return the cases completed by what is there of the things that their choice depends on.

    A revision whose needs are gone is passed over, so those of the next one are read after it. Nothing is
    read for templates that name nothing.

    Raises:
        Unavailable: something may be readable in a moment.
    """
    found: dict[Item, State] = {}
    complete = list(cases)
    while wanted := {item for case in complete for item in unseen(case.snapshot, case.matches)}:
        found |= reader.items(sorted(wanted))
        complete = [replace(case, snapshot=replace(case.snapshot, inventory=found)) for case in complete]
    return complete
