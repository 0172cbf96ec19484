"""A pytest plugin: engines that start when a test first asks, one at a time unless a test asks for more.

`opensearch3`, `elasticsearch9` and `elasticsearch7` give an `Engine`, `engine` each of the three in turn. Tests share
them: `Engine.clear` gives an empty one. A test may kill its engine; the next one finds it running again.
"""

import tempfile
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.engines.engine import Engine
from tests.engines.kinds import KINDS
from tests.engines.tools import MissingToolError


class Pool:
    """The engines of a test session, each with its data in a folder of its own below `folder`."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._engines: dict[str, Engine] = {}
        self._stack = ExitStack()

    @property
    def running(self) -> set[str]:
        return {name for name, engine in self._engines.items() if engine.running}

    def get(self, name: str) -> Engine:
        """The engine, started where it does not run. Raises what `Engine.start` raises."""
        if name not in self._engines:
            folder = self._folder / name
            folder.mkdir(exist_ok=True)
            self._engines[name] = self._stack.enter_context(Engine(name, folder))
        engine = self._engines[name]
        if not engine.running:
            engine.start()
        return engine

    def keep(self, names: set[str]) -> None:
        """Stops the engines not named, for their memory, and starts the named ones that had run before."""
        for name, engine in self._engines.items():
            if name not in names:
                engine.stop()
        for name in names & self._engines.keys():
            self.get(name)

    def close(self) -> None:
        self._stack.close()


POOL = pytest.StashKey[Pool]()


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item: pytest.Item) -> None:
    """A session's fixture is made once: between its tests its engine may have been stopped for another or killed."""
    pool = item.config.stash.get(POOL, None)
    if pool is not None and isinstance(item, pytest.Function):
        names = KINDS.keys() & {*item.fixturenames, *_parameter(item)}
        if names:
            pool.keep(names)


def _parameter(item: pytest.Function) -> list[str]:
    """The engine that the fixture `engine` stands for in this test."""
    name = item.callspec.params.get("engine") if hasattr(item, "callspec") else None
    return [name] if isinstance(name, str) else []


@pytest.fixture(scope="session")
def engines(pytestconfig: pytest.Config) -> Iterator[Pool]:
    with tempfile.TemporaryDirectory(prefix="engines-") as folder:
        pool = Pool(Path(folder))
        pytestconfig.stash[POOL] = pool
        try:
            yield pool
        finally:
            pool.close()


def _get(engines: Pool, name: str) -> Engine:
    try:
        return engines.get(name)
    except MissingToolError as missing:
        pytest.skip(f"{KINDS[name].title}: {missing}")


@pytest.fixture(scope="session")
def opensearch3(engines: Pool) -> Engine:
    return _get(engines, "opensearch3")


@pytest.fixture(scope="session")
def elasticsearch9(engines: Pool) -> Engine:
    return _get(engines, "elasticsearch9")


@pytest.fixture(scope="session")
def elasticsearch7(engines: Pool) -> Engine:
    return _get(engines, "elasticsearch7")


@pytest.fixture(scope="session", params=list(KINDS))
def engine(request: pytest.FixtureRequest, engines: Pool) -> Engine:
    return _get(engines, request.param)
