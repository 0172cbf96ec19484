from collections.abc import Mapping

import pytest

from tests.model.documents import Document, made


@pytest.fixture(scope="session")
def groups(tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, list[Document]]:
    """The documents of each group of flows."""
    return made(tmp_path_factory.mktemp("model"))
