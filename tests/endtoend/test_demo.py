"""`demo` as somebody types it."""

import signal
import subprocess
import sys
import urllib.request
from pathlib import Path

import polars as pl
import pytest

from collector.demo.place import DemoError, clear, look
from collector.store.access import Access
from tests.endtoend.running import PATIENCE, environment, free_ports, wait_for
from tests.engines.engine import Engine

SMALL = ("--flows", "1000", "--hours", "1")


def demo(folder: Path, *arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "collector", "demo", *SMALL, *arguments]
    return subprocess.run(
        command, capture_output=True, text=True, timeout=60, cwd=folder, env=environment() | variables, check=False
    )


def stored(folder: Path) -> int:
    return pl.scan_parquet(folder / "date=*/*.parquet").select(pl.len()).collect().item()  # type: ignore[no-any-return]


def test_fills_a_folder_of_its_own_and_says_what_to_do_next(tmp_path: Path) -> None:
    real = tmp_path / "flows"
    done = demo(tmp_path, FLOW_COLLECTOR_FOLDER=str(real), FLOW_COLLECTOR_ELASTICSEARCH="http://127.0.0.1:9")
    assert done.returncode == 0, done.stderr
    assert "1,000 flows" in done.stderr
    assert "in Parquet files in flows-demo" in done.stderr
    assert "next: flow-collector web --folder flows-demo" in done.stderr
    assert not real.exists()
    assert stored(tmp_path / "flows-demo") == 1_000


def test_replaces_a_demo_and_nothing_else(tmp_path: Path) -> None:
    folder = tmp_path / "demo"
    clear(folder)
    old = folder / "counters" / "date=2026-03-01"
    old.mkdir(parents=True)
    clear(folder)
    assert not old.exists()
    (tmp_path / "flows" / "date=2026-03-01").mkdir(parents=True)
    with pytest.raises(DemoError, match="has other things than a demo: choose another --folder"):
        clear(tmp_path / "flows")
    assert (tmp_path / "flows" / "date=2026-03-01").exists()


def test_serves_until_it_is_told_to_stop(tmp_path: Path) -> None:
    (port,) = free_ports(1)
    log = tmp_path / "log"
    command = [sys.executable, "-m", "collector", "demo", *SMALL, "--serve", "--web", f"127.0.0.1:{port}"]
    with log.open("wb") as out:
        running = subprocess.Popen(command, stderr=out, cwd=tmp_path, env=environment())
    try:
        wait_for(lambda: f"http://127.0.0.1:{port} until Ctrl-C" in log.read_text(), "the page", PATIENCE)
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/api/exporters", timeout=10) as answer:
            assert b'"192.0.2.1"' in answer.read()
        running.send_signal(signal.SIGINT)
        assert running.wait(PATIENCE) == 0, log.read_text()
    finally:
        running.kill()


@pytest.mark.engine
def test_fills_a_search_engine_without_real_flows(opensearch3: Engine, tmp_path: Path) -> None:
    opensearch3.clear()
    access = Access((opensearch3.url,))
    look(access)
    done = demo(tmp_path, "--elasticsearch", opensearch3.url)
    assert done.returncode == 0, done.stderr
    with pytest.raises(DemoError, match=r"1,000 flows in elastiflow-1-\*: with --mix the demo is put among them"):
        look(access)
