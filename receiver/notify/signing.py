"""The signature of a webhook's body, as Standard Webhooks (standardwebhooks.com) has it, version 1.

Three headers: `webhook-id`, the same however often a message is sent; `webhook-timestamp`, in seconds, of
this try; `webhook-signature`, `v1,` and the base64 of HMAC-SHA256 over `ID.TIMESTAMP.BODY`. Whoever receives
compares the signature in constant time, and takes nothing whose timestamp is more than 5 minutes from now.
"""

import base64
import binascii
import hashlib
import hmac

from receiver.notify.errors import NotifyError

ENCODED = "whsec_"


def signature_headers(secret: str, body: bytes, *, message_id: str, timestamp: int) -> dict[str, str]:
    """Return the three headers.

    Raises:
        NotifyError: the secret says that it is base64, and is not.
    """
    signed = f"{message_id}.{timestamp}.".encode() + body
    digest = hmac.new(_key(secret), signed, hashlib.sha256).digest()
    return {
        "webhook-id": message_id,
        "webhook-timestamp": str(timestamp),
        "webhook-signature": f"v1,{base64.b64encode(digest).decode()}",
    }


def _key(secret: str) -> bytes:
    if not secret.startswith(ENCODED):
        return secret.encode()
    try:
        return base64.b64decode(secret.removeprefix(ENCODED), validate=True)
    except binascii.Error as e:
        raise NotifyError("its secret begins with whsec_, and what follows is no base64") from e
