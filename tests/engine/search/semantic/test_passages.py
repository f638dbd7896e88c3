from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from engine.data.id_map import IdMap
from engine.data.items import ItemTable
from engine.errors import CancelledError
from engine.runtime.job import Job
from engine.search import SearchIndex
from engine.search.semantic.passages import passages
from engine.search.semantic.vector_store import VectorStore
from tests.engine.search.fakes import FakeEncoder, vector_of

PLOTS = [
    "A thief who steals secrets through shared dreams is asked to plant an idea in a mind instead.",
    None,
    "A short plot.",
    "An old man ties thousands of balloons to his house and flies away to South America with a boy.",
]
NAMES = ["Inception", "Solaris", "Heat", "Up"]


def catalogue(**columns: list[Any]) -> ItemTable:
    table = pa.table(
        {
            "title": NAMES,
            "year": pa.array([None] * 4, pa.int32()),
            "genres": pa.array([["Drama"]] * 4, pa.list_(pa.string())),
            "text": [f"{name}. Drama. {plot or ''}".strip() for name, plot in zip(NAMES, PLOTS, strict=True)],
            **columns,
        }
    )
    return ItemTable(IdMap([f"i{number}" for number in range(4)], first=1, name="item"), table)


def test_a_passage_is_the_long_part_of_the_text_by_itself() -> None:
    items = catalogue(overview=PLOTS, tagline=["Dream.", None, None, "Up, up."])
    assert passages(items) == [PLOTS[0], "", "", PLOTS[3]]


def test_a_column_that_is_not_in_the_text_is_no_passage() -> None:
    reviews = ["A long review that the person who made this catalogue did not want to be searched by meaning."] * 4
    assert passages(catalogue(review=reviews)) == [""] * 4
    assert passages(catalogue()) == [""] * 4


def make_index(folder: Path, items: ItemTable, **more: Any) -> tuple[SearchIndex, FakeEncoder]:
    fake: Any = FakeEncoder()
    return SearchIndex(items, VectorStore(folder, fake.identity), fake, **more), fake


def test_an_item_is_as_near_as_the_nearer_of_its_two_vectors(tmp_path: Path) -> None:
    items = catalogue(overview=PLOTS)
    index, _ = make_index(tmp_path, items)
    assert index.semantic.embed().complete
    query = "thief steals secrets through dreams"
    answer = index.search(query, k=4, mode="semantic")
    expected = [
        max(float(vector_of(one) @ vector_of(query)) for one in (text, plot or text))
        for text, plot in zip(items.texts(), passages(items), strict=True)
    ]
    assert [result.item.title for result in answer.results] == [NAMES[one] for one in np.argsort(-np.array(expected))]
    assert answer.results[0].item.title == "Inception"
    allowed = np.array([False, True, True, False])
    found = index.semantic.index()[0].search(vector_of(query), 4, allowed)[0]
    assert sorted(found.tolist()) == [1, 2]


def test_embeddings_without_passages_are_searched_and_completed(tmp_path: Path) -> None:
    items = catalogue(overview=PLOTS)
    VectorStore(tmp_path, FakeEncoder().identity).embed(items.texts(), FakeEncoder())  # as an earlier version did
    index, fake = make_index(tmp_path, items)
    assert len(index.search("balloons", k=4, mode="semantic").results) == 4
    state = index.semantic.state()
    assert (state.done, state.total) == (2, 4)
    assert index.semantic.embed().complete
    assert sum(len(text) > 40 for text in fake.encoded) == 2, "texts that have a vector are not embedded again"


class OneBatchEncoder(FakeEncoder):
    """Encodes three texts of a catalogue, the genre first, and then fails, as if it had been stopped."""

    def encode_many(self, texts: Sequence[str], job: Job | None = None, batch_size: int | None = 4) -> Any:
        yield np.arange(min(3, len(texts))), np.stack([vector_of(text) for text in texts[:3]])
        if len(texts) > 3:
            raise CancelledError


def test_popular_items_are_embedded_first(tmp_path: Path) -> None:
    fake: Any = OneBatchEncoder()
    items, popularity = catalogue(overview=PLOTS), np.array([1, 50, 2, 9])
    index = SearchIndex(items, VectorStore(tmp_path, fake.identity), fake, popularity=popularity)
    with pytest.raises(CancelledError):
        index.semantic.embed()
    found = index.search("balloons", k=4, mode="semantic").results
    assert sorted(result.item.title for result in found) == ["Solaris", "Up"]
