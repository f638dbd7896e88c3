"""Writes the tables of docs/configuration.md from the declarations of the settings and the bindings of the app.

    python docs/make_configuration_page.py
"""

from __future__ import annotations

import re
from pathlib import Path

from tui.actions import actions
from tui.keymap.keys import write_keys
from tui.keymap.presets import PRESETS
from tui.settings.declared import SETTINGS
from tui.themes.own import OWN

PAGE = Path(__file__).with_name("configuration.md")


def settings_table() -> str:
    """One row a setting."""
    rows = ["| setting | what it sets | values | default |", "| --- | --- | --- | --- |"]
    for one in SETTINGS:
        values = ", ".join(f"`{choice}`" for choice in one.choices) or _KINDS[one.name if one.choices_of else one.kind]
        default = "" if one.default in (None, {}) else f"`{str(one.default).lower()}`"
        rows.append(f"| `{one.name}` | {one.description} | {values} | {default} |")
    return "\n".join(rows)


_KINDS = {
    "text": "text",
    "number": "a number",
    "truth": "`true`, `false`",
    "theme": "the name of a theme",
    "keys": "a table, see below",
    "names": "a list of texts",
}


def actions_table() -> str:
    """One row an action, with its keys in each set of keys; a set that changes nothing of it has an empty cell."""
    others = [name for name in PRESETS if name != "default"]
    rows = [
        f"| action | what it does | where | default | {' | '.join(others)} |",
        "| --- | --- | --- | --- |" + " --- |" * len(others),
    ]
    for one in actions().values():
        cells = [_code(PRESETS[name][one.name]) if one.name in PRESETS[name] else "" for name in others]
        what, where = one.description.replace("|", "\\|"), ", ".join(one.places)
        rows.append(f"| `{one.name}` | {what} | {where} | {_code(one.keys)} | {' | '.join(cells)} |")
    return "\n".join(rows)


def themes_list() -> str:
    """The themes of this app."""
    return ", ".join(f"`{theme.name}`" for theme in OWN)


def _code(keys: tuple[str, ...]) -> str:
    return " ".join("`\\|`" if key == "|" else f"`{key}`" for key in write_keys(keys).split(" "))


def page() -> str:
    """The page with its tables made anew."""
    text = PAGE.read_text(encoding="utf-8")
    for name, made in (("settings", settings_table()), ("actions", actions_table()), ("themes", themes_list())):
        mark = re.compile(rf"(<!-- {name}: begin -->\n).*?(<!-- {name}: end -->)", re.DOTALL)
        text = mark.sub(lambda found, made=made: f"{found[1]}{made}\n{found[2]}", text)
    return text


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
