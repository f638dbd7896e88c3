"""The ratings of goodbooks-10k, as Spotlight's function returns them."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from engine.datasets.download import download, read_interactions, require_count
from engine.datasets.formats.csv import Delimited
from engine.datasets.formats.sources import open_source
from engine.interactions import Interactions
from engine.runtime.job import Job

URL = "https://raw.githubusercontent.com/zygmuntz/goodbooks-10k/master/ratings.csv"
NUM_RATINGS = 5_976_479


def get_goodbooks_dataset(path: str | Path | None = None, job: Job | None = None) -> Interactions:
    """5,976,479 ratings of 10,000 books by 53,424 readers (https://github.com/zygmuntz/goodbooks-10k).

    Parameters
    ----------
    path
        ``ratings.csv`` (``user_id,book_id,rating``), packed or not. If None, it is downloaded once and kept in the
        cache.
    job
        Takes the progress and may be cancelled.

    Returns
    -------
    Interactions
        Ids are those of the file. The data set has no times, so timestamps count up in the order of the file.

    Raises
    ------
    DataError
        If the file cannot be downloaded, or does not have all ratings.
    """
    file = Path(path) if path is not None else download(URL, job)
    rows = Delimited(open_source(file, ("ratings.csv",)))
    required = {"user": ["user_id"], "item": ["book_id"], "rating": ["rating"]}
    interactions = read_interactions(rows, required, {}, job)
    require_count(interactions, NUM_RATINGS, "goodbooks-10k", file)
    interactions.timestamps = np.arange(len(interactions), dtype=np.int32)
    return interactions
