"""Every panel shows something of a night of traffic, and each engine the same."""

from collections.abc import Iterator
from pathlib import Path

import polars as pl
import pytest
from polars import selectors
from polars.testing import assert_frame_equal

from collector.datasets import DATASETS
from collector.explore.asking import interval
from collector.explore.dashboard import Dashboard, Panel
from collector.explore.load import dashboards
from collector.explore.ratios import with_ratios
from collector.flows import Flows
from collector.query.elastic.engine import ElasticEngine
from collector.query.model import TIME, Answer
from collector.query.parquet.engine import ParquetEngine
from collector.store.access import Access
from collector.store.elasticsearch import ElasticsearchStore, Settings
from collector.store.parquet.store import ParquetStore
from tests.engines import Engine
from tests.explore import exported
from tests.explore.night import NIGHT, night, shown

NAMES = list(dashboards())
QUIET = {("collector-health", "queue-drops"), ("collector-health", "rejected")}
"""Metrics that are 0 where nothing is wrong, as in that night."""
PERCENTILES, UNIQUE = selectors.matches(r"^p\d+:"), selectors.starts_with("unique:")
ESTIMATES = PERCENTILES | UNIQUE
"""What search engines do not work out exactly."""
TOLERANCES = {PERCENTILES: 0.25, UNIQUE: 0.005}
LARGEST = 3
"""Groups whose estimates are looked at: a percentile of few values may be either of two that are far apart."""


@pytest.fixture(scope="module")
def batches() -> list[Flows]:
    return night()


@pytest.fixture(scope="module")
def folder(batches: list[Flows], tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("night")
    store = ParquetStore(folder)
    for batch in batches:
        store.write(batch)
    store.close(60)
    return folder


@pytest.fixture(scope="module")
def parquet(folder: Path) -> Iterator[ParquetEngine]:
    engine = ParquetEngine(folder, "UTC")
    yield engine
    engine.close()


@pytest.mark.parametrize("name", NAMES)
def test_every_panel_shows_something(parquet: ParquetEngine, name: str) -> None:
    for panel, answer in shown(parquet, dashboards()[name]):
        frame = with_ratios(panel, answer).frame
        assert frame.height > (1 if panel.kind == "series" else 0), panel.id
        empty = [column for column in _columns(panel) if frame[column].null_count() == frame.height]
        assert not empty, (panel.id, empty)
        if panel.kind == "metric" and (name, panel.id) not in QUIET:
            assert frame[_columns(panel)[-1]].item() > 0, panel.id


def _columns(panel: Panel) -> list[str]:
    """Those that are shown."""
    return [*panel.by, *panel.fields, *panel.measures, *(one.title for one in panel.ratios)]


def test_numbers_are_those_of_the_files(parquet: ParquetEngine, folder: Path) -> None:
    stored = pl.scan_parquet(folder / "date=*/*.parquet", hive_partitioning=False)
    times = pl.col(TIME).dt.epoch("ms")
    flows = stored.filter(times >= NIGHT.start, times < NIGHT.end)
    found = {panel.id: answer.frame for panel, answer in shown(parquet, dashboards()["top-services"])}
    direct = (
        flows.drop_nulls("flow.service_name")
        .group_by("flow.service_name")
        .agg(pl.col("network.bytes").sum().cast(pl.Float64).alias("bytes"), pl.len().cast(pl.Int64).alias("flows"))
        .sort("bytes", "flow.service_name", descending=[True, False])
        .head(25)
        .collect()
    )
    assert_frame_equal(found["services"].select("flow.service_name", "bytes", "flows"), direct)
    total = flows.drop_nulls("flow.service_name").select(pl.col("network.bytes").sum()).collect().item()
    assert found["share"]["bytes"].sum() == total
    assert found["traffic"]["bits/s"].sum() * interval(NIGHT) / 1000 == pytest.approx(8 * total, rel=1e-9)


@pytest.mark.parametrize("name", NAMES)
def test_controls_have_values_to_choose_from(parquet: ParquetEngine, name: str) -> None:
    for field in dashboards()[name].controls:
        assert _values(parquet, dashboards()[name], field), field


def _values(engine: ParquetEngine | ElasticEngine, dashboard: Dashboard, field: str) -> list[str]:
    return engine.values(field, "", NIGHT, 5, DATASETS[dashboard.dataset])


@pytest.mark.engine
def test_each_engine_shows_the_same_and_answers_what_exports_ask(
    engine: Engine, parquet: ParquetEngine, batches: list[Flows], tmp_path: Path
) -> None:
    engine.clear()
    store = ElasticsearchStore(Settings(access=Access((engine.url,)), folder=tmp_path))
    for batch in batches:
        store.write(batch)
    assert store.flush(300)
    store.close(0)
    assert engine.call("POST", "/elastiflow-*/_refresh")[0] == 200
    search = ElasticEngine(Access((engine.url,)))
    wrong = []
    for name, dashboard in dashboards().items():
        for (panel, one), (_, other) in zip(shown(parquet, dashboard), shown(search, dashboard), strict=True):
            wrong += [f"{name}: {panel.id}: {what}" for what in _differences(panel, one, other)]
        for field in dashboard.controls:
            values = [_values(asked, dashboard, field) for asked in (parquet, search)]
            wrong += [f"{name}: {field}: {values}"] if values[0] != values[1] else []
    search.close()
    wrong += exported.troubles(engine, NIGHT.start, NIGHT.end)
    assert not wrong, "\n".join(wrong)


def _differences(panel: Panel, one: Answer, other: Answer) -> Iterator[str]:
    """The same groups in the same order with the same numbers, but for what search engines estimate."""
    if one.total != other.total:
        yield f"{one.total} rows, and {other.total}"
    if panel.kind == "records":  # Rows of the same millisecond have no order.
        if one.frame[TIME].to_list() != other.frame[TIME].to_list():
            yield f"{one.frame} {other.frame}"
        return
    left, right = _rounded(panel, one.frame), _rounded(panel, other.frame)
    try:
        assert_frame_equal(left.drop(ESTIMATES), right.drop(ESTIMATES), check_column_order=False)
        for kind, tolerance in TOLERANCES.items():
            assert_frame_equal(left.select(kind).head(LARGEST), right.select(kind).head(LARGEST), rel_tol=tolerance)
    except AssertionError as error:
        yield f"{error}\n{left}\n{right}"


def _rounded(panel: Panel, frame: pl.DataFrame) -> pl.DataFrame:
    """With places to a hundredth of a degree: search engines keep about seven digits of them."""
    places = [name for name in panel.by if name.endswith(".location")]
    degrees = pl.col(places).str.split(",").list.eval(pl.element().cast(pl.Float64).round(2))
    counted = frame.with_columns(UNIQUE.as_expr().cast(pl.Float64))
    return counted.with_columns(degrees) if places else counted
