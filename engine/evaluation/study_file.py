"""The file of a hyperparameter search: one JSON object a line, written by Optuna's journal storage."""

from __future__ import annotations

import json
from pathlib import Path

from engine.errors import MissingError
from engine.storage.guarded import damaged, read_bytes
from engine.storage.schema import SchemaError, require_shallow

#: The largest file that is read; a search of ten thousand trials has some tens of megabytes.
_MAX_BYTES = 1 << 30


def require_study(path: Path) -> int:
    """Check that each complete line of a search's file is an entry of a journal; returns their number.

    A last line without an end was left by a writer that was killed, and is not counted.

    Raises
    ------
    DamagedError
        If a line is something else; the sentence gives its number.
    DataError
        If the file cannot be read.
    """
    try:
        content = read_bytes(path, _MAX_BYTES)
    except MissingError:
        return 0
    lines = content.split(b"\n")[:-1]
    for number, line in enumerate(lines, start=1):
        try:
            entry = json.loads(line)
            require_shallow(entry)
        except SchemaError as error:
            raise damaged(path, f"in line {number} {error}") from error
        except (ValueError, RecursionError) as error:
            raise damaged(path, f"its line {number} is not JSON") from error
        if not isinstance(entry, dict) or type(entry.get("op_code")) is not int or "worker_id" not in entry:
            raise damaged(path, f"its line {number} is no entry of a search")
    return len(lines)
