from io import BytesIO
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import polars as pl
import pyarrow as pa
import pyarrow.dataset
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from polars.testing import assert_frame_equal

from collector import schema
from collector.datasets import FLOWS
from collector.flows import Flows
from collector.schema import Field
from collector.store.parquet import columns
from collector.store.parquet.chunks import Encoder
from collector.store.parquet.encoding import bit_packed
from collector.store.parquet.file import ParquetFile
from collector.store.parquet.integers import Integers
from collector.store.parquet.joining import joined
from tests.store.parquet_flows import expected, in_utc, random_flows, write_file
from tests.store.sample import flows

many = settings(
    deadline=None, max_examples=50, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large]
)


@many
@given(parts=st.lists(random_flows(), min_size=1, max_size=3))
def test_any_flows_come_back(parts: list[Flows]) -> None:
    """Both readers are independent implementations of the format."""
    with TemporaryDirectory() as folder:
        path = write_file(Path(folder) / "a.parquet", *parts)
        wanted = pl.concat([expected(part) for part in parts])
        assert_frame_equal(pl.read_parquet(path), wanted)
        table = pq.read_table(path)
        table.validate(full=True)
        assert_frame_equal(pl.DataFrame(table), wanted)
        assert pq.read_metadata(path).num_row_groups == len(parts)


@many
@given(parts=st.lists(random_flows(), min_size=1, max_size=4))
def test_batches_are_joined_row_after_row(parts: list[Flows]) -> None:
    whole = joined(parts)
    assert len(whole) == sum(map(len, parts))
    assert_frame_equal(expected(whole), pl.concat([expected(part) for part in parts]))


@many
@given(part=random_flows())
def test_a_file_read_and_written_anew_is_the_same(part: Flows) -> None:
    """The way of small row groups when files are merged."""
    first, second = BytesIO(), BytesIO()
    for out in (first, second):
        file = ParquetFile(out)
        if out is first:
            file.write(part)
        else:
            table = pq.read_table(first, read_dictionary=columns.text_columns(FLOWS))
            file.add(table.num_rows, columns.of_table(table, FLOWS))
        file.close()
    assert_frame_equal(pl.read_parquet(second.getvalue()), expected(part))


def test_schema_is_the_same_in_every_file(tmp_path: Path) -> None:
    """So that a reader which takes the columns of the first file for those of all gets everything."""
    some = write_file(tmp_path / "a.parquet", flows(10))
    other = write_file(tmp_path / "b.parquet", Flows(pl.DataFrame({"flow.id": pl.Series([1], dtype=pl.UInt64)})))
    assert pq.read_schema(some).equals(pq.read_schema(other))
    assert pq.read_schema(some).names == list(schema.fields())
    assert pl.scan_parquet(tmp_path / "*.parquet").select(pl.len()).collect().item() == 11


def test_types_follow_the_schema(tmp_path: Path) -> None:
    path = write_file(tmp_path / "a.parquet", flows(10))
    read = pl.read_parquet_schema(path)
    for name, field in schema.fields().items():
        assert read[name] == (pl.Datetime("ms", "UTC") if field.kind == "time" else field.dtype), name
    assert pq.read_schema(path).field("@timestamp").type == pa.timestamp("ms", "UTC")


def test_file_without_flows_can_be_read(tmp_path: Path) -> None:
    path = write_file(tmp_path / "a.parquet", Flows(pl.DataFrame()))
    assert pl.read_parquet(path).shape == (0, len(schema.fields()))
    assert pq.read_table(path).num_rows == 0


def test_many_flows_and_wide_dictionaries(tmp_path: Path) -> None:
    """More distinct texts than 16 bits can count, and nulls among the flows."""
    count = 150_000
    draw = np.random.default_rng(1)
    names = pl.Series("value", [f"host-{number}" for number in range(100_000)])
    codes = pl.Series(draw.integers(0, 100_000, count), dtype=pl.UInt32)
    frame = pl.DataFrame(
        {
            "source.ip": codes,
            "destination.ip": pl.select(pl.when(codes % 3 == 0).then(codes)).to_series(),
            "flow.tcp_flags": pl.Series(draw.integers(0, 256, count), dtype=pl.UInt32),
            "flow.src_port_name": pl.Series(draw.integers(0, 65_536, count), dtype=pl.UInt32),
            "network.bytes": pl.Series(draw.integers(0, 2**63, count), dtype=pl.UInt64),
        }
    )
    batch = Flows(frame, {"addresses": pl.DataFrame([names, names.alias("domain")])})
    path = write_file(tmp_path / "a.parquet", batch)
    assert_frame_equal(pl.read_parquet(path), expected(batch))
    assert_frame_equal(pl.DataFrame(pq.read_table(path)), expected(batch))


