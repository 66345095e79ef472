"""What others made and the page brings along: unchanged, and with its licence."""

import hashlib
from pathlib import Path

from receiver import web

VENDOR = Path(web.__file__).parent / "static" / "vendor"
HTMX = "a0abb04f2f45a1f89d1d4844023245537e5e6014c87b144553e0607b4cc32130"
"""SHA-256 of dist/htmx.min.js in htmx.org 4.0.1, whose package's integrity npm's registry vouches for."""


def test_htmx_is_the_published_file() -> None:
    content = (VENDOR / "htmx-4.0.1.min.js").read_bytes()
    assert hashlib.sha256(content).hexdigest() == HTMX


def test_htmx_has_its_licence_beside_it() -> None:
    assert "Zero-Clause BSD" in (VENDOR / "htmx-LICENSE.txt").read_text()


def test_nothing_else_is_vendored() -> None:
    assert {path.name for path in VENDOR.iterdir()} == {"htmx-4.0.1.min.js", "htmx-LICENSE.txt"}
