"""docs/settings.md and docs/commands.md, made from the settings and from `--help`.

`python -m collector.commands.reference FOLDER` writes them.
"""

import sys
from pathlib import Path

from typer.testing import CliRunner

from collector.cli import application
from collector.commands.options import shown
from collector.settings import DEFAULT_FILE, Settings, flag, variable

SETTINGS_HEAD = f"""# Settings

Each setting has one name in three spellings: a flag on the command line, an environment variable, and a key in the TOML
file that `--config` names (`{DEFAULT_FILE}` where there is one), which is the flag with `_` for `-`. Flags win over
variables, variables over the file. Lists are separated by commas; in the file they may also be TOML lists. An
unknown key or variable is an error.

This page is made from the program: `python -m collector.commands.reference docs`.

| flag | variable | default | meaning |
| --- | --- | --- | --- |
"""
COMMANDS_HEAD = """# Commands

This page is made from the program: `python -m collector.commands.reference docs`.
"""
COMMANDS = (
    "",
    "run",
    "web",
    "query",
    "report",
    "decode",
    "import",
    "replay",
    "exporters",
    "demo",
    "setup",
    "dashboards export",
    "geo update",
    "check",
)


def settings() -> str:
    """docs/settings.md."""
    return SETTINGS_HEAD + "".join(
        f"| `{flag(name)}` | `{variable(name)}` | {_code(shown(field))} | {field.description} |\n"
        for name, field in Settings.model_fields.items()
    )


def commands() -> str:
    """docs/commands.md: what `--help` says."""
    return COMMANDS_HEAD + "".join(_section(name) for name in COMMANDS)


def _section(name: str) -> str:
    arguments = [*name.split(), "--help"]
    told = CliRunner(env={"COLUMNS": "100", "TERMINAL_WIDTH": "100"}).invoke(
        application(), arguments, prog_name="flow-collector"
    )
    text = "\n".join(line.rstrip() for line in told.stdout.strip().splitlines())
    return f"\n## {name or 'flow-collector'}\n\n```text\n{text}\n```\n"


def _code(text: str) -> str:
    return f"`{text}`" if text else ""


def main(folder: str) -> None:
    """Write both pages."""
    Path(folder, "settings.md").write_text(settings(), encoding="utf-8")
    Path(folder, "commands.md").write_text(commands(), encoding="utf-8")


if __name__ == "__main__":
    main(sys.argv[1])
