"""The place of the data that is installed with the program."""

from __future__ import annotations

from pathlib import Path

import engine
from engine.errors import DataError

#: The folder beside ``engine`` in an installed wheel, and in a checkout.
_PLACES = (("recsys_tui_data", "demo"), ("data", "demo"))


def demo_folder() -> Path:
    """The folder with the demo's ``items.csv`` and ``ratings.csv.gz``.

    Raises
    ------
    DataError
        If it does not exist, because the installation is incomplete.
    """
    beside = Path(engine.__file__).resolve().parent.parent
    for place in _PLACES:
        folder = beside.joinpath(*place)
        if (folder / "items.csv").is_file():
            return folder
    raise DataError(
        f"The bundled demo is missing beside {beside / 'engine'}: install recsys-tui again.", file=str(beside)
    )
