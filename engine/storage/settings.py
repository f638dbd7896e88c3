"""The settings that a person has written into ``config.toml``."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from engine.errors import DataError, MissingError

FILE = "config.toml"
#: What the setting of the log's level can be, from the most entries to the fewest.
LOG_LEVELS = ("debug", "info", "warning", "error")


@dataclass(frozen=True, slots=True)
class Settings:
    """The settings; a setting that the file lacks is None.

    Attributes
    ----------
    embedding_model
        The entry ``embedding-model``: the name of a model, or a folder, in which ``~`` is the home folder.
    reranker
        The entry ``reranker``: the name or folder of a cross-encoder that reads the best results of a search again.
    reranker_milliseconds
        The entry ``reranker-milliseconds``: the time that it may take for a query.
    log_level
        The entry ``log-level``: one of :data:`LOG_LEVELS`.
    show_adult
        The entry ``show-adult``: whether searches and popular lists show items for adults.
    """

    embedding_model: str | None = None
    reranker: str | None = None
    reranker_milliseconds: float | None = None
    log_level: str | None = None
    show_adult: bool | None = None


def read_settings(folder: Path) -> Settings:
    """Read the settings from ``config.toml`` in a folder; without this file, nothing is set.

    Raises
    ------
    DataError
        If the file cannot be read, or a setting has the wrong type.
    """
    path = folder / FILE
    if not path.exists():
        return Settings()
    # Imported here so that a start without settings does not wait for them.
    import tomllib

    from engine.storage.guarded import MAX_TEXT_BYTES, read_bytes

    try:
        content = tomllib.loads(read_bytes(path, MAX_TEXT_BYTES).decode("utf-8"))
    except MissingError:
        return Settings()
    except (ValueError, RecursionError) as error:  # UnicodeDecodeError and TOMLDecodeError are ValueErrors
        why = "its values are nested too deep" if isinstance(error, RecursionError) else str(error)
        raise DataError(
            f"{path}: cannot be read as settings ({why}): correct the file, or remove it.", file=str(path)
        ) from error
    return Settings(
        embedding_model=_text(path, content, "embedding-model"),
        reranker=_text(path, content, "reranker", "cross-encoder/ms-marco-MiniLM-L6-v2"),
        reranker_milliseconds=_positive(path, content, "reranker-milliseconds", 150),
        log_level=_choice(path, content, "log-level", LOG_LEVELS),
        show_adult=_truth(path, content, "show-adult"),
    )


def _text(path: Path, content: dict[str, Any], name: str, example: str = "all-MiniLM-L6-v2") -> str | None:
    value = content.get(name)
    if value is not None and not (isinstance(value, str) and value.strip()):
        raise DataError(
            f'{path}: {name} must be text in quotes, as in {name} = "{example}".', file=str(path), name=name
        )
    return value


def _positive(path: Path, content: dict[str, Any], name: str, example: float) -> float | None:
    value = content.get(name)
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    if value is not None and not (is_number and 0 < value < math.inf):
        raise DataError(
            f"{path}: {name} must be a number above 0 without quotes, as in {name} = {example:g}.",
            file=str(path),
            name=name,
        )
    return value


def _truth(path: Path, content: dict[str, Any], name: str) -> bool | None:
    value = content.get(name)
    if value is not None and not isinstance(value, bool):
        raise DataError(
            f"{path}: {name} must be true or false without quotes, as in {name} = true.", file=str(path), name=name
        )
    return value


def _choice(path: Path, content: dict[str, Any], name: str, choices: Sequence[str]) -> str | None:
    value = content.get(name)
    if value is not None and value not in choices:
        raise DataError(
            f"{path}: {name} must be one of {', '.join(choices)}, as in {name} = {choices[0]!r}.",
            file=str(path),
            name=name,
            choices=choices,
        )
    return value
