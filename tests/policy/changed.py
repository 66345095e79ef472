"""Documents near a valid one: a few of its values replaced, left out, added, repeated or put elsewhere."""

import copy
import json
from typing import Any

from hypothesis import strategies as st

Steps = tuple[str | int, ...]
SCALARS = [
    None,
    True,
    False,
    0,
    1,
    -1,
    7,
    "",
    " ",
    "1",
    "x",
    "off",
    "auto",
    "0s",
    "5m",
    "1h30m",
    "Deployment",
]
STRUCTURES = [[], {}, [[]], ["x"], {"x": 1}, {"": ""}]
ODD = st.sampled_from([*SCALARS, "a=b", "a/b/c", "https://x", "{{ $labels.a }}", "\u202e\x1b", *STRUCTURES])
KEYS = ["name", "mode", "for", "to", "pod", "kind", "live", "age", "guards", "x", "", "a b", "\u202e"]
EDITS = ["replace", "move", "drop", "add", "repeat", "wrap"]


@st.composite
def changed(draw: st.DrawFn, document: Any) -> Any:
    """The document after one to three edits."""
    data = copy.deepcopy(document)
    for _ in range(draw(st.integers(1, 3))):
        steps = draw(st.sampled_from([steps for steps in places(data) if steps] or [()]))
        if steps:
            _edit(draw, data, steps)
    return data


def places(data: Any, steps: Steps = ()) -> list[Steps]:
    """The way to every value, the root's first."""
    if isinstance(data, dict):
        items: list[tuple[str | int, Any]] = list(data.items())
    else:
        items = list(enumerate(data)) if isinstance(data, list) else []
    return [steps, *(place for step, value in items for place in places(value, (*steps, step)))]


def at(data: Any, steps: Steps) -> Any:
    for step in steps:
        data = data[step]
    return data


def _edit(draw: st.DrawFn, data: Any, steps: Steps) -> None:
    holder: Any = at(data, steps[:-1])
    step: Any = steps[-1]
    match draw(st.sampled_from(EDITS)):
        case "replace":
            holder[step] = copy.deepcopy(draw(ODD))
        case "move":
            holder[step] = copy.deepcopy(at(data, draw(st.sampled_from(places(data)))))
        case "drop":
            del holder[step]
        case "wrap":
            holder[step] = [holder[step]]
        case "repeat" if isinstance(holder, list):
            holder.append(copy.deepcopy(holder[step]))
        case _ if isinstance(holder, dict):
            holder[draw(st.sampled_from(KEYS))] = copy.deepcopy(draw(ODD))


def written(data: Any) -> str:
    """The document as a file, a value on each line: JSON is YAML."""
    return json.dumps(data, indent=1, ensure_ascii=True)
