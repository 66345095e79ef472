"""What the page's handlers share: sessions, whose header is believed, and the readings of all browsers."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from ipaddress import IPv4Network, IPv6Network, ip_address
from typing import Any

from werkzeug.datastructures import Headers

from receiver.policy.intake import RollbackQuery
from receiver.policy.overview import Rollout
from receiver.policy.record import Phase
from receiver.web.listing import UNDER_WAY, Row, Rows, row
from receiver.web.sessions import Sessions, Visitor
from receiver.web.sharing import Reading, Shared

EVERY_SECONDS = 2.0
RECORD_SERVES_SECONDS = 1.0
RECORDS_AT_ONCE = 500
MOST_LISTS = 12
"""So many hold more than is kept by default: 2,000 records of each of two kinds, and those under way."""
NAME_LIMIT = 100
Record = dict[str, Any]
Network = IPv4Network | IPv6Network
List = Callable[[RollbackQuery], dict[str, Any]]


@dataclass(frozen=True, slots=True)
class Seen:
    """A record (None: there is none of that name) and, while that is under way, its rollout."""

    record: Record | None
    rollout: Rollout | None = None


@dataclass(frozen=True, slots=True)
class Proxies:
    """Whose word counts: that of proxies in `networks`; on who is asking, their `header` (None: nobody's)."""

    header: str | None = None
    networks: tuple[Network, ...] = ()

    def trust(self, address: str | None) -> bool:
        """Tell whether a request comes from one of the proxies."""
        try:
            peer = ip_address(address or "")
        except ValueError:
            return False
        mapped = getattr(peer, "ipv4_mapped", None) or peer
        return any(mapped in network for network in self.networks)

    def visitor(self, address: str | None, headers: Headers) -> Visitor | None:
        """Return whom a proxy says is asking, None where none says anything."""
        name = (headers.get(self.header) or "").strip() if self.header and self.trust(address) else ""
        return Visitor(_as_sent(name)[:NAME_LIMIT], "proxy") if name else None


def _as_sent(text: str) -> str:
    """Return a header's text: WSGI hands over bytes as latin-1, and proxies send UTF-8."""
    return text.encode("latin-1", "replace").decode("utf-8", "replace")


@dataclass(frozen=True, slots=True)
class Page:
    """`sessions` is None where the installation has no review token: nobody may act."""

    sessions: Sessions | None
    proxies: Proxies
    lists: Shared[None, Rows]
    records: Shared[str, Seen]


def make_page(
    sessions: Sessions | None,
    proxies: Proxies,
    *,
    list_records: List,
    get_record: Callable[[str], Record | None],
    get_rollout: Callable[[Record], Rollout | None],
) -> Page:
    """Make the shared part of the page, around the engine's ways to read."""

    def see(name: str) -> Reading[Seen]:
        return Reading(_seen(get_record(name), get_rollout), RECORD_SERVES_SECONDS)

    return Page(
        sessions,
        proxies,
        Shared(lambda _: _read_all(list_records), failure_serves_seconds=EVERY_SECONDS),
        Shared(see, failure_serves_seconds=EVERY_SECONDS),
    )


def _seen(record: Record | None, get_rollout: Callable[[Record], Rollout | None]) -> Seen:
    phase = ((record or {}).get("status") or {}).get("phase")
    if record is None or phase not in {Phase.ROLLING_BACK, Phase.VERIFYING}:
        return Seen(record)
    return Seen(record, get_rollout(record))


def _read_all(list_records: List) -> Reading[Rows]:
    """Read the records, each as one row; so many LISTs as it takes serve so many times two seconds."""
    rows, token, lists = list[Row](), None, 0
    while lists == 0 or (token and lists < MOST_LISTS):
        found = list_records(RollbackQuery(limit=RECORDS_AT_ONCE, continue_token=token))
        rows += map(row, found["items"])
        token, lists = found.get("continue"), lists + 1
    if token:
        rows, lists = [*rows, *_read_now(list_records)], lists + len(UNDER_WAY)
    # Of what was read twice, the later reading holds.
    known = {each.name: each for each in rows}
    return Reading(Rows(tuple(known.values()), incomplete=bool(token)), lists * EVERY_SECONDS)


def _read_now(list_records: List) -> Iterator[Row]:
    """Read what is under way, wherever its name stands among those of all records."""
    for phase in UNDER_WAY:
        yield from map(row, list_records(RollbackQuery(phase=phase, limit=RECORDS_AT_ONCE))["items"])
