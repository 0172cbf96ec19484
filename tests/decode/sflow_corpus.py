"""The sFlow captures of the corpus beside the checkout: their datagrams and what other decoders read in them."""

import json
from pathlib import Path
from typing import Any

import pytest

from collector.datagram import Datagram
from collector.receive.pcap import read_capture

CORPUS = Path(__file__).parents[3] / "shared" / "corpus"


def names() -> list[str]:
    """The captures of sFlow; none where there is no corpus."""
    manifest = CORPUS / "manifest.json"
    if not manifest.exists():
        return []
    return [name for name, about in json.loads(manifest.read_text()).items() if about["protocol"] == "sflow"]


def parameters() -> list[Any]:
    """The captures for parametrize; one that skips with a message where there is no corpus."""
    skip = pytest.mark.skip(reason=f"no corpus at {CORPUS}")
    return list(names()) or [pytest.param("", marks=skip)]


def datagrams(name: str) -> list[Datagram]:
    """The datagrams of a capture."""
    return list(read_capture(CORPUS / "pcaps" / f"{name}.pcap"))


def expected(name: str, kind: str) -> list[dict[str, Any]]:
    """The samples of a kind in a capture: sflow_flow, sflow_counter, sflow_drop."""
    lines = (CORPUS / "expected" / f"{name}.jsonl").read_text(encoding="utf-8").splitlines()
    return [one for one in map(json.loads, lines) if one["_kind"] == kind]
