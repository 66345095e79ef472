"""Who is notified of what, as the config file says it. No secret stands there: addresses are in files."""

from typing import Annotated, Self

from pydantic import AfterValidator, PlainValidator, model_validator

from receiver.files import PathField
from receiver.policy.fields import DnsLabel, Url, choice
from receiver.policy.notices import Notice, Routes
from receiver.policy.parsing import Parsed

KINDS = ("slack", "teams", "webhook", "apprise")


class ByUrl(Parsed):
    """A service whose address is its secret."""

    url_file: PathField
    """The file with the address; read for each notification, so that it may be replaced."""


class Webhook(Parsed):
    """A program of one's own, which can tell by the signature who sends."""

    url: Url
    """Where the notification is posted to."""
    secret_file: PathField
    """The file with the key of the signature: `whsec_` and base64, or any other text as it is."""


class NotificationReceiver(Parsed):
    """One that is told: exactly one of slack, teams, webhook and apprise."""

    name: DnsLabel
    """Unique; rules name the receiver by it, and so do metrics."""
    events: tuple[Annotated[Notice, PlainValidator(choice(Notice))], ...] = tuple(Notice)
    """What it is told. Left out: everything."""
    slack: ByUrl | None = None
    """An incoming webhook of Slack, or of what takes the same messages: Mattermost, Rocket.Chat."""
    teams: ByUrl | None = None
    """A workflow of Microsoft Teams that begins when a webhook request is received."""
    webhook: Webhook | None = None
    """Any other program: JSON, signed as Standard Webhooks has it."""
    apprise: ByUrl | None = None
    """Any service that Apprise knows, by its address; takes the extra `apprise`."""

    @model_validator(mode="after")
    def _one_kind(self) -> Self:
        if sum(getattr(self, kind) is not None for kind in KINDS) != 1:
            raise ValueError(f"must have exactly one of {', '.join(KINDS)}")
        return self


def _unique(receivers: tuple[NotificationReceiver, ...]) -> tuple[NotificationReceiver, ...]:
    names = [each.name for each in receivers]
    for name in names:
        if names.count(name) > 1:
            raise ValueError(f"two receivers are called {name}: give each a name of its own")
    return receivers


class Notifications(Parsed):
    """Who is notified of rollbacks."""

    page_url: Url | None = None
    """Where people reach the page, for the links. Left out (None): no links."""
    receivers: Annotated[tuple[NotificationReceiver, ...], AfterValidator(_unique)] = ()
    """Who is told, and of what."""

    @property
    def routes(self) -> Routes:
        """Return the receivers by name, with what each is told."""
        return {each.name: frozenset(each.events) for each in self.receivers}
