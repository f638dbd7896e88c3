"""What a person has set once and for all, in ``config.toml``."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from engine.errors import DataError

FILE = "config.toml"


@dataclass(frozen=True, slots=True)
class Settings:
    """The settings; None where nothing is set.

    Attributes
    ----------
    embedding_model
        ``embedding-model``: a name, or a folder, in which ``~`` is the home folder.
    """

    embedding_model: str | None = None


def read_settings(folder: Path) -> Settings:
    """The settings in a folder's ``config.toml``; without such a file there are none.

    Raises
    ------
    DataError
        If it cannot be read, or holds something else than settings.
    """
    path = folder / FILE
    try:
        content = tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return Settings()
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise DataError(f"{path}: cannot be read as settings ({error}): mend it, or remove it.") from error
    return Settings(embedding_model=_text(path, content, "embedding-model"))


def _text(path: Path, content: dict[str, Any], name: str) -> str | None:
    value = content.get(name)
    if value is not None and not (isinstance(value, str) and value.strip()):
        raise DataError(f'{path}: {name} must be text in quotes, as in {name} = "all-MiniLM-L6-v2".')
    return value
