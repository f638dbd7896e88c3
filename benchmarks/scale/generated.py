"""Generated data sets whose numbers of users and items grow with their interactions, as those of MovieLens do."""

from __future__ import annotations

import sys
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path

import numpy as np

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT)]

from benchmarks.reliability.memory import generate  # noqa: E402

#: The size of the largest set: that of MovieLens latest when it had 26 million ratings.
INTERACTIONS, USERS, ITEMS = 21_300_000, 270_000, 45_000
COLUMNS = ("user", "item", "rating", "timestamp")


def sizes(interactions: int) -> tuple[int, int]:
    """The numbers of users and items: users grow with the interactions, items with their root."""
    share = interactions / INTERACTIONS
    return max(20, round(USERS * share)), max(20, round(ITEMS * share**0.5))


def write_csv(interactions: int, path: Path) -> None:
    """Write a log of a usual number of users and items; see :func:`write_log`."""
    write_log(interactions, *sizes(interactions), path)


def write_csv_apart(interactions: int, path: Path) -> None:
    """Write a log as :func:`write_csv` does, in another process.

    A process inherits the largest resident set of the one that starts it, so one that measures others must stay small.
    """
    with ProcessPoolExecutor(1, get_context("spawn")) as pool:
        pool.submit(write_csv, interactions, path).result()


def write_log(interactions: int, users: int, items: int, path: Path) -> None:
    """Write a log with ``user,item,rating,timestamp`` and ids of a source."""
    import pyarrow as pa
    from pyarrow import csv

    log = generate(interactions, users, items)
    assert log.ratings is not None
    assert log.timestamps is not None
    with csv.CSVWriter(
        path, pa.schema([(name, pa.float32() if name == "rating" else pa.int64()) for name in COLUMNS])
    ) as file:
        for start in range(0, interactions, 1 << 20):
            part = slice(start, start + (1 << 20))
            columns = [log.user_ids[part], log.item_ids[part], log.ratings[part], log.timestamps[part]]
            types = [np.int64, np.int64, np.float32, np.int64]
            arrays = [pa.array(one.astype(kind)) for one, kind in zip(columns, types, strict=True)]
            file.write_batch(pa.record_batch(arrays, names=list(COLUMNS)))
