"""The services that Apprise knows, through the extra `apprise`; only a receiver of that kind imports it."""

import importlib
import importlib.util
import logging

from receiver.notify.errors import NotifyError
from receiver.notify.message import BAD, GOOD, NEUTRAL, Message

KINDS = {GOOD: "success", BAD: "warning", NEUTRAL: "info"}


def is_installed() -> bool:
    """Tell whether the extra is there."""
    return importlib.util.find_spec("apprise") is not None


def send_by_apprise(url: str, message: Message) -> None:
    """Send a message to one of Apprise's addresses, and return once it was taken.

    Raises:
        NotifyError: Apprise does not know such an address, or could not send.
    """
    apprise = importlib.import_module("apprise")
    # Its log lines hold addresses.
    logging.getLogger("apprise").disabled = True
    service = apprise.Apprise()
    if not service.add(url):
        raise NotifyError("Apprise knows no such address: see its list of services")
    body = "\n".join(filter(None, (*message.lines, message.link)))
    if not service.notify(body=body, title=message.title, notify_type=KINDS[message.tone]):
        raise NotifyError("Apprise could not send it")
