from __future__ import annotations

from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from engine.data.id_map import IdMap
from engine.data.items import ItemTable
from engine.search import SearchIndex
from engine.search.lexical.inverted_index import CacheFile

TITLES = ["Heat", "Amélie", "Spirited Away", "Rocky IV", "\udcff odd\nlines", "", "Spider-Man"]
QUERIES = [
    "heat",
    "amelie",
    "神隠し",
    "rocky 4",
    "spirted away",
    "spiderman",
    "odd lines",
    "waitress par",
    "千と千尋の神隠し",
]


def make_items(titles: list[str] = TITLES) -> ItemTable:
    titles = [title.encode("utf-8", "replace").decode() for title in titles]
    table = {
        "title": titles,
        "year": pa.array([1990 + row for row in range(len(titles))], pa.int32()),
        "genres": pa.array([["Drama"]] * len(titles), pa.list_(pa.string())),
        "text": [f"{title}. A waitress in Paris {row}" for row, title in enumerate(titles)],
        "original_title": ["千と千尋の神隠し" if title == "Spirited Away" else None for title in titles],
        "votes": list(range(len(titles))),
    }
    return ItemTable(IdMap(list(range(len(titles))), first=1, name="item"), pa.table(table))


def answers(index: SearchIndex) -> list[list[tuple[int, float, str]]]:
    return [
        [(one.item.internal_id, round(one.score, 5), one.reason) for one in index.search(query, 5, "keyword").results]
        for query in QUERIES
    ]


@pytest.fixture
def kept(tmp_path: Path) -> CacheFile:
    return CacheFile(tmp_path / "words.npz", "one")


def test_what_was_kept_answers_alike(kept: CacheFile, monkeypatch: pytest.MonkeyPatch) -> None:
    expected = answers(SearchIndex(make_items()))
    assert all(expected)
    assert answers(SearchIndex(make_items(), cache_file=kept)) == expected
    assert kept.path.is_file()
    monkeypatch.setattr(ItemTable, "texts", lambda _: pytest.fail("the texts are read again"))
    assert answers(SearchIndex(make_items(), cache_file=kept)) == expected


@pytest.mark.parametrize("spoil", [b"", b"PK\x03\x04 cut off", None], ids=["empty", "no archive", "cut off"])
def test_a_spoilt_file_is_made_anew(kept: CacheFile, spoil: bytes | None) -> None:
    expected = answers(SearchIndex(make_items(), cache_file=kept))
    content = kept.path.read_bytes()
    kept.path.write_bytes(content[: len(content) // 2] if spoil is None else spoil)
    assert answers(SearchIndex(make_items(), cache_file=kept)) == expected
    assert kept.path.read_bytes() == content


def test_another_catalogue_has_an_index_of_its_own(kept: CacheFile) -> None:
    SearchIndex(make_items(), cache_file=kept).prepare_keywords()
    others = make_items(["Solaris", "Heat"])
    index = SearchIndex(others, cache_file=CacheFile(kept.path, "two"))
    assert [one.item.title for one in index.search("heat", 5, "keyword").results] == ["Heat"]
    assert index.search("heat", 5, "keyword").results[0].item.internal_id == 2


def test_a_folder_that_is_gone_is_not_made_again(tmp_path: Path) -> None:
    gone = CacheFile(tmp_path / "gone" / "words.npz", "one")
    assert SearchIndex(make_items(), cache_file=gone).search("heat", mode="keyword").results
    assert not gone.path.parent.exists()


def test_an_empty_catalogue_can_be_kept(kept: CacheFile) -> None:
    for _ in range(2):
        assert SearchIndex(make_items([]), cache_file=kept).search("heat", mode="keyword").results == ()


def test_nothing_in_the_file_is_code(kept: CacheFile) -> None:
    SearchIndex(make_items(), cache_file=kept).prepare_keywords()
    with np.load(kept.path, allow_pickle=False) as file:
        assert all(file[name].dtype.kind in "iuf" for name in file.files)
