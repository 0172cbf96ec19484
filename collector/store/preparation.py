"""What must be so before the first document is sent: an engine that is known, with the index templates in force."""

import logging
import threading

from collector.datasets import DATASETS
from collector.store.client import Client, Engine
from collector.store.template import IndexSettings, install

log = logging.getLogger(__name__)


class Preparation:
    """Done once, and again after the engine was out of reach, since it may come back as an empty one."""

    def __init__(self, client: Client, settings: IndexSettings) -> None:
        self.engine: Engine | None = None
        self._client = client
        self._settings = settings
        self._lock = threading.Lock()
        self._done = False

    def ensure(self) -> None:
        """Returns when all is prepared. Raises StoreError where it cannot be."""
        with self._lock:
            if self._done:
                return
            engine = self._client.identify()
            for dataset in DATASETS.values():
                install(self._client, self._settings, dataset)
            if engine != self.engine:
                log.info("flows are stored in %s", engine)
            self.engine = engine
            self._done = True

    def forget(self) -> None:
        """The engine was out of reach."""
        self._done = False
