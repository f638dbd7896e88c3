"""Importing pyarrow, on which all readers rest, without freezing a screen that is drawn meanwhile."""

from __future__ import annotations

from engine.runtime.lazy_import import import_in_background


def import_arrow() -> None:
    """Import pyarrow and what it needs for reading; call it before the first reader is imported.

    pandas is among it, since pyarrow imports pandas of its own accord when it first makes an array of Python objects.
    """
    import_in_background("pyarrow", "pyarrow.compute", "pyarrow.csv", "pandas")
