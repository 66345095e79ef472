"""What a notification says: one change of one record, in words, and what a program wants to know of it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote

from receiver.notify.cause import Cause, cause_of, one_line
from receiver.policy.notices import Notice
from receiver.policy.record import Phase, naming
from receiver.policy.times import parse_time

TITLES = {
    Notice.STARTED: "Rollback started",
    Notice.AWAITING_APPROVAL: "Rollback awaits approval",
    Notice.REFUSED: "Rollback refused",
    Notice.SUCCEEDED: "Rollback succeeded",
    Notice.NOT_CURED: "Rollback did not cure the alert",
    Notice.FAILED: "Rollback failed",
    Notice.SUPERSEDED: "Rollback superseded",
}
GOOD, BAD, NEUTRAL = "good", "bad", "neutral"
TONES = {
    Notice.STARTED: NEUTRAL,
    Notice.AWAITING_APPROVAL: BAD,
    Notice.REFUSED: NEUTRAL,
    Notice.SUCCEEDED: GOOD,
    Notice.NOT_CURED: BAD,
    Notice.FAILED: BAD,
    Notice.SUPERSEDED: NEUTRAL,
}
IMAGES_LIMIT = 600
MOST_IMAGES = 20
Images = Mapping[str, tuple[str, str]]
"""By the container, from which image to which; empty where it is not there."""


@dataclass(frozen=True, slots=True)
class Message:
    """One notification. `id` is the same however often it is sent; `target` is empty where there is none.

    `expires_at` is that of the approval, where one is asked for; `images` are those that differ.
    """

    id: str
    notice: Notice
    at: str
    record: str
    target: str
    rule: str
    phase: str
    text: str
    link: str | None = None
    source: int | None = None
    to: int | None = None
    cause: Cause = field(default_factory=Cause)
    expires_at: str | None = None
    images: Images = field(default_factory=dict)

    @property
    def title(self) -> str:
        """Return what happened, in a few words; what is past already says so."""
        title = TITLES[self.notice]
        if self.asks:
            return f"{title}{self._until}"
        return f"{title} (it is {self.phase} by now)" if self._asked else title

    @property
    def asks(self) -> bool:
        """Tell whether an approval is asked for, and may still be given."""
        return self._asked and self.phase == Phase.AWAITING_APPROVAL

    @property
    def _asked(self) -> bool:
        return self.notice is Notice.AWAITING_APPROVAL

    @property
    def _until(self) -> str:
        until = parse_time(self.expires_at)
        if until is None:
            return ""
        day = "" if self.at.startswith(f"{until:%Y-%m-%d}") else f"{until:%Y-%m-%d} "
        return f" until {day}{until:%H:%M:%S} UTC"

    @property
    def lines(self) -> tuple[str, ...]:
        """Return what happened, why, and from which images to which, as far as it is known."""
        images = (f"{name}: {old or 'none'} → {new or 'none'}" for name, (old, new) in self.images.items())
        said = (self.text, self.cause.words, one_line(", ".join(images), limit=IMAGES_LIMIT))
        return tuple(line for line in said if line)

    @property
    def tone(self) -> str:
        """Return how it is meant: good, bad or neutral."""
        return TONES[self.notice]


def message_of(raw: Mapping[str, Any], notice: Mapping[str, Any], *, page_url: str | None) -> Message:
    """Make the message of a record's notice; `page_url` is where people reach the page, None: unknown."""
    status, names = raw.get("status") or {}, naming(raw)
    link = None if page_url is None else f"{page_url.rstrip('/')}/rollbacks/{quote(names['record'])}"
    suspect, to = raw["spec"].get("suspect") or {}, (status.get("decision") or {}).get("to") or {}
    event = Notice(notice["event"])
    return Message(
        id=notice["id"],
        notice=event,
        at=notice["at"],
        record=names["record"],
        target=names["target"],
        rule=names["rule"],
        phase=status.get("phase", ""),
        text=notice.get("message", ""),
        link=link,
        source=suspect.get("revision"),
        to=to.get("revision"),
        cause=cause_of(raw),
        expires_at=status.get("expiresAt") if event is Notice.AWAITING_APPROVAL else None,
        images=_differing(suspect.get("images") or {}, to.get("images") or {}),
    )


def _differing(before: Mapping[str, str], after: Mapping[str, str]) -> Images:
    if not (before and after):
        return {}
    pairs = {name: (before.get(name, ""), after.get(name, "")) for name in sorted({**before, **after})}
    return dict([(name, pair) for name, pair in pairs.items() if pair[0] != pair[1]][:MOST_IMAGES])
