from __future__ import annotations

from pathlib import Path

import numpy as np

from engine.search.semantic.item_vectors import item_vectors
from engine.search.semantic.vector_store import VectorStore
from tests.engine.search.fakes import FakeEncoder, vector_of
from tests.engine.search.test_hybrid import make_items


def test_each_item_has_the_vector_of_its_text_and_the_others_zeros(tmp_path: Path) -> None:
    items = make_items(["One", "Two", "Three"], ["first", "second", "third"])
    store = VectorStore(tmp_path, FakeEncoder().identity)
    assert item_vectors(items, store, 4).shape == (4, 0)
    texts = list(items.texts())
    store.embed([texts[0], texts[2]], FakeEncoder())
    vectors = item_vectors(items, store, 4)
    np.testing.assert_array_equal(vectors[1], vector_of(texts[0]))
    np.testing.assert_array_equal(vectors[3], vector_of(texts[2]))
    assert not vectors[[0, 2]].any()
    assert len(item_vectors(items, store, 2)) == 2
