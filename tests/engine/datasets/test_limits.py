"""Files that are large in an unusual direction are read in linear time, or refused in a sentence."""

from __future__ import annotations

import time

from engine.datasets import read
from engine.datasets.formats.rows import unique_names

from .conftest import Write


def test_thousands_of_empty_column_names(write: Write) -> None:
    wide = "," * 30_000
    path = write("wide.csv", f"user,item,rating{wide}\n" + "".join(f"{n},{n},3{wide}\n" for n in range(5)))
    begun = time.process_time()
    assert read("x", "table", ratings=path).num_interactions == 5
    assert time.process_time() - begun < 3  # pairwise comparison of the names takes minutes


def test_repeated_and_empty_names_become_different_ones() -> None:
    assert unique_names(["a", "a_2", " a", "", "a"]) == ["a", "a_2", "a_3", "#4", "a_4"]
