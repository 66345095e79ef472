"""The list of records as the page shows it: pure, from raw records to rows, filtered and paged."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlencode

from receiver.policy.record import Phase
from receiver.web.wording import moment

PER_PAGE = 50
LONGEST_FILTER = 400
NEVER = datetime.min.replace(tzinfo=UTC)
JUST_CLAIMED = "Claimed"
"""What stands in place of a phase while a record has none."""
UNDER_WAY = (Phase.AWAITING_APPROVAL, Phase.PENDING, Phase.ROLLING_BACK, Phase.VERIFYING)
"""The phases in which something happens, or should, in the order in which a record goes through them."""
_NOW = frozenset({*UNDER_WAY, JUST_CLAIMED})
_TONES = {
    Phase.AWAITING_APPROVAL: "asking",
    Phase.PENDING: "running",
    Phase.ROLLING_BACK: "running",
    Phase.VERIFYING: "running",
    JUST_CLAIMED: "running",
    Phase.SUCCEEDED: "good",
    Phase.NOT_CURED: "bad",
    Phase.FAILED: "bad",
}


@dataclass(frozen=True, slots=True)
class Row:
    """One record in the list. Texts are as senders and people wrote them."""

    name: str
    kind: str
    where: str
    rule: str
    phase: str
    came_from: str
    goes_to: str
    alert: str
    message: str
    at: datetime
    aftermath: str = ""

    @property
    def tone(self) -> str:
        """Return how its phase is coloured: asking, running, good, bad or quiet."""
        return _TONES.get(self.phase, "quiet")

    @property
    def is_now(self) -> bool:
        """Tell whether something happens to it, or should."""
        return self.phase in _NOW


@dataclass(frozen=True, slots=True)
class Filters:
    """What somebody wants to see; empty means all. `page` counts from 1."""

    phase: str = ""
    target: str = ""
    rule: str = ""
    page: int = 1

    @classmethod
    def read(cls, given: Mapping[str, str]) -> "Filters":
        """Read a query; what makes no sense in it narrows nothing."""
        phase, number = given.get("phase", ""), given.get("page", "")
        plain = number.isascii() and number.isdecimal() and len(number) < 6
        return cls(
            phase=phase if phase in set(Phase) else "",
            target=given.get("target", "").strip()[:LONGEST_FILTER],
            rule=given.get("rule", "").strip()[:LONGEST_FILTER],
            page=max(1, int(number)) if plain else 1,
        )

    def query(self, page: int) -> str:
        """Return the query of another page with the same filters."""
        given = {"phase": self.phase, "target": self.target, "rule": self.rule}
        number = {"page": str(page)} if page > 1 else {}
        return urlencode({**{key: value for key, value in given.items() if value}, **number})

    @property
    def narrow(self) -> bool:
        """Tell whether anything is left out."""
        return bool(self.phase or self.target or self.rule)

    def admit(self, row: Row) -> bool:
        """Tell whether a record is to be seen; a target may be a part of KIND/NAMESPACE/NAME."""
        path = f"{row.kind}/{row.where}".lower()
        return (
            self.phase in {"", row.phase}
            and self.rule in {"", row.rule}
            and (not self.target or self.target.lower() in path)
        )


@dataclass(frozen=True, slots=True)
class Listing:
    """One page of the list. `now` is what is under way, on every page, the newest of `under_way` in number.

    `incomplete`: there are more records than were read.
    """

    now: tuple[Row, ...]
    under_way: int
    rest: tuple[Row, ...]
    filters: Filters
    pages: int
    rules: tuple[str, ...]
    incomplete: bool = False


@dataclass(frozen=True, slots=True)
class Rows:
    """All records that were read; `incomplete` where there are more than are read."""

    rows: tuple[Row, ...] = ()
    incomplete: bool = False


def row(raw: Mapping[str, Any]) -> Row:
    """Read what the list shows of a record, whatever is missing in it."""
    spec, status = raw.get("spec") or {}, raw.get("status") or {}
    decision, target = status.get("decision") or {}, spec.get("target") or {}
    created = moment((raw.get("metadata") or {}).get("creationTimestamp")) or NEVER
    return Row(
        name=str(raw["metadata"]["name"]),
        kind=str(target.get("kind") or ""),
        where=place(target),
        rule=str(decision.get("rule") or spec.get("rule") or ""),
        phase=str(status.get("phase") or JUST_CLAIMED),
        came_from=number(spec.get("suspect")),
        goes_to=number(decision.get("to")),
        alert=str((spec.get("alert") or {}).get("name") or ""),
        message=str(status.get("message") or ""),
        at=max(created, moment(status.get("startedAt")) or NEVER),
        aftermath=str((status.get("aftermath") or {}).get("kind") or ""),
    )


def place(target: Mapping[str, Any]) -> str:
    """Return NAMESPACE/NAME of a record's target, empty where it has none."""
    return f"{target.get('namespace', '')}/{target['name']}" if target.get("name") else ""


def number(revision: Mapping[str, Any] | None) -> str:
    """Return a revision's number, empty where it is not known."""
    return str((revision or {}).get("revision") or "")


def arrange(read: Rows, filters: Filters, rules: Iterable[str] = ()) -> Listing:
    """Arrange one page: what is under way first, the rest newest first."""
    found = sorted(
        (each for each in read.rows if filters.admit(each)), key=lambda each: each.at, reverse=True
    )
    now, rest = [each for each in found if each.is_now], [each for each in found if not each.is_now]
    pages = max(1, -(-len(rest) // PER_PAGE))
    shown = replace(filters, page=min(filters.page, pages))
    start = (shown.page - 1) * PER_PAGE
    return Listing(
        now=tuple(now[: 2 * PER_PAGE]),
        under_way=len(now),
        rest=tuple(rest[start : start + PER_PAGE]),
        filters=shown,
        pages=pages,
        # The one that is chosen too, though none of these has it any more: the form shows what holds.
        rules=tuple(sorted({*rules, *(each.rule for each in read.rows), shown.rule} - {""})),
        incomplete=read.incomplete,
    )
