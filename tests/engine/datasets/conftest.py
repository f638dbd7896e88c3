"""Small files, written the way people write them."""

from __future__ import annotations

import gzip
import zipfile
from collections.abc import Callable, Mapping
from pathlib import Path

import numpy as np
import pytest

from engine.data.dataset import Dataset
from engine.data.id_map import ExternalId

RATINGS_HEADER = "userId,movieId,rating,timestamp\n"

Write = Callable[[str, "str | bytes"], Path]
Row = tuple[ExternalId, ExternalId, float | None, int | None]


@pytest.fixture
def write(tmp_path: Path) -> Write:
    """Write a file and give its path; ``.gz`` is packed, text is UTF-8 with its line ends as they are."""

    def put(name: str, content: str | bytes) -> Path:
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        data = content.encode() if isinstance(content, str) else content
        path.write_bytes(gzip.compress(data) if name.endswith(".gz") else data)
        return path

    return put


def zipped(path: Path, members: Mapping[str, str | bytes]) -> Path:
    """An archive with these members."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return path


def outside(dataset: Dataset) -> list[Row]:
    """The interactions under the ids of the source, in order: user, item, rating (None if NaN), time."""
    log = dataset.interactions
    count = len(log)
    ratings = [None] * count if log.ratings is None else [None if np.isnan(one) else float(one) for one in log.ratings]
    times = [None] * count if log.timestamps is None else [int(one) for one in log.timestamps]
    users = dataset.users.ids[log.user_ids].tolist()
    items = dataset.items.id_map.ids[log.item_ids - 1].tolist()
    return list(zip(users, items, ratings, times, strict=True))


def assert_accounted(dataset: Dataset) -> None:
    """Every row read of every file is kept or counted, and the counts are those of the data set."""
    for file in dataset.source["files"]:
        assert file["rows"] == file["kept"] + sum(file["skipped"].values())
        if file["role"] == "ratings":
            assert file["kept"] == dataset.num_interactions
    assert sum(dataset.skipped.values()) == sum(sum(file["skipped"].values()) for file in dataset.source["files"])
