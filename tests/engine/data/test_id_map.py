from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.data.id_map import IdMap
from engine.errors import UnknownError


@given(st.lists(st.integers(-(2**62), 2**62), unique=True, min_size=1), st.integers(0, 1))
def test_integer_ids_go_in_and_come_out(ids: list[int], first: int) -> None:
    id_map = IdMap(np.array(ids), first=first)
    dense = [id_map.encode_one(one) for one in ids]
    assert dense == list(range(first, first + len(ids)))
    assert id_map.decode(dense) == ids
    assert id_map.encode_one(str(ids[0])) == first


@given(st.lists(st.text(), unique=True, min_size=1))
def test_text_ids_go_in_and_come_out(ids: list[str]) -> None:
    id_map = IdMap(ids)
    assert id_map.decode(id_map.encode_one(one) for one in ids) == ids


def test_text_that_looks_like_a_number_is_not_the_number() -> None:
    id_map = IdMap(["007", "7"])
    assert id_map.encode_one("007") == 0
    assert id_map.encode_one("7") == 1
    assert "07" not in id_map


def test_an_unknown_id_is_named() -> None:
    with pytest.raises(UnknownError, match="no user 'nobody'"):
        IdMap(np.array([1, 2]), name="user").encode_one("nobody")


def test_a_dense_id_outside_is_refused() -> None:
    with pytest.raises(IndexError):
        IdMap(np.array([5]), first=1).decode_one(0)


def test_the_fingerprint_depends_on_ids_order_and_kind() -> None:
    fingerprints = {
        IdMap(np.array([1, 2])).fingerprint(),
        IdMap(np.array([2, 1])).fingerprint(),
        IdMap(["1", "2"]).fingerprint(),
        IdMap(["12", ""]).fingerprint(),
    }
    assert len(fingerprints) == 4
    assert IdMap(np.array([1, 2])).fingerprint() == IdMap(np.array([1, 2], dtype=np.int32)).fingerprint()


def test_only_a_number_written_plainly_is_an_integer_id() -> None:
    id_map = IdMap(np.array([-3, 7, 1000]))
    assert id_map.encode_one("-3") == 0
    assert id_map.encode_one(" 7 ") == id_map.encode_one(7.0) == 1  # type: ignore[arg-type]
    for other in ("1_000", "7.0", 7.5, float("inf"), "9" * 30, None):
        assert other not in id_map
