"""What is worked out once for each place is what would be worked out for each address."""

import json
from io import BytesIO

import polars as pl
import pytest

from collector.flows import Flows
from collector.store.documents import documents
from collector.store.parquet.file import ParquetFile

ADDRESSES = pl.DataFrame(
    {
        "value": ["192.0.2.1", "192.0.2.2", "192.0.2.3", "192.0.2.4", "192.0.2.5"],
        "domain": ["one", "two", None, "four", "five"],
        "as.organization.name": ["private", "A", "A", None, "A"],
        "geo.city_name": [None, "Oslo", "Oslo", None, "Bergen"],
        "geo.location": [None, "1,2", "1,2", None, "3,4"],
    }
)
PLACES = pl.Series("place", [7, 9, 9, 1007, 8], pl.UInt32)


def flows(addresses: pl.DataFrame) -> Flows:
    frame = {
        "source.ip": pl.Series([0, 1, 2, 3, 4, None], dtype=pl.UInt32),
        "destination.ip": pl.Series([1, 2, 4, 0, None, 3], dtype=pl.UInt32),
        "flow.client_end": pl.Series([0, 1, 0, 1, 0, 1], dtype=pl.UInt8),
    }
    return Flows(pl.DataFrame(frame), {"addresses": addresses})


def parquet(some: Flows) -> pl.DataFrame:
    out = BytesIO()
    file = ParquetFile(out)
    file.write(some)
    file.close()
    return pl.read_parquet(out.getvalue())


@pytest.mark.parametrize("full", [True, False])
def test_documents(full: bool) -> None:
    placed, others = (
        [json.loads(line) for line in documents(flows(addresses), full=full)]
        for addresses in (ADDRESSES.with_columns(PLACES), ADDRESSES)
    )
    assert placed == others
    assert placed[1]["source"]["geo"] == {"city_name": "Oslo", "location": "1,2"}


def test_parquet() -> None:
    assert parquet(flows(ADDRESSES.with_columns(PLACES))).equals(parquet(flows(ADDRESSES)))
