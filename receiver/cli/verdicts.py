"""Every guard's verdict as a table, for commands that judge."""

from collections.abc import Iterable

from receiver.cli.tables import table
from receiver.policy.verdict import Verdict

WORDS = {True: "allow", False: "BLOCK", None: "not judged"}


def verdict_table(verdicts: Iterable[Verdict]) -> str:
    """Lay out verdicts with their evidence."""
    rows = ((verdict.guard, WORDS[verdict.allowed], verdict.evidence) for verdict in verdicts)
    return table(("GUARD", "VERDICT", "EVIDENCE"), rows)
