"""Writing a text that the caller has made to a file that a person named, whole or not at all."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path

from engine.session.exports.target import Target, require_target
from engine.storage.atomic import writing


def write_text(target: Target, text: str, endings: Collection[str]) -> Path:
    """Write a text as UTF-8.

    Parameters
    ----------
    target
        Where to, and whether an existing file is replaced.
    text
        The content.
    endings
        The endings that the name of the file may have.

    Returns
    -------
    Path
        The file that was written, with links followed.

    Raises
    ------
    OptionError, DataError
        As :func:`engine.session.exports.target.require_target`, and if the disk cannot be written.
    """
    found = require_target(target, endings)
    found.clear_unfinished()
    with writing(found.path) as temporary:
        # Line ends as they are in the text: those of CSV and JSON are no matter of the system.
        temporary.write_text(text, encoding="utf-8", errors="surrogatepass", newline="")
    return found.path
