"""The signature is Standard Webhooks', so that its libraries verify it."""

import base64
import hashlib
import hmac

import pytest

from receiver.notify.errors import NotifyError
from receiver.notify.signing import signature_headers


def test_the_specifications_own_example_is_signed_as_it_says() -> None:
    headers = signature_headers(
        "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
        b'{"test": 2432232314}',
        message_id="msg_p5jXN8AQM9LWM0D4loKWxJek",
        timestamp=1614265330,
    )
    assert headers == {
        "webhook-id": "msg_p5jXN8AQM9LWM0D4loKWxJek",
        "webhook-timestamp": "1614265330",
        "webhook-signature": "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
    }


def test_a_secret_of_another_form_is_the_key_as_it_is() -> None:
    made = signature_headers("correct horse", b"{}", message_id="a", timestamp=1)["webhook-signature"]
    expected = hmac.new(b"correct horse", b"a.1.{}", hashlib.sha256).digest()
    assert made == f"v1,{base64.b64encode(expected).decode()}"


@pytest.mark.parametrize(
    ("secret", "body", "message_id", "timestamp"),
    [("t", b"{}", "a", 1), ("s", b"{ }", "a", 1), ("s", b"{}", "b", 1), ("s", b"{}", "a", 2)],
    ids=["secret", "body", "id", "time"],
)
def test_every_part_is_signed(secret: str, body: bytes, message_id: str, timestamp: int) -> None:
    def signature(*parts: object) -> str:
        secret, body, message_id, timestamp = parts
        assert isinstance(secret, str)
        assert isinstance(body, bytes)
        made = signature_headers(secret, body, message_id=str(message_id), timestamp=int(str(timestamp)))
        return made["webhook-signature"]

    assert signature(secret, body, message_id, timestamp) != signature("s", b"{}", "a", 1)


def test_a_secret_that_is_no_base64_is_a_fault_that_does_not_repeat_it() -> None:
    with pytest.raises(NotifyError) as raised:
        signature_headers("whsec_s3cr?t", b"{}", message_id="a", timestamp=1)
    assert "s3cr" not in str(raised.value)
