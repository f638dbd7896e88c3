"""The log: one rotated file in the state folder, without personal data.

Every module logs to ``logging.getLogger(__name__)``; only this one says where that goes. What is logged holds no query,
title or id of a user: tracebacks are written without the messages of their exceptions, in which such values can be.
"""

from __future__ import annotations

import logging
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Final

from engine.session import find_paths
from tui.tracebacks import without_messages

if TYPE_CHECKING:
    from logging.handlers import RotatingFileHandler

DEFAULT_LEVEL: Final = "info"

_FILE = "recsys-tui.log"
#: The loggers of this program; those of the libraries are not this program's to write down.
_LOGGERS = ("engine", "tui")
_MOST_BYTES, _OLDER_FILES = 1_000_000, 3

_ExcInfo = tuple[type[BaseException], BaseException, TracebackType | None] | tuple[None, None, None]


class _Handler(logging.Handler):
    """Opens the file at its first entry; what cannot be written is dropped, since the log must stop nothing.

    A start without an entry does not wait for the import of the handler that rotates the file.
    """

    def __init__(self, path: Path) -> None:
        super().__init__()
        self._path = path
        self._file: RotatingFileHandler | None = None

    def emit(self, record: logging.LogRecord) -> None:
        if self._file is None:
            from logging.handlers import RotatingFileHandler

            try:
                self._path.parent.mkdir(parents=True, exist_ok=True)
                self._file = RotatingFileHandler(
                    self._path, maxBytes=_MOST_BYTES, backupCount=_OLDER_FILES, encoding="utf-8", errors="replace"
                )
            except OSError:
                return
            self._file.setFormatter(self.formatter)
            # The default would write to the terminal, on which a screen may be drawn.
            self._file.handleError = lambda record: None  # type: ignore[method-assign]
        self._file.emit(record)

    def close(self) -> None:
        if self._file is not None:
            self._file.close()
        super().close()


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
    handler = _Handler(log_path())
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
