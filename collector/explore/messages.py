"""What pydantic finds wrong with a dashboard, in words for the one who wrote it."""

import difflib
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

from pydantic import BaseModel

from collector.datasets import DATASETS
from collector.explore.checks import Place
from collector.explore.dashboard import Dashboard, Panel, Ratio, Row

Found = Mapping[str, Any]
"""One of pydantic's errors."""
PARTS: Mapping[str, type[BaseModel]] = {"rows": Row, "panels": Panel, "ratios": Ratio}
"""What lists of parts hold."""


def messages(errors: Iterable[Found]) -> Iterator[tuple[Place, str]]:
    """Places and words; one for each mistake, where pydantic has two."""
    found = list(errors)
    places = [one["loc"] for one in found]
    mistyped = {(*one["loc"][:-1], _nearest(one)) for one in found if one["type"] == "extra_forbidden"}
    for one, place in zip(found, places, strict=True):
        # A list whose parts are all wrong counts as empty, and a key that is mistyped as missing as well.
        within = one["type"] == "too_short" and any(other[: len(place)] == place for other in places if other != place)
        if not within and not (one["type"] == "missing" and place in mistyped):
            yield place, _message(one)


def _message(found: Found) -> str:
    write = _WRITERS.get(found["type"])
    return write(found) if write else found["msg"].replace("Input should", "it should")


def _unknown(found: Found) -> str:
    return f"there is no such key{_meant(str(found['loc'][-1]), _model(found['loc'][:-1]).model_fields)}"


def _nearest(found: Found) -> str:
    """The key that may have been meant by an unknown one."""
    near = difflib.get_close_matches(str(found["loc"][-1]), list(_model(found["loc"][:-1]).model_fields), 1)
    return near[0] if near else ""


def _model(place: Place) -> type[BaseModel]:
    """Of the part of a dashboard that keys stand in."""
    lists = [PARTS[step] for step in place if step in PARTS and isinstance(step, str)]
    return lists[-1] if lists else Dashboard


def _choice(found: Found) -> str:
    known = re.findall(r"'([^']+)'", found["ctx"]["expected"])
    return f"there is no {found['loc'][-1]} {found['input']}{_meant(str(found['input']), known)}"


def _pattern(found: Found) -> str:
    if found["loc"][-1] == "dataset":
        return f"there is no dataset {found['input']}; there are {', '.join(DATASETS)}"
    return f"{found['input']!r} must be of small letters and digits, with single hyphens between them"


def _meant(name: str, known: Iterable[str]) -> str:
    """What may have been meant, or all that there is."""
    known = list(known)
    near = difflib.get_close_matches(name, known, 1)
    return f"; did you mean {near[0]}?" if near else f"; there are {', '.join(known)}"


_WRITERS: Mapping[str, Callable[[Found], str]] = {
    "extra_forbidden": _unknown,
    "missing": lambda _: "it is missing",
    "value_error": lambda found: str(found["ctx"]["error"]),
    "literal_error": _choice,
    "string_pattern_mismatch": _pattern,
    "too_short": lambda _: "there must be at least one",
    "model_type": lambda _: "it should be keys and values",
}
