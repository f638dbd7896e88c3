"""Tests of low-precision products on this processor, and of processors that do not support them."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.search.semantic import low_precision as narrow


@given(st.integers(1, 40), st.integers(1, 90), st.integers(1, 200), st.integers(0, 2**31 - 1))
def test_products_in_int8_are_exact(rows: int, columns: int, dim: int, seed: int) -> None:
    random = np.random.RandomState(seed)
    one, other = (random.randint(-127, 128, (count, dim)).astype(np.int8) for count in (rows, columns))
    expected = one.astype(np.int64) @ other.T.astype(np.int64)
    np.testing.assert_array_equal(narrow.times_int8(one, narrow.pack_int8(other)), expected)


@given(st.integers(1, 40), st.integers(1, 90), st.integers(1, 200), st.integers(0, 2**31 - 1))
def test_products_in_bfloat16_are_wrong_by_what_bfloat16_rounds_away(
    rows: int, columns: int, dim: int, seed: int
) -> None:
    random = np.random.RandomState(seed)
    one, other = (random.standard_normal((count, dim)).astype(np.float32) for count in (rows, columns))
    wrong_by = np.abs(narrow.times_bfloat16(one, narrow.pack_bfloat16(other)) - one @ other.T)
    assert (wrong_by <= 2.1 * 2.0**-8 * (np.abs(one) @ np.abs(other.T)) + 1e-6).all()


@pytest.fixture
def abilities(monkeypatch: pytest.MonkeyPatch) -> Iterator[set[str]]:
    """Set the abilities of the processor for a test."""
    can: set[str] = set()
    monkeypatch.setattr(narrow, "_abilities", lambda: can)
    for asked in (narrow.has_bfloat16, narrow.has_int8):
        asked.cache_clear()
    yield can
    for asked in (narrow.has_bfloat16, narrow.has_int8):
        asked.cache_clear()


@pytest.mark.parametrize(
    ("can", "bfloat16", "int8"),
    [
        ([], False, False),  # the library is not installed
        (["serial", "neon"], False, False),
        (["serial", "haswell", "skylake"], False, True),
        (["serial", "haswell", "skylake", "sapphireamx"], True, True),
    ],
)
def test_narrow_types_are_used_only_where_they_are_quicker(
    abilities: set[str], can: list[str], bfloat16: bool, int8: bool
) -> None:
    abilities.update(can)
    assert (narrow.has_bfloat16(), narrow.has_int8()) == (bfloat16, int8)


def test_a_machine_without_the_library_can_do_nothing_of_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(__import__("sys").modules, "numkong", None)
    narrow._numkong.cache_clear()
    try:
        assert narrow._abilities() == set()
    finally:
        narrow._numkong.cache_clear()
