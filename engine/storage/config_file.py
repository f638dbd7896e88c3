"""The file ``config.toml`` that a person writes, with the line in which each of its entries stands."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any, NamedTuple

from engine.errors import DataError, MissingError

FILE = "config.toml"

#: The names of an entry, from the outermost table to the entry itself.
Names = tuple[str, ...]

_KEY = r"\"[^\"]*\"|'[^']*'|[A-Za-z0-9_-]+"
_ENTRY = rf"\s*((?:{_KEY})(?:\s*\.\s*(?:{_KEY}))*)\s*="
_TABLE = rf"\s*\[\s*((?:{_KEY})(?:\s*\.\s*(?:{_KEY}))*)\s*\]"


class ConfigFile(NamedTuple):
    """What a configuration file says.

    Attributes
    ----------
    path
        The file.
    content
        Its entries by name, as TOML has them; empty if there is no file.
    lines
        The line of each entry, from 1.
    """

    path: Path
    content: Mapping[str, Any] = MappingProxyType({})
    lines: Mapping[Names, int] = MappingProxyType({})

    def place(self, *names: str) -> str:
        """Where an entry stands: the file and, as far as it was found, the line."""
        line = self.lines.get(names)
        return str(self.path) if line is None else f"{self.path}, line {line}"


def read_config(path: Path) -> ConfigFile:
    """Read a configuration file; one that does not exist has no entries.

    Raises
    ------
    DataError
        If it cannot be read, or is not TOML; the sentence names the line.
    """
    try:
        if not path.exists():
            return ConfigFile(path)
    except OSError as error:  # the folder may not be looked into
        raise DataError(f"{path}: cannot be read ({error.strerror}): make it readable.", file=str(path)) from error
    # Imported here so that a start without a file does not wait for them.
    import tomllib

    from engine.storage.guarded import MAX_TEXT_BYTES, read_bytes

    try:
        text = read_bytes(path, MAX_TEXT_BYTES).decode("utf-8-sig")
        return ConfigFile(path, tomllib.loads(text), dict(_lines(text)))
    except MissingError:
        return ConfigFile(path)
    except (ValueError, RecursionError) as error:  # UnicodeDecodeError and TOMLDecodeError are ValueErrors
        why = "its values are nested too deep" if isinstance(error, RecursionError) else str(error)
        raise DataError(
            f"{path}: cannot be read as settings ({why}): correct the file, or remove it.", file=str(path)
        ) from error


def _lines(text: str) -> Iterator[tuple[Names, int]]:
    """The entries with their lines; the reader of TOML does not tell them."""
    table: Names = ()
    open_quotes = ""
    for number, line in enumerate(text.splitlines(), 1):
        if not open_quotes:
            if entry := re.match(_ENTRY, line):
                yield (*table, *_names(entry.group(1))), number
            elif header := re.match(_TABLE, line):
                table = _names(header.group(1))
                yield table, number
        for quotes in ('"""', "'''"):
            if open_quotes in ("", quotes) and line.count(quotes) % 2:
                open_quotes = "" if open_quotes else quotes


def _names(dotted: str) -> Names:
    return tuple(part[1:-1] if part[0] in "\"'" else part for part in re.findall(_KEY, dotted))
