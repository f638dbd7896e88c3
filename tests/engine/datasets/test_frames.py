"""Tables in memory give the data set that their files would give."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy.sparse import csr_matrix

from engine.data.dataset import Dataset
from engine.datasets.frames import from_arrow, from_scipy
from engine.errors import DataError, OptionError

from .conftest import outside

LOG = pd.DataFrame(
    {
        "user": ["ann", "bob", "ann"],
        "item": [7.0, 7.0, 8.0],
        "rating": [4, 5, np.nan],
        "time": pd.to_datetime(["2020-01-01", "2020-01-02", "2020-01-03"]),
    }
)
ITEMS = pd.DataFrame({"id": [8, 7], "title": ["Eight", "Seven"], "genres": [["a", "b"], []]})


def test_frames_there_and_back() -> None:
    dataset = Dataset.from_pandas(LOG[LOG.rating.notna()], ITEMS, name="mine")
    assert outside(dataset) == [("ann", 7, 4.0, 1577836800), ("bob", 7, 5.0, 1577923200)]
    assert dataset.items.titles() == ["Seven", "Eight"]
    log, items = dataset.to_pandas()
    again = Dataset.from_pandas(log, items)
    assert outside(again) == outside(dataset)
    assert again.items.titles() == dataset.items.titles()
    assert log["time"].dt.year.tolist() == [2020, 2020]


def test_a_matrix_there_and_back() -> None:
    matrix = csr_matrix(np.array([[0, 3.0, 0], [5.0, 0, 1.0]]))
    dataset = from_scipy(matrix)
    assert outside(dataset) == [(0, 1, 3.0, None), (1, 0, 5.0, None), (1, 2, 1.0, None)]
    np.testing.assert_array_equal(dataset.interactions.tocoo().toarray()[:, 1:], matrix.toarray())
    assert from_scipy(matrix, rated=False).interactions.ratings is None


def test_what_is_no_data_set() -> None:
    with pytest.raises(OptionError, match="needs a table"):
        from_arrow()
    mixed = pd.DataFrame({"user": [1, "x", None], "item": [1, 2, 3]})
    with pytest.raises(DataError, match="mixed types"):
        Dataset.from_pandas(mixed)


@pytest.mark.parametrize(
    "items",
    [
        pd.DataFrame({"id": [1, 2], "title": ["a", "b\ud800"]}, dtype=object),
        pd.DataFrame([[1, "a", "b"]], columns=pd.Index(["id", "title", "note\ud800"], dtype=object)),
    ],
)
def test_halves_of_letters_are_refused(items: pd.DataFrame) -> None:
    log = pd.DataFrame({"user": [1, 2], "item": [1, 2]})
    with pytest.raises(DataError, match=r"frame of items has half of a surrogate pair in .*ud800"):
        Dataset.from_pandas(log, items)
