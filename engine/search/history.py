"""What was searched for before, for each data set: a small file in the state folder that only its owner may read."""

from __future__ import annotations

import json
import os
from contextlib import suppress
from pathlib import Path

from engine.errors import DataError
from engine.storage.atomic import locked, read_json, writing

_KEPT = 50
_LONGEST = 500


class SearchHistory:
    """The last searches, newest first.

    It is a convenience: a file that is missing, spoilt or cannot be written is no error.

    Parameters
    ----------
    folder
        The state folder.
    name
        The data set's name.
    """

    def __init__(self, folder: Path, name: str) -> None:
        self._path = folder / "searches" / f"{name}.json"

    def list(self, limit: int = 10) -> list[str]:
        """The last searches."""
        try:
            lines = read_json(self._path)
        except DataError:
            return []
        return [line for line in lines if isinstance(line, str)][:limit] if isinstance(lines, list) else []

    def remember(self, line: str) -> None:
        """Put a search first; one that was there before moves up."""
        line = " ".join(line.split())[:_LONGEST].encode("utf-8", "replace").decode()
        if not line:
            return
        with suppress(DataError), locked(self._path.with_suffix(".lock"), wait=True):
            lines = [line, *(other for other in self.list(_KEPT) if other.casefold() != line.casefold())][:_KEPT]
            with writing(self._path) as temporary:
                os.close(os.open(temporary, os.O_CREAT | os.O_WRONLY, 0o600))
                temporary.write_text(json.dumps(lines, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
