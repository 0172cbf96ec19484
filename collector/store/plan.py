"""The objects of a document: a tree from the dotted names of fields."""

from dataclasses import dataclass, field
from functools import cached_property, lru_cache

from collector import schema
from collector.registry import VALUE


@dataclass(eq=False)
class Node:
    """A member of a JSON object: a leaf with a field, or an object with members of its own."""

    key: str
    name: str = ""
    """Name of the field; empty for an object."""
    depth: int = 0
    """Objects around it, without the document itself."""
    members: "dict[str, Node]" = field(default_factory=dict)

    @cached_property
    def leaves(self) -> tuple[str, ...]:
        """Names of all fields below; to be asked for when all members are there."""
        below = [name for member in self.members.values() for name in member.leaves]
        return (self.name, *below) if self.name else tuple(below)

    @cached_property
    def code(self) -> str | None:
        """The coded column through which everything below is reached, if it is one."""
        codes = {place(name)[0] for name in self.leaves}
        return codes.pop() if len(codes) == 1 else None


@lru_cache(maxsize=1024)
def plan(names: tuple[str, ...]) -> Node:
    """The document with these fields."""
    root = Node("")
    for name in names:
        node = root
        *path, key = name.split(".")
        for depth, step in enumerate(path):
            node = node.members.setdefault(step, Node(step, depth=depth))
        node.members[key] = Node(key, name, len(path))
    return root


@lru_cache(maxsize=4096)
def place(name: str) -> tuple[str | None, str]:
    """The coded column and the attribute of its table that hold a field; None and its name for a column of its own."""
    one = schema.field(name)
    if one.code is not None and one.attribute is not None:
        return one.code, one.attribute
    return (name, VALUE) if one.table else (None, name)
