"""Real search engines for the tests, started from their published Java artifacts: no container engine, no root.

`Engine` is one engine in a folder; `fetch` resolves its artifacts; `tests.engines.fixtures` is the pytest plugin.
"""

from tests.engines.engine import Engine, EngineError
from tests.engines.fetch import FetchError, fetch
from tests.engines.kinds import KINDS, Kind
from tests.engines.tools import MissingToolError

__all__ = ["KINDS", "Engine", "EngineError", "FetchError", "Kind", "MissingToolError", "fetch"]
