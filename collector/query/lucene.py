"""Luqum's parser, with the tables of its grammar that it comes with.

Where Python strips the indentation of docstrings (3.13), PLY takes these tables for outdated: it would make them anew,
write them into luqum's folder and tell of it on stderr.
"""

from collections.abc import Callable
from functools import partial
from typing import Any

from ply import yacc


def _parser() -> Callable[[str], Any]:
    make = yacc.yacc
    yacc.yacc = partial(make, optimize=True, debug=False, write_tables=False, errorlog=yacc.NullLogger())
    try:
        from luqum.thread import parse  # noqa: PLC0415 - it makes its parser when it is imported
    finally:
        yacc.yacc = make
    return parse  # type: ignore[no-any-return]


parse = _parser()
"""The tree of a text; may be called by any thread. luqum's ParseError where it is none."""
