"""The reviews of the Amazon co-purchasing data set, as Spotlight's function returns them."""

from __future__ import annotations

import io
import re
from array import array
from datetime import date
from pathlib import Path

import numpy as np
import numpy.typing as npt

from engine.datasets.download import download
from engine.datasets.formats.sources import open_source
from engine.errors import DataError
from engine.interactions import Interactions
from engine.runtime.job import Job, Progress

URL = "https://snap.stanford.edu/data/bigdata/amazon/amazon-meta.txt.gz"

#: ``2000-7-28  cutomer: A2JW67OY8U6HHK  rating: 5  votes: 10  helpful: 9``; the file itself has the misspelling.
_REVIEW = re.compile(r"\s+(\d+)-(\d+)-(\d+)\s+cut?s?tomer:\s+(\w+)\s+rating:\s+(\d+)")
_LINES_BETWEEN_REPORTS = 100_000


def get_amazon_dataset(
    min_user_interactions: int = 10,
    min_item_interactions: int = 10,
    path: str | Path | None = None,
    job: Job | None = None,
) -> Interactions:
    """Reviews with ratings from ``amazon-meta`` (https://snap.stanford.edu/data/amazon-meta.html, summer 2006).

    Parameters
    ----------
    min_user_interactions, min_item_interactions
        Users and items with fewer reviews, counted in the whole data set, are left out.
    path
        ``amazon-meta.txt``, packed or not. If None, it is downloaded once (about 200 MB) and kept in the cache.
    job
        Takes the progress and may be cancelled.

    Returns
    -------
    Interactions
        Users are numbered from 0 and items from 1, in the order of their first review. Times are unix seconds, exact
        to the day.

    Raises
    ------
    DataError
        If the file cannot be downloaded, or does not have as many items as its header states.
    """
    file = Path(path) if path is not None else download(URL, job)
    users, items, ratings, days = _read(file, job or Job())
    kept = _frequent(users, min_user_interactions) & _frequent(items, min_item_interactions)
    user_ids, item_ids = _numbered(users[kept]), _numbered(items[kept]) + 1
    seconds = (days[kept].astype(np.int64) - date(1970, 1, 1).toordinal()) * 86_400
    return Interactions(user_ids, item_ids, ratings=ratings[kept].astype(np.float32), timestamps=seconds)


def _read(file: Path, job: Job) -> tuple[npt.NDArray[np.int32], ...]:
    codes: dict[str, int] = {}
    users, items, ratings, days = array("i"), array("i"), array("i"), array("i")
    announced, item = None, -1
    with open_source(file).open() as stream:
        for number, line in enumerate(io.TextIOWrapper(stream, encoding="utf-8", errors="replace")):
            if number % _LINES_BETWEEN_REPORTS == 0:
                job.checkpoint()
                job.report(Progress(f"reading {file.name}", number, None, "lines"))
            if line.startswith("Id:"):
                item += 1
            elif line.startswith("Total items:"):
                announced = int(line.split(":")[1])
            elif (found := _REVIEW.match(line)) is not None:
                year, month, day, user, rating = found.groups()
                users.append(codes.setdefault(user, len(codes)))
                items.append(item)
                ratings.append(int(rating))
                days.append(date(int(year), int(month), int(day)).toordinal())
    if announced is None:
        raise DataError(
            f"{file} is not amazon-meta.txt, which states its number of items at the beginning.", file=str(file)
        )
    if announced != item + 1:
        raise DataError(
            f"{file} is cut short: it has {item + 1:,} items and states that it has {announced:,}.", file=str(file)
        )
    return tuple(np.frombuffer(column, dtype=np.int32) for column in (users, items, ratings, days))


def _frequent(ids: npt.NDArray[np.int32], least: int) -> npt.NDArray[np.bool_]:
    frequent: npt.NDArray[np.bool_] = (np.bincount(ids) >= least)[ids] if len(ids) else np.zeros(0, dtype=bool)
    return frequent


def _numbered(ids: npt.NDArray[np.int32]) -> npt.NDArray[np.int32]:
    """Numbers from 0 instead of the ids, in the order in which each id occurs first."""
    _, first, inverse = np.unique(ids, return_index=True, return_inverse=True)
    place = np.empty(len(first), dtype=np.int32)
    place[np.argsort(first, kind="stable")] = np.arange(len(first), dtype=np.int32)
    return place[inverse]
