"""Error reports: a file for each unexpected error, which can be passed on, since it holds no data."""

from __future__ import annotations

import os
import platform
import re
import sys
from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path

from engine.session import find_paths
from engine.version import __version__
from tui.tracebacks import without_messages

#: How many reports are kept.
_MOST_REPORTS = 20
#: Packages whose versions are often what an error depends on.
_PACKAGES = ("textual", "rich", "click", "numpy", "pandas", "pyarrow", "torch", "sentence-transformers", "onnxruntime")


def reports_folder() -> Path:
    """Where the reports lie."""
    return find_paths().state / "reports"


def write_report(error: BaseException, where: str) -> Path | None:
    """Write the report of an error, and remove the oldest reports.

    Parameters
    ----------
    error
        The error, with its traceback.
    where
        What met it, such as ``"the tab user"`` or ``"the command train"``.

    Returns
    -------
    Path or None
        The report; None if it could not be written.
    """
    now = datetime.now(UTC)
    folder = reports_folder()
    name = f"{now:%Y%m%dT%H%M%S.%f}-{os.getpid()}-{re.sub('[^a-z0-9]+', '-', where.lower()).strip('-')}.txt"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        path = folder / name
        path.write_text("\n".join(_lines(error, where, now)) + "\n", encoding="utf-8", errors="replace")
    except OSError:
        return None
    with suppress(OSError):
        for old in sorted(folder.glob("*.txt"))[:-_MOST_REPORTS]:
            old.unlink(missing_ok=True)
    return path


def _lines(error: BaseException, where: str, now: datetime) -> Iterator[str]:
    yield "An error of recsys-tui. This report holds no data: no query, no title, no id, no message of an exception."
    yield ""
    yield f"when:      {now:%Y-%m-%d %H:%M:%S} UTC"
    yield f"where:     {where}"
    yield f"version:   recsys-tui {__version__}"
    yield f"python:    {platform.python_version()} ({sys.implementation.name})"
    yield f"platform:  {platform.system()} {platform.release()} {platform.machine()}"
    yield f"terminal:  {os.environ.get('TERM', 'not set')}"
    yield f"packages:  {', '.join(_versions())}"
    yield ""
    yield without_messages(error)


def _versions() -> Iterator[str]:
    from importlib import metadata

    for name in _PACKAGES:
        with suppress(metadata.PackageNotFoundError):
            yield f"{name} {metadata.version(name)}"
