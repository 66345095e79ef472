"""JSONPath as additionalPrinterColumns use it: fields, indexes, wildcards, one comparison."""

import re
from typing import Any

_STEP = re.compile(
    r"""\.?\[\?\(\s*@\.(?P<by>[\w./-]+)\s*==\s*(?:"(?P<double>[^"]*)"|'(?P<single>[^']*)'|(?P<bare>\w+))\s*\)\]"""
    r"""|\.?\[(?P<index>-?\d+)\]"""
    r"""|\.?\[['"](?P<quoted>[^'"]+)['"]\]"""
    r"""|\.?\[?(?P<all>\*)\]?"""
    r"""|\.(?P<name>(?:[^.\[\]\\]|\\.)+)"""
)


def values_at(obj: Any, path: str) -> list[Any]:
    """Return the values that a path names, in order; none of a path that is not understood."""
    found, at = [obj], 0
    while at < len(path):
        step = _STEP.match(path, at)
        if step is None:
            return []
        found = [after for each in found for after in _stepped(each, step)]
        at = step.end()
    return [each for each in found if each is not None]


def _stepped(value: Any, step: re.Match[str]) -> list[Any]:
    if step["by"]:
        wanted = next(each for each in (step["double"], step["single"], step["bare"]) if each is not None)
        held = value if isinstance(value, list) else []
        return [each for each in held if [_text(v) for v in values_at(each, "." + step["by"])] == [wanted]]
    if step["index"]:
        position = int(step["index"])
        fits = isinstance(value, list) and -len(value) <= position < len(value)
        return [value[position]] if fits else []
    if step["all"]:
        return list(value.values()) if isinstance(value, dict) else list(value or [])
    name = step["quoted"] or re.sub(r"\\(.)", r"\1", step["name"])
    return [value[name]] if isinstance(value, dict) and name in value else []


def _text(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
