"""Files that people write, read as text: UTF-8, and no more of one than its parser takes."""

from pathlib import Path

from receiver.policy.problems import Problem
from receiver.policy.source import MAX_BYTES


def read_text(file: Path) -> str | Problem:
    """Return a file's text, or why there is none.

    Of a file that is too long as much is returned as shows that; survey_source then says so.
    """
    try:
        with file.open("rb") as stream:
            content = stream.read(MAX_BYTES + 1)
        return content.decode(errors="strict" if len(content) <= MAX_BYTES else "replace")
    except OSError as e:
        return Problem(str(file), None, None, f"cannot be read: {e.strerror}")
    except UnicodeDecodeError as e:
        return Problem(str(file), content.count(b"\n", 0, e.start) + 1, None, "not UTF-8 text")
