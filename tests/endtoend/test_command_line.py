"""What the command says to somebody who mistypes."""

import re
import socket
import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

from collector.cli import application
from collector.commands import MODULES
from collector.settings import Settings, flag
from tests.endtoend.running import environment, free_ports
from tests.sample import capture


def call(*arguments: str, folder: Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "collector", *arguments]
    return subprocess.run(
        command, capture_output=True, text=True, timeout=60, cwd=folder, env=environment(), check=False
    )


def test_help_names_every_command_and_every_setting(tmp_path: Path) -> None:
    answer = call("--help", folder=tmp_path)
    assert answer.returncode == 0
    for command in MODULES:
        assert re.search(rf"^ +{command} ", answer.stdout, re.MULTILINE)
    settings = call("run", "--help", folder=tmp_path).stdout
    assert all(flag(name) in settings for name in Settings.model_fields)


@pytest.mark.parametrize("command", MODULES)
def test_a_command_is_there_without_the_others(command: str) -> None:
    alone = application(command)
    assert CliRunner().invoke(alone, [command, "--help"]).exit_code == 0
    assert CliRunner().invoke(alone, ["geo" if command != "geo" else "run", "--help"]).exit_code == 2


def test_a_command_that_needs_no_search_engine_does_not_load_its_client(tmp_path: Path) -> None:
    script = "import sys, collector.cli as it; it.application('query'); print('elastic_transport' in sys.modules)"
    command = [sys.executable, "-c", script]
    ran = subprocess.run(command, env=environment(), cwd=tmp_path, capture_output=True, text=True, check=True)
    assert ran.stdout == "False\n"


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (["run", "--udp", "nonsense"], r"--udp: 'nonsense' is not of the form HOST:PORT"),
        (["run", "--timezone", "Mars"], r"--timezone: not a time zone"),
        (["run", "--config", "missing.toml"], r"settings file missing.toml: No such file"),
        (["run", "--elasticsearch", "ftp://x", "--udp", "off", "--web", "off"], r"ftp://x: not of the form http"),
        (["decode", "missing.pcap"], r"cannot read missing.pcap: No such file"),
        (["decode", "--records", "flaws", "x.pcap"], r"--records: 'flaws'"),
    ],
)
def test_a_mistake_is_told_in_one_line(arguments: list[str], expected: str, tmp_path: Path) -> None:
    answer = call(*arguments, folder=tmp_path)
    assert answer.returncode in (1, 2)
    assert re.fullmatch(rf"flow-collector: {expected}.*\n", answer.stderr)


def test_unknown_options_and_commands_are_refused(tmp_path: Path) -> None:
    assert "No such option" in call("run", "--udpp", "x", folder=tmp_path).stderr
    assert "No such command" in call("rum", folder=tmp_path).stderr


def test_an_unknown_key_of_the_file_suggests_the_nearest(tmp_path: Path) -> None:
    (tmp_path / "flow-collector.toml").write_text('foldr = "x"\n', encoding="utf-8")
    answer = call("check", folder=tmp_path)
    assert answer.returncode == 2
    assert "foldr: no such setting; did you mean folder?" in answer.stderr


def test_a_file_that_is_no_capture_is_named(tmp_path: Path) -> None:
    (tmp_path / "x.pcap").write_bytes(b"hello, world, this is no capture")
    answer = call("decode", "x.pcap", folder=tmp_path)
    assert answer.returncode == 1
    assert answer.stderr.startswith("flow-collector: cannot read x.pcap: ")
    assert answer.stderr.count("\n") == 1


def test_a_port_in_use_is_told(tmp_path: Path) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as other:
        other.bind(("127.0.0.1", 0))
        place = f"127.0.0.1:{other.getsockname()[1]}"
        for command in ("run", "check"):
            answer = call(command, "--udp", place, "--web", "off", folder=tmp_path)
            assert answer.returncode == 1
            assert f"cannot receive on {place}: another program has the port" in answer.stdout + answer.stderr


def test_check_finds_nothing_wrong_where_all_is_well(tmp_path: Path) -> None:
    udp, web = free_ports(2)
    answer = call("check", "--udp", f"127.0.0.1:{udp}", "--web", f"127.0.0.1:{web}", folder=tmp_path)
    assert answer.returncode == 0, answer.stdout
    assert "error" not in answer.stdout


def test_an_import_does_not_wait_for_a_search_engine_that_is_not_there(tmp_path: Path) -> None:
    (port,) = free_ports(1)
    (tmp_path / "one.pcap").write_bytes(capture())
    answer = call("import", "--elasticsearch", f"http://127.0.0.1:{port}", "one.pcap", folder=tmp_path)
    assert answer.returncode == 1
    assert answer.stderr.startswith(f"flow-collector: http://127.0.0.1:{port}: connection refused")
    assert answer.stderr.count("\n") == 1


def test_check_says_when_the_search_engine_does_not_answer(tmp_path: Path) -> None:
    (port,) = free_ports(1)
    url = f"http://127.0.0.1:{port}"
    answer = call("check", "--udp", "off", "--web", "off", "--elasticsearch", url, folder=tmp_path)
    assert answer.returncode == 1
    assert re.search(rf"error +.*{url}", answer.stdout)
