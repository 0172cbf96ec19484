"""The settings as command line options."""

import inspect
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Annotated, Any

import typer
from pydantic.fields import FieldInfo
from pydantic_core import PydanticUndefined

from collector.settings import Settings, flag, load, variable

CONFIG = "config"
CONFIG_HELP = "Settings file in TOML [default: flow-collector.toml where there is one]"


def with_settings(function: Callable[..., Any], only: Iterable[str] | None = None) -> Callable[..., Any]:
    """A command that takes the settings (or `only` those) as options and hands them to `function` as `settings`."""
    names = list(Settings.model_fields if only is None else only)
    own = [p for p in inspect.signature(function, eval_str=True).parameters.values() if p.name != "settings"]

    def command(**given: Any) -> Any:
        config = given.pop(CONFIG, None)
        flags = {name: value for name in names if (value := given.pop(name, None)) is not None}
        return function(settings=load(flags, config), **given)

    parameters = [*own, *(_option(name) for name in names), _config()]
    command.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]
    command.__annotations__ = {p.name: p.annotation for p in parameters}
    command.__doc__, command.__name__ = function.__doc__, function.__name__
    return command


def _option(name: str) -> inspect.Parameter:
    """The option of one setting; its value stays text (or a switch) until the settings check it."""
    field = Settings.model_fields[name]
    default = shown(field)
    text = f"{field.description}" + (f" [default: {default}]" if default else "")
    switch = field.annotation is bool
    names = [f"{flag(name)}/--no-{flag(name)[2:]}"] if switch else [flag(name)]
    option = typer.Option(*names, help=f"{text} [{variable(name)}]", show_default=False)
    kind: Any = bool | None if switch else str | None
    annotation = Annotated[kind, option]
    return inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, default=None, annotation=annotation)


def _config() -> inspect.Parameter:
    option = typer.Option("--config", help=CONFIG_HELP, show_default=False)
    return inspect.Parameter(
        CONFIG, inspect.Parameter.KEYWORD_ONLY, default=None, annotation=Annotated[Path | None, option]
    )


def shown(field: FieldInfo) -> str:
    """A setting's default as an operator would write it; empty where there is none."""
    default = field.default
    if default is None or default is PydanticUndefined or default == ():
        return ""
    if isinstance(default, bool):
        return "yes" if default else "no"
    if isinstance(default, tuple) and not hasattr(default, "_fields"):
        return ",".join(map(str, default))
    return str(default)
