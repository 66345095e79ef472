"""Files that people write: their text, UTF-8 and no more of it than its parser takes; and if they changed."""

from pathlib import Path
from typing import Annotated

from pydantic import PlainValidator, ValidationInfo

from receiver.policy.fields import text
from receiver.policy.problems import Problem
from receiver.policy.source import MAX_BYTES


def _path(value: object, info: ValidationInfo) -> Path:
    """Read a path; a relative one in a config file starts at that file's folder, as in Prometheus."""
    folder: Path = (info.context or {}).get("folder", Path())
    return folder / (value if isinstance(value, Path) else text(value))


PathField = Annotated[Path, PlainValidator(_path)]
Stamp = tuple[int, ...] | None


def stamp(file: Path) -> Stamp:
    """Return something that stays equal until a file comes, goes or changes; None while there is none.

    It only asks for stat, so that it may be polled, and never fails. A mounted Secret's or ConfigMap's swap
    changes it: links are followed, and the files behind them are new ones.
    """
    try:
        found = file.stat()
    except (OSError, ValueError):
        return None
    return found.st_dev, found.st_ino, found.st_size, found.st_mtime_ns, found.st_ctime_ns


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
