"""The reasons of search are true: without what they name, an item fits less, and less than without other words."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from engine.data.dataset import Dataset
from engine.data.items import ItemTable
from engine.datasets import read
from engine.evaluation.removal import removal_of_search
from engine.search import SearchIndex
from engine.search.semantic.vector_store import VectorStore
from tests.engine.search.fakes import FakeEncoder

QUERIES = ["chess", "stuck in a time loop", "bank robbery", "courtroom drama", "samurai village"]


@pytest.fixture(scope="module")
def demo() -> Dataset:
    return read("demo")


@pytest.mark.parametrize("listed", [True, False])
def test_by_words_an_item_fits_less_without_the_word_that_is_named_first(demo: Dataset, listed: bool) -> None:
    popularity = np.bincount(demo.interactions.item_ids, minlength=len(demo.items) + 1)[1:]

    def make(items: ItemTable) -> SearchIndex:
        return SearchIndex(items, popularity=popularity)

    found = removal_of_search(demo.items, make, QUERIES, "keyword", listed=listed)
    assert len(found.named) > 10
    assert found.share_lowered >= 0.9
    assert found.share_larger >= 0.9


@pytest.mark.parametrize("mode", ["hybrid", "semantic"])
def test_by_meaning_an_item_fits_less_without_the_part_that_is_named_first(
    demo: Dataset, tmp_path: Path, mode: str
) -> None:
    encoder = FakeEncoder()  # texts are near to each other by the words they share
    store = VectorStore(tmp_path, encoder.identity)

    def make(items: ItemTable) -> SearchIndex:
        index = SearchIndex(items, store, encoder)  # type: ignore[arg-type]
        index.semantic.embed()
        return index

    found = removal_of_search(demo.items, make, QUERIES[:3], mode)
    assert len(found.named) > 6
    assert found.share_lowered >= 0.9
    assert found.share_larger >= 0.9
