"""The captures of ../shared/corpus, which are for testing only and not part of the project."""

import json
from pathlib import Path
from typing import Any

import pytest

CORPUS = Path(__file__).parents[2] / "shared" / "corpus"
needs_corpus = pytest.mark.skipif(not CORPUS.exists(), reason="the captures of ../shared/corpus are not there")


def manifest() -> dict[str, dict[str, Any]]:
    """What is known of each capture; empty where the corpus is not there."""
    path = CORPUS / "manifest.json"
    return dict(json.loads(path.read_text(encoding="utf-8"))) if path.exists() else {}


def capture(name: str) -> Path:
    """The capture of that name."""
    return CORPUS / "pcaps" / f"{name}.pcap"
