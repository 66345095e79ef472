"""What a notification says: one change of one record, in words, and what a program wants to know of it."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from receiver.policy.notices import Notice
from receiver.policy.record import Phase, naming

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


@dataclass(frozen=True, slots=True)
class Message:
    """One notification. `id` is the same however often it is sent; `target` is empty where there is none."""

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

    @property
    def title(self) -> str:
        """Return what happened, in a few words; what is past already says so."""
        title = TITLES[self.notice]
        over = self.notice is Notice.AWAITING_APPROVAL and self.phase != Phase.AWAITING_APPROVAL
        return f"{title} (it is {self.phase} by now)" if over else title

    @property
    def tone(self) -> str:
        """Return how it is meant: good, bad or neutral."""
        return TONES[self.notice]


def message_of(raw: Mapping[str, Any], notice: Mapping[str, Any], *, page_url: str | None) -> Message:
    """Make the message of a record's notice; `page_url` is where people reach the page, None: unknown."""
    status, names = raw.get("status") or {}, naming(raw)
    link = None if page_url is None else f"{page_url.rstrip('/')}/rollbacks/{quote(names['record'])}"
    return Message(
        id=notice["id"],
        notice=Notice(notice["event"]),
        at=notice["at"],
        record=names["record"],
        target=names["target"],
        rule=names["rule"],
        phase=status.get("phase", ""),
        text=notice.get("message", ""),
        link=link,
        source=(raw["spec"].get("suspect") or {}).get("revision"),
        to=((status.get("decision") or {}).get("to") or {}).get("revision"),
    )
