"""Why a record is there: an alert, or a person's order. All of it is text that others chose."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from receiver.policy.alerts import cut
from receiver.policy.record import BY_HAND, naming

NAME_LIMIT, SUMMARY_LIMIT = 200, 400


@dataclass(frozen=True, slots=True)
class Cause:
    """`alert` is what the record keeps of the alert, empty for an order; `by` is who ordered or approved."""

    alert: Mapping[str, Any] = field(default_factory=dict)
    by: str = ""
    ordered: bool = False

    @property
    def words(self) -> str:
        """Name the alert with its summary, or who ordered it; empty where nothing is known."""
        if self.ordered:
            return f"Ordered by {one_line(self.by, limit=NAME_LIMIT) or 'hand'}"
        if not self.alert:
            return ""
        name = one_line(self.alert.get("name") or "without a name", limit=NAME_LIMIT)
        summary = one_line(self.summary, limit=SUMMARY_LIMIT)
        return f"Alert {name}: {summary}" if summary else f"Alert {name}"

    @property
    def summary(self) -> str:
        """Return the alert's annotation of that name; empty where it has none."""
        return str((self.alert.get("annotations") or {}).get("summary") or "")


def cause_of(raw: Mapping[str, Any]) -> Cause:
    """Read why a record stands as it does: what its deciding rule went by."""
    spec, status, rule = raw["spec"], raw.get("status") or {}, naming(raw)["rule"]
    first, by = spec.get("alert") or {}, str(status.get("approvedBy") or "")
    if rule == BY_HAND:
        said = (first.get("annotations") or {}).get("by") if spec["rule"] == BY_HAND else None
        return Cause(by=by or str(said or ""), ordered=True)
    joined = [each for each in status.get("alerts") or [] if each.get("rule") == rule]
    if any(each.get("fingerprint") == first.get("fingerprint") for each in joined):
        return Cause(first, by)
    known = {} if spec["rule"] == BY_HAND else first
    return Cause(joined[0] if joined else known, by)


def one_line(text: str, *, limit: int) -> str:
    """Return a text on one line of so many bytes, whose every character can be seen."""
    line = " ".join(text.split())
    return cut("".join(c if c.isprintable() else f"\\u{ord(c):04x}" for c in line), limit_bytes=limit)
