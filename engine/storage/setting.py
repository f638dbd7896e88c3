"""Declarations of settings, and where the value of each comes from: an option, the environment, the file, a default."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any, Literal, NamedTuple

from engine.errors import DataError, abridged
from engine.storage.config_file import ConfigFile

#: What comes before the name of a setting in the environment.
PREFIX = "RECSYS_TUI_"

Kind = Literal["text", "number", "truth", "choice", "names", "keys"]
Source = Literal["option", "environment", "file", "default"]

#: The most choices that a sentence names.
_MOST_LISTED = 8

_TRUTHS = {"true": True, "1": True, "yes": True, "on": True, "false": False, "0": False, "no": False, "off": False}


class Setting(NamedTuple):
    """A setting.

    Attributes
    ----------
    name
        The entry of the file, such as ``log-level``.
    kind
        What its value is: text, a number from 0, true or false, one of ``choices``, a list of texts, or a table of keys
        by the name of an action.
    default
        The value where nothing sets it; None if the program then decides by what there is.
    description
        What it does, as the beginning of a sentence.
    example
        A value to show.
    choices
        The values of the kind ``choice``.
    choices_of
        The same, where finding them out is too much for a start that does not set it.
    least
        The smallest number.
    """

    name: str
    kind: Kind
    default: Any
    description: str
    example: Any
    choices: Sequence[str] = ()
    choices_of: Callable[[], Sequence[str]] | None = None
    least: float = 0.0

    @property
    def variable(self) -> str:
        """The variable of the environment that sets it."""
        return PREFIX + self.name.replace("-", "_").upper()

    @property
    def possible(self) -> Sequence[str]:
        """The values of the kind ``choice``."""
        return self.choices if self.choices_of is None else self.choices_of()

    def objection(self, value: Any) -> str | None:
        """Why this value cannot be taken, as the part of a sentence after the setting's name; None if it can be."""
        match self.kind:
            case "text" if not (isinstance(value, str) and value.strip()):
                return "must be text in quotes"
            case "truth" if not isinstance(value, bool):
                return "must be true or false without quotes"
            case "number":
                is_number = isinstance(value, int | float) and not isinstance(value, bool)
                if not (is_number and self.least <= value < math.inf):
                    return f"must be a number from {self.least:g} without quotes"
            case "names":
                is_list = isinstance(value, list | tuple) and all(isinstance(one, str) and one for one in value)
                if not is_list:
                    return "must be a list of texts in quotes"
            case "choice" if not isinstance(value, str) or value not in self.possible:
                return f"must be one of {self._choices_like(value)}"
            case "keys" if not isinstance(value, Mapping):
                return "must be a table of keys by the names of actions"
        return None

    def _choices_like(self, value: object) -> str:
        """The choices; of many, those that look like a value."""
        possible = self.possible
        if len(possible) <= _MOST_LISTED:
            return ", ".join(possible)
        from difflib import get_close_matches

        close = get_close_matches(str(value), possible, 3) or possible[:3]
        return f"{len(possible)} names such as {', '.join(close)}"

    def written(self, value: Any = None) -> str:
        """The entry in TOML, with this value or the example."""
        shown = self.example if value is None else value
        if self.kind == "keys":
            lines = [f"[{self.name}]", *(f"{action} = {_toml(keys)}" for action, keys in shown.items())]
            return "\n".join(lines)
        return f"{self.name} = {_toml(shown)}"

    def from_text(self, text: str) -> Any:
        """The value that a variable of the environment gives; the text itself if it is of no use."""
        match self.kind:
            case "truth":
                return _TRUTHS.get(text.strip().lower(), text)
            case "number":
                try:
                    return float(text)
                except ValueError:
                    return text
            case "names":
                return [name.strip() for name in text.split(",") if name.strip()]
        return text


class Setpoint(NamedTuple):
    """The value of a setting, and where it comes from.

    Attributes
    ----------
    value
        The value that holds.
    source
        What sets it.
    place
        The option, the variable, or the file with the line; empty for a default.
    """

    value: Any
    source: Source
    place: str = ""


class Problem(NamedTuple):
    """An entry that is not used.

    Attributes
    ----------
    name
        The setting; empty if the whole file could not be read.
    line
        Its line in the file, from 1; None for a variable of the environment, or where it is not known.
    sentence
        What is wrong, where, and what to write instead.
    """

    name: str
    line: int | None
    sentence: str


def resolve(
    declared: Iterable[Setting],
    config: ConfigFile,
    environment: Mapping[str, str],
    options: Mapping[str, Any] | None = None,
) -> tuple[dict[str, Setpoint], list[Problem]]:
    """The value of each setting, and what cannot be used.

    Parameters
    ----------
    declared
        The settings.
    config
        The file.
    environment
        The variables of the process; an empty one counts as not set.
    options
        What the command line gives, by the name of the setting: the option as it is written, and its value.
    """
    values: dict[str, Setpoint] = {}
    problems: list[Problem] = []
    for setting in declared:
        values[setting.name] = Setpoint(setting.default, "default")
        if setting.name in config.content:
            value, place = config.content[setting.name], config.place(setting.name)
            if objection := setting.objection(value):
                line = config.lines.get((setting.name,))
                problems.append(Problem(setting.name, line, _sentence(place, setting.name, objection, setting)))
            else:
                values[setting.name] = Setpoint(value, "file", place)
        if setting.kind != "keys" and (text := environment.get(setting.variable)):
            value = setting.from_text(text)
            if objection := setting.objection(value):
                sentence = f"The variable {setting.variable} {objection.replace(' without quotes', '')}."
                problems.append(Problem(setting.name, None, sentence.replace(" in quotes", "")))
            else:
                values[setting.name] = Setpoint(value, "environment", setting.variable)
        if options and setting.name in options:
            option, value = options[setting.name]
            values[setting.name] = Setpoint(value, "option", option)
    return values, problems


def unknown(config: ConfigFile, names: Sequence[str]) -> Iterator[Problem]:
    """The entries of a file that are no settings."""
    from difflib import get_close_matches

    for name in config.content:
        if name not in names:
            close = get_close_matches(name, names, 1)
            remedy = f"did you mean {close[0]}" if close else "remove it"
            sentence = abridged(f"{config.place(name)}: there is no setting {name[:60]}; {remedy}.")
            yield Problem(name, config.lines.get((name,)), sentence)


def require(problems: Iterable[Problem], config: ConfigFile) -> None:
    """Raise the first problem.

    Raises
    ------
    DataError
        If there is any.
    """
    for problem in problems:
        raise DataError(problem.sentence, file=str(config.path), name=problem.name)


def _sentence(place: str, name: str, objection: str, setting: Setting) -> str:
    return abridged(f"{place}: {name} {objection}, as in {setting.written().replace(chr(10), ' ')}.")


def _toml(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        return f"{value:g}"
    if isinstance(value, list | tuple):
        return f"[{', '.join(map(_toml, value))}]"
    import json

    return json.dumps(str(value), ensure_ascii=False)
