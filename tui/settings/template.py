"""A first file of settings, in which every entry is explained and commented out."""

from __future__ import annotations

from pathlib import Path

from engine.session import writing
from engine.session.settings import Setting
from tui.settings.declared import SETTINGS

_HEAD = "# The settings of recsys-tui. An entry holds once its # is removed; docs/configuration.md explains them.\n"


def template() -> str:
    """The file: first the entries, and then the tables, as TOML wants it."""
    entries = [one for one in SETTINGS if one.kind != "keys"]
    tables = [one for one in SETTINGS if one.kind == "keys"]
    return "\n".join([_HEAD, *map(_explained, [*entries, *tables])])


def write_template(path: Path) -> None:
    """Write the file; one that is there already is replaced."""
    with writing(path) as part:
        part.write_text(template(), encoding="utf-8")


def _explained(setting: Setting) -> str:
    possible = f" One of {', '.join(setting.choices)}." if setting.choices else ""
    description = setting.description[0].upper() + setting.description[1:]
    lines = [f"# {description}.{possible}", *(f"#{line}" for line in setting.written().splitlines())]
    return "\n".join(lines) + "\n"
