"""A YAML file as data, and where in it each part stands."""

from collections.abc import Iterator
from typing import Any, NamedTuple

import yaml

from collector.explore.checks import Fault, Place

try:
    from yaml import CSafeLoader as Loader
except ImportError:  # PyYAML without libyaml: ten times slower, and the same otherwise.
    from yaml import SafeLoader as Loader  # type: ignore[assignment]


class Position(NamedTuple):
    """In a text, both from 1 on."""

    line: int
    column: int


class Source:
    """What a YAML text says. yaml.YAMLError or ValueError where it is none."""

    def __init__(self, text: str) -> None:
        loader = Loader(text)
        try:
            self._root = loader.get_single_node()
            self.data: Any = None if self._root is None else loader.construct_document(self._root)
        finally:
            loader.dispose()

    @property
    def doubles(self) -> list[Fault]:
        """Keys that stand twice in one mapping, of which YAML would take the second without a word."""
        return [] if self._root is None else list(_doubles(self._root, ()))

    def position(self, place: Place) -> Position:
        """Where a part begins; of one that is missing, where the part begins that it is missing in."""
        node, mark = self._root, None if self._root is None else self._root.start_mark
        for step in place:
            found = _within(node, step)
            if found is None:
                break
            node, mark = found[1], found[0].start_mark
        return Position(1, 1) if mark is None else Position(mark.line + 1, mark.column + 1)


def _within(node: Any, step: str | int) -> tuple[Any, Any] | None:
    """What tells the place of a part, its key or itself, and the part."""
    if isinstance(node, yaml.MappingNode):
        # From the end: of a double key the second one counts.
        return next(((key, value) for key, value in reversed(node.value) if key.value == step), None)
    if isinstance(node, yaml.SequenceNode) and isinstance(step, int) and step < len(node.value):
        return node.value[step], node.value[step]
    return None


def _doubles(node: Any, place: Place) -> Iterator[Fault]:
    if isinstance(node, yaml.SequenceNode):
        for number, part in enumerate(node.value):
            yield from _doubles(part, (*place, number))
    if isinstance(node, yaml.MappingNode):
        keys: set[str] = set()
        for key, part in node.value:
            if key.value in keys:
                yield (*place, key.value), "the key stands twice"
            keys.add(key.value)
            yield from _doubles(part, (*place, key.value))
