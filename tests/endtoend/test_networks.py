"""The operator's networks and lists, as settings, in the documents."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.builders.netflow import Template, netflow9
from tests.builders.pcap import START, Packet, classic, frame
from tests.endtoend.running import environment

FLOWS = Template(400, [(8, 4), (12, 4), (1, 4), (2, 4)])
FLOW = netflow9(FLOWS.define9(), FLOWS.data(("9.9.9.9", "8.8.8.8", 100, 2)))


def call(folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    """A command that runs to its end."""
    command = [sys.executable, "-m", "collector", *words]
    return subprocess.run(
        command, capture_output=True, text=True, timeout=60, cwd=folder, env=environment(), check=False
    )


def test_decode_names_networks_and_tags_flows(tmp_path: Path) -> None:
    (tmp_path / "one.pcap").write_bytes(classic([Packet(START, frame(FLOW))]))
    (tmp_path / "networks.csv").write_text("network,name,tags\n9.9.9.0/24,Own,internal\n")
    (tmp_path / "lists").mkdir()
    (tmp_path / "lists" / "evil.txt").write_text("8.8.8.8\n9.9.9.9\n")
    (tmp_path / "good.txt").write_text("9.9.9.9\n")
    flags = ["--networks", "networks.csv", "--reputation", "lists", "--reputation-except", "good.txt"]
    document = json.loads(call(tmp_path, "decode", *flags, "one.pcap").stdout)
    assert document["source"]["network"] == {"name": "Own", "tags": ["internal"]}
    assert document["network"]["direction"] == "outbound"
    assert document["flow"]["rep_tags"] == document["flow"]["dst_rep_tags"] == ["evil"]
    assert "src_rep_tags" not in document["flow"]
    assert document["log"] == {"level": "warning"}
    answer = call(tmp_path, "check", "--udp", "off", "--tcp", "off", "--web", "off", *flags)
    assert (
        "ok       networks.csv can be used\nok       lists can be used\nok       good.txt can be used" in answer.stdout
    )


@pytest.mark.parametrize("command", ["run", "check"])
def test_a_mistake_in_the_networks_is_told_at_start(tmp_path: Path, command: str) -> None:
    (tmp_path / "networks.csv").write_text("network\n10.0.0.0/33\n")
    answer = call(tmp_path, command, "--networks", "networks.csv", "--udp", "off", "--tcp", "off", "--web", "off")
    assert answer.returncode == 1
    assert "networks networks.csv, line 2: '10.0.0.0/33' is not a network" in answer.stdout + answer.stderr
