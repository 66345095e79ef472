"""Who gives a command, for the record."""

import getpass
import os


def person() -> str:
    """Return the name of the user; the number of one that has no name, as a container's may be."""
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return f"uid {os.getuid()}"
