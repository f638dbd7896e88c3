"""The data sets that Spotlight's functions give: from a file, by download, and never a part for the whole."""

from __future__ import annotations

import gzip
import hashlib
import io
import urllib.request
import zipfile

import numpy as np
import pytest

from engine.datasets import amazon, goodbooks, movielens
from engine.errors import DataError

_REVIEWS = """# Full information about Amazon
Total items: 3

Id:   0
ASIN: 0771044445
  discontinued product

Id:   1
ASIN: 0827229534
  title: Patterns of customer: A rating: 5
  reviews: total: 3  downloaded: 3  avg rating: 4
    2000-7-28  cutomer: A2JW67OY8U6HHK  rating: 5  votes:  10  helpful:   9
    2003-12-14  cutomer: A2VE83MZF98ITY  rating: 4  votes:   6  helpful:   5
    2004-1-1  cutomer: A2JW67OY8U6HHK  rating: 3  votes:   6  helpful:   5

Id:   2
ASIN: 0738700797
  reviews: total: 1  downloaded: 1  avg rating: 1
    1970-1-2  cutomer: A2VE83MZF98ITY  rating: 1  votes:   0  helpful:   0
"""


def test_amazon_reviews(tmp_path):
    file = tmp_path / "amazon-meta.txt.gz"
    file.write_bytes(gzip.compress(_REVIEWS.encode()))
    whole = amazon.get_amazon_dataset(0, 0, path=file)
    assert whole.user_ids.tolist() == [0, 1, 0, 1]
    assert whole.item_ids.tolist() == [1, 1, 1, 2]
    assert whole.ratings.tolist() == [5, 4, 3, 1]
    assert whole.timestamps.tolist()[3] == 86_400
    assert len(whole.to_sequence()) == 2
    popular = amazon.get_amazon_dataset(min_user_interactions=2, min_item_interactions=2, path=file)
    assert popular.item_ids.tolist() == [1, 1, 1]
    file.write_bytes(gzip.compress(_REVIEWS.encode()[:-120].replace(b"Id:   2", b"")))
    with pytest.raises(DataError, match="cut short"):
        amazon.get_amazon_dataset(path=file)


def test_goodbooks_ratings(tmp_path, monkeypatch):
    file = tmp_path / "ratings.csv"
    file.write_text("user_id,book_id,rating\n1,258,5\n2,4081,4\n2,260,5\n")
    with pytest.raises(DataError, match="3 ratings, and goodbooks-10k has 5,976,479"):
        goodbooks.get_goodbooks_dataset(file)
    monkeypatch.setattr(goodbooks, "NUM_RATINGS", 3)
    books = goodbooks.get_goodbooks_dataset(file)
    assert (books.user_ids.tolist(), books.item_ids.tolist()) == ([1, 2, 2], [258, 4081, 260])
    assert books.timestamps.tolist() == [0, 1, 2]


def test_movielens_from_every_form_of_the_file(real_data):
    folder = movielens.get_movielens_dataset("100K", real_data / "ml-100k")
    file = movielens.get_movielens_dataset("100K", real_data / "ml-100k" / "u.data")
    atomic = movielens.get_movielens_dataset("100K", real_data / "ml-100k-atomic")
    assert (folder.num_users, folder.num_items, len(folder)) == (944, 1683, 100_000)
    for other in (file, atomic):
        for column in ("user_ids", "item_ids", "ratings", "timestamps"):
            order = [np.lexsort((one.item_ids, one.user_ids)) for one in (folder, other)]
            np.testing.assert_array_equal(getattr(folder, column)[order[0]], getattr(other, column)[order[1]])


@pytest.fixture
def web(monkeypatch):
    """Addresses and what lies there."""
    contents: dict[str, bytes] = {}

    class Response(io.BytesIO):
        def __init__(self, url: str) -> None:
            super().__init__(contents[url])
            self._url, self.headers = url, {"Content-Length": str(len(contents[url]))}

        def geturl(self) -> str:
            return self._url

    def urlopen(request, timeout):
        if request.full_url not in contents:
            raise OSError(111, "Connection refused")
        return Response(request.full_url)

    monkeypatch.setattr(urllib.request, "urlopen", urlopen)
    return contents


def test_large_movielens_releases_are_fetched_and_checked(web, monkeypatch):
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("ml-10M100K/ratings.dat", "1::122::5::838985046\n1::185::4.5::838983525\n")
        archive.writestr("ml-10M100K/movies.dat", "122::Boomerang (1992)::Comedy|Romance\n")
    url = "https://files.grouplens.org/datasets/movielens/ml-10m.zip"
    monkeypatch.setitem(movielens._ARCHIVES, "10M", ("ml-10m", 2))
    with pytest.raises(DataError, match=r"connection refused.*by hand"):
        movielens.get_movielens_dataset("10M")
    web[url], web[f"{url}.md5"] = packed.getvalue(), b"00000000000000000000000000000000  ml-10m.zip\n"
    with pytest.raises(DataError, match="md5"):
        movielens.get_movielens_dataset("10M")
    web[f"{url}.md5"] = f"{hashlib.md5(packed.getvalue()).hexdigest()}  ml-10m.zip\n".encode()
    fetched = movielens.get_movielens_dataset("10M")
    assert fetched.item_ids.tolist() == [122, 185]
    assert fetched.ratings.tolist() == [5.0, 4.5]
    web.clear()
    assert len(movielens.get_movielens_dataset("10M")) == 2
    monkeypatch.setitem(movielens._ARCHIVES, "10M", ("ml-10m", 3))
    with pytest.raises(DataError, match="cut short"):
        movielens.get_movielens_dataset("10M")


def test_an_unknown_variant_is_a_value_error_that_names_the_others():
    with pytest.raises(ValueError, match=r"'5M'.*100K, 1M, 10M, 20M"):
        movielens.get_movielens_dataset("5M")
