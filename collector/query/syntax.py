"""Filters in Lucene syntax, read with luqum, as a tree of conditions on the schema's fields."""

import difflib
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

from luqum import tree as lucene
from luqum.exceptions import ParseError

from collector.query.errors import FilterError
from collector.query.lucene import parse as parse_lucene
from collector.query.tree import All, Everything, Has, Node, Not, Some
from collector.query.values import Bound, Range, Text, between, equal
from collector.schema import Field

EXISTS = "_exists_"
COLONS = "a value with a colon (an IPv6 or MAC address, a time zone) must stand in quotation marks"
HINTS = {
    ":": f"; {COLONS}",
    "'": "; texts stand in double quotation marks",
    '"': ": there is no second quotation mark",
    "-": "; a value that begins with - must stand in quotation marks",
}
"""More about what makes no sense, by its first character."""
REFUSED = {
    lucene.Regex: "regular expressions are not possible; * and ? are",
    lucene.Fuzzy: "~ (a fuzzy search) is not possible",
    lucene.Proximity: "~ (a search for words near each other) is not possible",
    lucene.Boost: "^ (a boost) makes no sense: nothing is ranked",
}
_PLACE = re.compile(r"position (\d+)!?\Z")


def parsed(text: str, fields: Mapping[str, Field]) -> Node:
    """The tree of a filter on these fields. FilterError where it is none."""
    try:
        return _Reader(fields).node(_lucene(text))
    except RecursionError:
        raise FilterError("too many parts in one another", 1) from None


def _lucene(text: str) -> Any:
    """Luqum's tree."""
    if not text.strip():
        raise FilterError("the filter is empty; * is for all flows", 1)
    try:
        return parse_lucene(text)
    except ParseError as error:
        found = _PLACE.search(str(error))
        place = int(found[1]) if found else len(text)
        raise FilterError(_unexpected(text, place), place + 1) from None
    except (ValueError, ArithmeticError):  # of the numbers behind ~ and ^
        place = max(text.find("~"), text.find("^"))
        raise FilterError("~ and ^ are not possible", place + 1) from None


def _unexpected(text: str, place: int) -> str:
    rest = text[place:].split()
    if not rest:
        return "something is missing at the end: a value, or a closing parenthesis, bracket or quotation mark"
    return f"{rest[0]} makes no sense here{HINTS.get(rest[0][0], '')}"


@dataclass(frozen=True)
class _Reader:
    """Makes a tree of luqum's."""

    fields: Mapping[str, Field]

    def node(self, item: Any) -> Node:
        """A part of a filter that has its fields in it."""
        match item:
            case lucene.SearchField():
                return self._search(item)
            case lucene.Word(value="*"):
                return Everything()
        joined = _joined(item, self.node)
        if joined is None:
            raise _wrong(item, REFUSED.get(type(item), f"{item} is for no field: write FIELD:{item}"))
        return joined

    def _search(self, item: Any) -> Node:
        if item.name == EXISTS:
            return self._exists(item)
        if item.name == "*" and str(item.expr) == "*":
            return Everything()
        field = self._field(item, item.name.replace("\\", ""))
        if isinstance(item.expr, lucene.Prohibit | lucene.Plus):
            raise _wrong(item.expr, "a value that begins with - or + must stand in quotation marks")
        return _valued(field, item.expr)

    def _exists(self, item: Any) -> Node:
        field = self._field(item.expr, str(item.expr).strip('"'))
        return Has(field.name, equal(field, Text("*", quoted=False)))

    def _field(self, item: Any, name: str) -> Field:
        if name not in self.fields:
            raise _wrong(item, unknown(name, self.fields))
        return self.fields[name]


def _joined(item: Any, read: Callable[[Any], Node]) -> Node | None:
    """What is made of parts, each read alike; None where it is not."""
    match item:
        case lucene.Group() | lucene.FieldGroup():
            return read(item.expr)
        case lucene.AndOperation():
            return All(tuple(map(read, item.operands)))
        case lucene.OrOperation():
            return Some(tuple(map(read, item.operands)))
        case lucene.Not() | lucene.Prohibit():
            return Not(read(item.a))
        case lucene.Plus():
            return read(item.a)
        case lucene.UnknownOperation():
            second = item.operands[1]
            raise _wrong(second, f"AND or OR (in capitals) is missing before {second}")
    return None


def _valued(field: Field, item: Any) -> Node:
    """What stands behind the colon."""
    joined = _joined(item, partial(_valued, field))
    if joined is not None:
        return joined
    if isinstance(item, lucene.SearchField):
        raise _wrong(item, COLONS)
    if type(item) in REFUSED:
        raise _wrong(item, REFUSED[type(item)])
    return _has(field, item)


def _has(field: Field, item: Any) -> Node:
    try:
        if isinstance(item, lucene.Word | lucene.Phrase):
            return Has(field.name, equal(field, _text(item)))
        return Has(field.name, between(field, _range(item)))
    except ValueError as error:
        raise _wrong(item, f"{field.name}: {error}") from None


def _range(item: Any) -> Range:
    if isinstance(item, lucene.From):
        return _bound(item.a, item.include), None
    if isinstance(item, lucene.To):
        return None, _bound(item.a, item.include)
    return _bound(item.low, item.include_low), _bound(item.high, item.include_high)


def _bound(item: Any, included: bool) -> Bound | None:
    """An end of a range, None for `*`."""
    if isinstance(item, lucene.Prohibit):
        return Bound("-" + _text(item.a).plain, included)
    text = _text(item)
    return None if text == Text("*", quoted=False) else Bound(text.plain, included)


def _text(item: Any) -> Text:
    quoted = isinstance(item, lucene.Phrase)
    return Text(item.value[1:-1] if quoted else item.value, quoted)


def unknown(name: str, known: Iterable[str]) -> str:
    """That there is no such field, and which ones may have been meant."""
    known = list(known)
    longer = sorted((one for one in known if one.endswith(f".{name}")), key=len)
    near = longer[:3] or difflib.get_close_matches(name, known, 3)
    return f"there is no field {name}" + (f"; did you mean {' or '.join(near)}?" if near else "")


def _wrong(item: Any, reason: str) -> FilterError:
    return FilterError(reason, _place(item))


def _place(item: Any) -> int:
    return (item.pos or 0) + 1
