"""Whatever is sent to a port, the collector goes on and says what it could not use."""

import random
import socket
import time
from pathlib import Path

from tests.builders.netflow import Template, netflow9
from tests.endtoend.running import Running, wait_for
from tests.sample import FLOWS, netflow5

TEMPLATE = Template(256, ((8, 4), (12, 4), (1, 4)))


def test_garbage_costs_nothing_else(tmp_path: Path) -> None:
    draw = random.Random(1)
    garbage = [draw.randbytes(draw.randrange(1500)) for _ in range(500)]
    versions = [
        bytes([0, version]) + draw.randbytes(draw.randrange(200)) for version in (1, 5, 7, 9, 10) for _ in range(50)
    ]
    agents = [b"\0\0\0\5" + draw.randbytes(draw.randrange(400)) for _ in range(50)]
    cut = [netflow5()[:length] for length in range(len(netflow5()))]
    with Running(tmp_path) as running, socket.socket(type=socket.SOCK_DGRAM) as out:
        for payload in (*garbage, *versions, *agents, *cut, netflow5()):
            out.sendto(payload, ("127.0.0.1", running.port))
            wait_for_room()
        sent = len(garbage) + len(versions) + len(agents) + len(cut) + 1
        wait_for(lambda: running.metric("flow_collector_datagrams_total") == sent, "all datagrams")
        wait_for(lambda: running.metric("flow_collector_flows_total") >= FLOWS, "the flows among them")
        metrics = running.get("/metrics").decode()
        assert 'reason="unknown-version"' in metrics
        assert 'reason="fault of the collector"' not in metrics
    assert "fault" not in running.told()


def test_datagrams_that_never_came_are_told(tmp_path: Path) -> None:
    with Running(tmp_path) as running, socket.socket(type=socket.SOCK_DGRAM) as out:
        for sequence in (1, 2, 9):
            out.sendto(netflow9(TEMPLATE.define9(), sequence=sequence), ("127.0.0.1", running.port))
            wait_for_room()
        wait_for(lambda: running.metric("flow_collector_datagrams_total") == 3, "all datagrams")
        lost = 'flow_collector_lost{exporter="127.0.0.1",protocol="NetFlow v9"} 6.0'
        wait_for(lambda: lost in running.get("/metrics").decode(), "the gap between 2 and 9")
    assert "lost before they came: 6 datagrams of NetFlow v9" in running.told()


def wait_for_room() -> None:
    """Loopback is faster than any network: the receive buffer of a small machine must not overflow."""
    time.sleep(0.0005)