def test_statistics_let_readers_skip_row_groups(tmp_path: Path) -> None:
    path = write_file(tmp_path / "a.parquet", flows(100), flows(100, seed=2))
    group = pq.read_metadata(path).row_group(1)
    by_name = {
        group.column(number).path_in_schema: group.column(number).statistics for number in range(group.num_columns)
    }
    times = in_utc(flows(100).frame).get_column("@timestamp")
    assert by_name["@timestamp"].min == times.min()
    assert by_name["@timestamp"].max == times.max()
    assert by_name["flow.input_ifname"].null_count == 50
    assert by_name["flow.user_name"].null_count == 100
    found = pyarrow.dataset.dataset(path).to_table(filter=pyarrow.dataset.field("@timestamp") > times.max()).num_rows
    assert found == 0


def test_unsigned_bounds_are_ordered_as_unsigned(tmp_path: Path) -> None:
    numbers = pl.Series("network.bytes", [1, 2**64 - 1, 300], dtype=pl.UInt64)
    path = write_file(tmp_path / "a.parquet", Flows(pl.DataFrame([numbers])))
    found = pl.scan_parquet(path).filter(pl.col("network.bytes") > 2**63).select("network.bytes").collect()
    assert found.to_series().to_list() == [2**64 - 1]
    place = list(schema.fields()).index("network.bytes")
    bounds = pq.read_metadata(path).row_group(0).column(place).statistics
    assert (bounds.min, bounds.max) == (1, 2**64 - 1)


@pytest.mark.parametrize("width", [1, 2, 4, 8, 16, 32])
def test_packing_fills_up_to_eight_values(width: int) -> None:
    kind = {16: np.uint16, 32: np.uint32}.get(width, np.uint8)
    data = bit_packed(np.ones(9, kind), width)
    assert data[0] == 2 << 1 | 1
    assert len(data) == 1 + 2 * width
    bits = "".join(f"{byte:08b}"[::-1] for byte in data[1:])
    assert bits[: 9 * width] == ("1" + "0" * (width - 1)) * 9
    assert "1" not in bits[9 * width :]


def test_equal_columns_are_compressed_once() -> None:
    encoder, integers = Encoder(), Integers()
    values = np.arange(1000, dtype=np.uint64) * 1000
    one = encoder.chunk(integers.column(values, "<i8", None, 1000))
    same = encoder.chunk(integers.column(values.copy(), "<i8", None, 1000))
    other = encoder.chunk(integers.column(values[::-1].copy(), "<i8", None, 1000))
    assert one.data[-1] is same.data[-1]
    assert one.data[-1] is not other.data[-1]


def test_truth_values_and_floats() -> None:
    """Kinds that the schema knows and no field has at present."""
    present = np.array([True, False, True, True])
    truth = columns.numbers(_field("bool"), np.array([True, False, True]), present, 4, Integers())
    assert truth.values.tobytes() == b"\5"
    assert truth.nulls == 1
    floats = columns.numbers(_field("f64"), np.array([0.5, -1.0, np.inf]), present, 4, Integers())
    assert floats.values.tobytes() == np.array([0.5, -1.0, np.inf]).tobytes()


def _field(kind: str) -> Field:
    return Field("x", kind, (), None, None, None, "")


def test_duckdb_reads_days(tmp_path: Path) -> None:
    duckdb = pytest.importorskip("duckdb", reason="duckdb is not installed")
    for day in ("2026-03-01", "2026-03-02"):
        (tmp_path / f"date={day}").mkdir()
        write_file(tmp_path / f"date={day}" / "a.parquet", flows(100))
    batch = expected(flows(100))
    rows = duckdb.sql(
        f"""select "date", count(*), sum("network.bytes"), count("flow.input_ifname"), epoch_ms(max("@timestamp")),
        count(distinct "source.domain"), sum(len("flow.tcp_flags"))
        from read_parquet('{tmp_path}/date=*/*.parquet', hive_partitioning = true) group by 1 order by 1"""
    ).fetchall()
    wanted = (
        100,
        batch["network.bytes"].sum(),
        50,
        batch["@timestamp"].dt.epoch("ms").max(),
        batch["source.domain"].n_unique(),
        batch["flow.tcp_flags"].list.len().sum(),
    )
    assert [row[1:] for row in rows] == [wanted, wanted]
    assert [str(row[0]) for row in rows] == ["2026-03-01", "2026-03-02"]
