"""Writes segments until it is killed: python -m tests.store.crash URL FOLDER FIRST-SEED; says which are written."""

import sys
import time
from itertools import count
from pathlib import Path

from collector.store.access import Access
from collector.store.elasticsearch import ElasticsearchStore, Settings
from collector.store.shipping import Patience
from tests.store.sample import flows

FLOWS = 400


def main(url: str, folder: str, first: str) -> None:
    patience = Patience(first=0.05, longest=0.2, mending=0.2)
    store = ElasticsearchStore(Settings(Access((url,)), Path(folder), patience=patience, request_bytes=100_000))
    for seed in count(int(first)):
        store.write(flows(FLOWS, seed=seed))
        print(seed, store.counts().stored, flush=True)
        time.sleep(0.01)


if __name__ == "__main__":
    main(*sys.argv[1:])
