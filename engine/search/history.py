"""The search history of each data set, in a file that only its owner may read."""

from __future__ import annotations

import json
import logging
from contextlib import suppress
from pathlib import Path

from engine.errors import DamagedError, DataError, MissingError
from engine.storage.atomic import make_folder, writing
from engine.storage.guarded import read_json
from engine.storage.lock import locked

logger = logging.getLogger(__name__)

_MAX_SEARCHES = 50
_MAX_LENGTH = 500
#: Seconds for which the history is worth waiting.
_PATIENCE = 2.0


class SearchHistory:
    """The last searches, newest first.

    The history is a convenience, so it is no error if the file is missing or damaged or cannot be written.

    Parameters
    ----------
    folder
        The state folder.
    name
        The name of the data set.
    """

    def __init__(self, folder: Path, name: str) -> None:
        self._path = folder / "searches" / f"{name}.json"

    def list(self, limit: int = 10) -> list[str]:
        """The last searches, at most ``limit`` of them."""
        with suppress(DataError):
            return _read(self._path)[:limit]
        return []

    def rename(self, name: str) -> None:
        """Make this the history of the data set of another name."""
        with suppress(OSError):
            self._path.replace(self._path.with_name(f"{name}.json"))

    def remember(self, line: str) -> None:
        """Put a search first; a search that is in the history already moves to the front."""
        line = " ".join(line.split())[:_MAX_LENGTH].encode("utf-8", "replace").decode()
        if not line:
            return
        with suppress(OSError):
            make_folder(self._path.parent)
        with (
            suppress(DataError),
            locked(self._path.with_suffix(".lock"), purpose="keeping a search", timeout=_PATIENCE),
        ):
            lines = [line, *(other for other in _read(self._path) if other.casefold() != line.casefold())]
            lines = lines[:_MAX_SEARCHES]
            with writing(self._path, mode=0o600) as temporary:
                temporary.write_text(json.dumps(lines, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")


def _read(path: Path) -> list[str]:
    """The searches in a file; none if it is missing or damaged.

    Raises
    ------
    DataError
        If the file cannot be read. It must not be replaced then, since it may hold a history.
    """
    try:
        return read_json(path, list[str])
    except MissingError:
        return []
    except DamagedError as error:
        logger.warning("%s The history begins anew.", error)
        return []
