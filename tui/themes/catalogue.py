"""All themes that can be chosen, with those that a person has written as files in the folder ``themes``.

A file ``themes/NAME.toml`` beside ``config.toml`` holds the colours of one theme::

    dark = true
    primary = "#6ea8fe"
    background = "#101216"

``primary`` must be there; what else is not there is derived from it, as in Textual.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from textual.color import Color, ColorParseError
from textual.theme import BUILTIN_THEMES, Theme

from engine.errors import DataError
from engine.session import find_paths
from engine.session.settings import ConfigFile, read_config
from tui.themes.own import OWN

FOLDER: Final = "themes"
#: The entries of a theme file that are colours.
COLOURS: Final = (
    "primary",
    "secondary",
    "accent",
    "foreground",
    "background",
    "surface",
    "panel",
    "boost",
    "success",
    "warning",
    "error",
)
_ENTRIES: Final = (*COLOURS, "dark", "ansi")


@dataclass(frozen=True, slots=True)
class ThemeFiles:
    """The themes of a person.

    Attributes
    ----------
    themes
        Those that can be used.
    problems
        A sentence for each file that cannot.
    """

    themes: tuple[Theme, ...] = ()
    problems: tuple[str, ...] = ()


def themes_folder() -> Path:
    """Where a person's own themes lie, whether it exists or not."""
    return find_paths().config / FOLDER


def read_themes(folder: Path) -> ThemeFiles:
    """Read a person's own themes; a file that cannot be used hides no other."""
    themes, problems = [], []
    try:
        paths = sorted(folder.glob("*.toml"))
    except OSError as error:
        return ThemeFiles(problems=(f"{folder}: the themes cannot be listed ({error.strerror}).",))
    for path in paths:
        try:
            themes.append(_theme(path.stem, read_config(path)))
        except DataError as error:
            problems.append(str(error))
    return ThemeFiles(tuple(themes), tuple(problems))


def theme_names() -> Sequence[str]:
    """The names of all themes, those of this app first."""
    return (
        [theme.name for theme in OWN]
        + [*BUILTIN_THEMES]
        + [theme.name for theme in read_themes(themes_folder()).themes]
    )


def _theme(name: str, file: ConfigFile) -> Theme:
    if name in BUILTIN_THEMES or name in {theme.name for theme in OWN}:
        raise DataError(f"{file.path}: a theme called {name} exists already; rename the file.", file=str(file.path))
    for entry, value in file.content.items():
        if objection := _objection(entry, value):
            raise DataError(f"{file.place(entry)}: {entry[:60]} {objection}.", file=str(file.path), name=entry)
    if "primary" not in file.content:
        raise DataError(
            f'{file.path}: the colour primary is missing, as in primary = "#6ea8fe".',
            file=str(file.path),
            name="primary",
        )
    theme = Theme(name=name, **file.content)
    try:
        theme.to_color_system().generate()
    except (ValueError, ColorParseError, AttributeError) as error:  # such as "auto", which is a colour only in a style
        raise DataError(
            f"{file.path}: no theme can be made of these colours ({error}).", file=str(file.path)
        ) from error
    return theme


def _objection(entry: str, value: Any) -> str | None:
    """Why an entry cannot be taken, as the part of a sentence after its name."""
    if entry in ("dark", "ansi"):
        return None if isinstance(value, bool) else "must be true or false without quotes"
    if entry in COLOURS:
        return None if _is_colour(value) else 'must be a colour in quotes, as in "#6ea8fe"'
    from difflib import get_close_matches

    close = get_close_matches(entry, _ENTRIES, 1)
    return "is no entry of a theme" + (f"; did you mean {close[0]}" if close else f"; there are {', '.join(_ENTRIES)}")


def _is_colour(value: Any) -> bool:
    if not isinstance(value, str):
        return False
    try:
        Color.parse(value)
    except ColorParseError:
        return False
    return True
