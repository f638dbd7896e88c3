"""The config command: the settings that hold, where each comes from, and editing their file."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import click

from engine.errors import RecsysError
from tui.commands.group import cli
from tui.commands.options import common_options

if TYPE_CHECKING:
    from engine.session.settings import Problem, Setpoint
    from tui.checked_settings import CheckedSettings


@cli.group(invoke_without_command=True)
@common_options
@click.pass_context
def config(context: click.Context, as_json: bool) -> None:
    """Print the settings that hold, and where each comes from: a default, config.toml, the environment, an option."""
    context.obj = {**context.obj, "as_json": as_json}
    if context.invoked_subcommand is None:
        _print(_checked(context), as_json)


@config.command()
@common_options
@click.pass_context
def edit(context: click.Context, as_json: bool) -> None:
    """Open config.toml in $VISUAL or $EDITOR, and check it afterwards."""
    from tui.output import log, print_json
    from tui.settings.effective import config_path
    from tui.settings.template import write_template

    path = config_path()
    if not path.exists():
        write_template(path)
    click.edit(filename=str(path))
    problems = _checked(context).problems
    if as_json or context.obj["as_json"]:
        print_json({"file": str(path), "problems": _problems_json(problems)})
    for problem in problems:
        log(problem.sentence)
    if problems:
        what = "1 entry is" if len(problems) == 1 else f"{len(problems):,} entries are"
        raise RecsysError(f"{path}: {what} not used, as said above; `recsys-tui config edit` opens the file again.")
    log(f"{path}: every entry is used.")


@config.command()
@common_options
@click.pass_context
def actions(context: click.Context, as_json: bool) -> None:
    """List every action that a key can be given to, with the keys that it has now."""
    from tui.actions import actions as all_actions
    from tui.keymap.keys import write_keys
    from tui.output import print_json, print_table

    keymap = _checked(context).keymap
    found = [(action, keymap.keys.get(action.name, action.keys)) for action in all_actions().values()]
    if as_json or context.obj["as_json"]:
        print_json(
            [
                {"action": one.name, "keys": list(keys), "places": list(one.places), "description": one.description}
                for one, keys in found
            ]
        )
        return
    rows = [(one.name, write_keys(keys), one.description, ", ".join(one.places)) for one, keys in found]
    print_table(("Action", "Keys", "What it does", "Where"), rows, cut=(2, 3), spare=(3,))


def _checked(context: click.Context) -> CheckedSettings:
    from tui.checked_settings import check_settings
    from tui.launch import given_options
    from tui.settings.effective import read_effective

    outer = context.obj
    names = "dataset", "device", "embedding_model", "storage"
    return check_settings(read_effective(given_options(*(outer[name] for name in names), fresh=outer["fresh"])))


def _print(checked: CheckedSettings, as_json: bool) -> None:
    from tui.output import log, print_json, print_table
    from tui.settings.declared import SETTINGS

    points, file = checked.effective.points, checked.effective.config.path
    if as_json:
        settings = [
            {
                "name": setting.name,
                "value": points[setting.name].value,
                "source": points[setting.name].source,
                "place": points[setting.name].place or None,
                "line": _line(checked, setting.name),
                "default": setting.default,
                "description": setting.description,
            }
            for setting in SETTINGS
        ]
        print_json({"file": str(file), "settings": settings, "problems": _problems_json(checked.problems)})
    else:
        print_table(
            ("Setting", "Value", "From"),
            [
                (setting.name, _shown(points[setting.name].value), _origin(points[setting.name], checked, setting.name))
                for setting in SETTINGS
            ],
            cut=(1,),
        )
        log(f"The file: {file}" if file.exists() else f"No file yet: `recsys-tui config edit` writes {file}.")
    for problem in checked.problems:
        log(problem.sentence)


def _origin(point: Setpoint, checked: CheckedSettings, name: str) -> str:
    if point.source == "file":
        line = _line(checked, name)
        return checked.effective.config.path.name + ("" if line is None else f", line {line}")
    return point.place or point.source


def _line(checked: CheckedSettings, name: str) -> int | None:
    return checked.effective.config.lines.get((name,)) if checked.effective.points[name].source == "file" else None


def _problems_json(problems: Sequence[Problem]) -> list[dict[str, Any]]:
    return [{"name": one.name or None, "line": one.line, "message": one.sentence} for one in problems]


def _shown(value: Any) -> str:
    match value:
        case None:
            return "–"
        case bool():
            return "true" if value else "false"
        case float() | int():
            return f"{value:g}"
        case dict():
            return ", ".join(f"{name} {_shown(one)}" for name, one in value.items()) or "–"
        case list():
            return " ".join(map(_shown, value))
    return str(value)
