"""Every guard's verdict as a table, for commands that judge."""

from collections.abc import Callable, Iterable

from receiver.cli.tables import table
from receiver.policy.verdict import Verdict

WORDS = {True: "allow", False: "BLOCK", None: "not judged"}


def verdict_table(verdicts: Iterable[Verdict], lay_out: Callable[..., str] = table) -> str:
    """Lay out verdicts with their evidence, by `table` or `fitted_table`."""
    rows = ((verdict.guard, WORDS[verdict.allowed], verdict.evidence) for verdict in verdicts)
    return lay_out(("GUARD", "VERDICT", "EVIDENCE"), rows)
