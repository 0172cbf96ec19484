"""The parser of the filter syntax is loaded without a trace."""

import shutil
import subprocess
import sys
from pathlib import Path

import luqum

ROOT = Path(__file__).parents[2]


def test_tables_of_another_python_are_taken_as_they_are(tmp_path: Path) -> None:
    folder = shutil.copytree(
        Path(luqum.__file__).parent, tmp_path / "luqum", ignore=shutil.ignore_patterns("__pycache__")
    )
    tables = folder / "parsetab.py"
    text = tables.read_text(encoding="utf-8")
    tables.write_text(text.replace("_lr_signature = '", "_lr_signature = ' "), encoding="utf-8")
    before = {file: file.read_bytes() for file in folder.iterdir() if file.is_file()}
    code = "from collector.query.lucene import parse; import luqum; print(luqum.__file__, parse('a:1'))"
    answer = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        env={"PYTHONPATH": f"{tmp_path}:{ROOT}"},
        check=False,
    )
    assert (answer.stdout, answer.stderr) == (f"{folder / '__init__.py'} a:1\n", "")
    assert {file: file.read_bytes() for file in folder.iterdir() if file.is_file()} == before
