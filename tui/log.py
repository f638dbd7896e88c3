"""The log: one rotated file in the state folder, without personal data.

Every module logs to ``logging.getLogger(__name__)``; only this one says where that goes. What is logged holds no query,
title or id of a user: tracebacks are written without the messages of their exceptions, in which such values can be.
"""

from __future__ import annotations

import logging
from logging.handlers import RotatingFileHandler
from pathlib import Path
from types import TracebackType
from typing import Final

from engine.session import find_paths
from tui.tracebacks import without_messages

DEFAULT_LEVEL: Final = "info"

_FILE = "recsys-tui.log"
#: The loggers of this program; those of the libraries are not this program's to write down.
_LOGGERS = ("engine", "tui")
_MOST_BYTES, _OLDER_FILES = 1_000_000, 3

_ExcInfo = tuple[type[BaseException], BaseException, TracebackType | None] | tuple[None, None, None]


class _Handler(RotatingFileHandler):
    """Writes the file from its first entry on; what cannot be written is dropped, since the log must stop nothing."""

    def emit(self, record: logging.LogRecord) -> None:
        if self.stream is None:
            try:
                Path(self.baseFilename).parent.mkdir(parents=True, exist_ok=True)
            except OSError:
                return
        super().emit(record)

    def handleError(self, record: logging.LogRecord) -> None:  # noqa: N802 - the library's name
        """Drop the entry: the default would write to the terminal, on which a screen may be drawn."""


class _Formatter(logging.Formatter):
    def formatException(self, ei: _ExcInfo) -> str:  # noqa: N802 - the library's name
        return "" if ei[1] is None else without_messages(ei[1])


def log_path() -> Path:
    """The file that is written, whether it exists or not."""
    return find_paths().state / _FILE


def configure_log(level: str | None = None) -> None:
    """Write what the program logs from this level on to the log; the last call holds.

    Parameters
    ----------
    level
        One of :data:`engine.session.LOG_LEVELS`; None for the default.
    """
    handler = _Handler(
        log_path(), maxBytes=_MOST_BYTES, backupCount=_OLDER_FILES, encoding="utf-8", errors="replace", delay=True
    )
    handler.setFormatter(_Formatter("%(asctime)s %(levelname)s %(process)d %(name)s: %(message)s"))
    for name in _LOGGERS:
        logger = logging.getLogger(name)
        for older in [one for one in logger.handlers if isinstance(one, _Handler)]:
            logger.removeHandler(older)
            older.close()
        logger.addHandler(handler)
        logger.setLevel((level or DEFAULT_LEVEL).upper())


def keep_off_the_terminal() -> None:
    """Keep what is logged from every handler but the log's, such as one of a library that writes to stderr."""
    for name in _LOGGERS:
        logging.getLogger(name).propagate = False
