"""A restart loses no flow: templates and sampling rates are known from the last run, however that ended."""

import json
import socket
from collections.abc import Sequence
from pathlib import Path

import polars as pl

from tests.builders.netflow import Template, netflow9
from tests.endtoend.running import Running, wait_for

FLOWS = Template(256, ((8, 4), (12, 4), (1, 4), (2, 4)))
OTHER = Template(256, ((2, 4), (1, 4), (12, 4), (8, 4)))
"""As long, but in another order."""
RATE = Template(257, ((1, 4), (34, 4), (35, 1)), scopes=1)
TAUGHT = netflow9(FLOWS.define9(), RATE.define9()), netflow9(RATE.data((0, 100, 2)), sequence=1)
DATA = netflow9(FLOWS.data(("10.0.0.1", "10.0.0.2", 1500, 3)), sequence=2)


def send(running: Running, payloads: Sequence[bytes], source: str = "127.0.0.1") -> None:
    """Send datagrams from an address, and wait until they are decoded."""
    before = running.metric("flow_collector_datagrams_total")
    with socket.socket(type=socket.SOCK_DGRAM) as out:
        out.bind((source, 0))
        for payload in payloads:
            out.sendto(payload, ("127.0.0.1", running.port))
    wait_for(lambda: running.metric("flow_collector_datagrams_total") == before + len(payloads), "all datagrams")


def state(running: Running) -> Path:
    return running.folder / "flows" / "state.json"


def taught(running: Running, templates: int) -> None:
    """Wait until so many templates are on disk."""

    def saved() -> int:
        if not state(running).exists():
            return 0
        exporters = json.loads(state(running).read_bytes())["exporters"].values()
        return sum(len(stream["templates"]) for entry in exporters for stream in entry["netflow"]["streams"])

    wait_for(lambda: saved() == templates, f"{templates} templates in the state file: {running.told()}", 10)


def age(running: Running, exporter: str) -> None:
    """Make an exporter's templates older than a week."""
    content = json.loads(state(running).read_bytes())
    for stream in content["exporters"][exporter]["netflow"]["streams"]:
        for template in stream["templates"]:
            template["received"] -= 8 * 24 * 3_600_000
    state(running).write_text(json.dumps(content))


def lost(running: Running) -> list[str]:
    """The values of that metric, one for each exporter."""
    lines = running.get("/metrics").decode().splitlines()
    return [line.split()[-1] for line in lines if line.startswith("flow_collector_lost{")]


def stored(running: Running) -> pl.DataFrame:
    return pl.read_parquet(running.folder / "flows" / "date=*" / "*.parquet", hive_partitioning=True)


def test_the_first_flows_after_a_restart_are_decoded_and_scaled_however_it_came(tmp_path: Path) -> None:
    ends = "10.0.0.1", "10.0.0.2"
    other = netflow9(OTHER.data((3, 300, *reversed(ends))), sequence=5)
    with Running(tmp_path) as running:
        send(running, TAUGHT)
        send(running, [netflow9(OTHER.define9())], "127.0.0.2")
        taught(running, 3)
        running.kill()
        running.start()
        send(running, [DATA], "127.0.0.1")
        assert "3 templates and 1 sampling rates of 2 exporters are known from the last run" in running.told()
        send(running, [other], "127.0.0.2")
        send(running, [DATA], "127.0.0.3")
        wait_for(lambda: running.metric("flow_collector_flows_total") == 2, "the flows")
        send(running, [netflow9(RATE.data((0, 50, 2)), sequence=3)])
        running.stop()
        age(running, "127.0.0.2")
        running.start()
        send(running, [DATA], "127.0.0.1")
        send(running, [other], "127.0.0.2")
        assert "2 templates and 1 sampling rates of 1 exporters are known from the last run" in running.told()
        wait_for(lambda: len(lost(running)) == 2, "both exporters among the metrics")
        assert set(lost(running)) == {"0.0"}
    rows = stored(running).sort("host.ip", "event.ingested")
    assert rows.select("host.ip", "source.ip", "network.bytes", "network.packets").rows() == [
        ("127.0.0.1", "10.0.0.1", 150_000, 300),
        ("127.0.0.1", "10.0.0.1", 75_000, 150),
        ("127.0.0.2", "10.0.0.1", 300, 3),
    ]


def test_a_file_that_cannot_be_used_is_set_aside(tmp_path: Path) -> None:
    running, half = Running(tmp_path), '{"version":1,"exporters":{"127.0'
    state(running).parent.mkdir()
    state(running).write_text(half)
    with running:
        send(running, [*TAUGHT, DATA])
        taught(running, 2)
        (aside,) = state(running).parent.glob("state.json.damaged-*")
        assert aside.read_text() == half
        assert running.told().count(f"state file {state(running)} is damaged (") == 1
    assert stored(running)["network.bytes"].to_list() == [150_000]


def test_flows_do_not_need_the_state_file(tmp_path: Path) -> None:
    running = Running(tmp_path)
    with running:
        (state(running) / "in the way").mkdir(parents=True)
        send(running, TAUGHT)
        wait_for(lambda: "cannot be written" in running.told(), "the warning")
        send(running, [netflow9(RATE.data((0, 50, 2)), sequence=2), netflow9(DATA[20:], sequence=3)])
    assert running.told().count(f"state file {state(running)} cannot be written (") == 1
    assert stored(running)["network.bytes"].to_list() == [75_000]
