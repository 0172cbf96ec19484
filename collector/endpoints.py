"""HOST:PORT as operators write it."""

import re
from collections.abc import Iterable
from typing import NamedTuple

_FORM = re.compile(r"(?:\[(?P<six>[^\]]+)\]|(?P<host>[^:\[\]]*)):(?P<port>\d+)")


class Endpoint(NamedTuple):
    """Where to listen or connect."""

    host: str
    """Address without brackets, or name."""
    port: int

    def __str__(self) -> str:
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"


def endpoint(text: str) -> Endpoint:
    """Read `127.0.0.1:2055`, `[::]:2055`, `name:2055` or `:2055` (all addresses). ValueError where it is none."""
    found = _FORM.fullmatch(str(text).strip())
    if not found or int(found["port"]) > 65535:
        raise ValueError(f"{text!r} is not of the form HOST:PORT (an IPv6 address in brackets: [::]:2055)")
    return Endpoint(found["six"] or found["host"] or "::", int(found["port"]))


def endpoints(given: Iterable[str | Endpoint]) -> tuple[Endpoint, ...]:
    """Read several."""
    return tuple(one if isinstance(one, Endpoint) else endpoint(one) for one in given)
