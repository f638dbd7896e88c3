"""What a long computation has finished: found again by the same plan, and by no other."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from engine.errors import DataError
from engine.storage.partial_result import PartialResult

PLAN = {"model": "als", "checksum": "1", "k": 10, "of": ["users"]}
BLOCK = {"items": np.arange(6, dtype=np.int32).reshape(2, 3)}


def begun(target: Path, plan: object = PLAN) -> PartialResult:
    result = PartialResult(target, plan)  # type: ignore[arg-type]
    result.begin()
    return result


def test_a_block_is_found_again_under_the_same_plan(tmp_path: Path) -> None:
    begun(tmp_path / "r.csv").write(1, BLOCK)
    again = begun(tmp_path / "r.csv", dict(reversed(PLAN.items())))
    assert again.matches()
    assert again.read(0) is None
    found = again.read(1)
    assert found is not None
    np.testing.assert_array_equal(found["items"], BLOCK["items"])


@pytest.mark.parametrize("other", [{**PLAN, "checksum": "2"}, {**PLAN, "k": 11}, {}])
def test_blocks_of_another_plan_are_deleted(tmp_path: Path, other: dict[str, object]) -> None:
    begun(tmp_path / "r.csv").write(0, BLOCK)
    assert PartialResult(tmp_path / "r.csv", other).exists
    assert not PartialResult(tmp_path / "r.csv", other).matches()
    assert begun(tmp_path / "r.csv", other).read(0) is None


def test_a_plan_that_is_damaged_is_another_one(tmp_path: Path) -> None:
    result = begun(tmp_path / "r.csv")
    result.write(0, BLOCK)
    (result.folder / "plan.json").write_text("{")
    assert begun(tmp_path / "r.csv").read(0) is None


def test_a_damaged_block_counts_as_none(tmp_path: Path) -> None:
    result = begun(tmp_path / "r.csv")
    result.write(0, BLOCK)
    path = next(result.folder.glob("block-*"))
    path.write_bytes(path.read_bytes()[:-30])
    assert result.read(0) is None


def test_nothing_is_left_and_nothing_else_is_deleted(tmp_path: Path) -> None:
    result = begun(tmp_path / "r.csv")
    result.write(0, BLOCK)
    result.clear()
    assert list(tmp_path.iterdir()) == []
    result.clear()  # again, there is nothing to do

    (begun(tmp_path / "r.csv").folder / "letter.txt").write_text("mine")
    with pytest.raises(DataError, match="cannot be written"):
        result.clear()
    assert (result.folder / "letter.txt").read_text() == "mine"
    result.clear_quietly()
    with pytest.raises(DataError, match="cannot be written"):
        begun(tmp_path / "r.csv")


def test_a_file_in_the_place_of_the_folder_is_named(tmp_path: Path) -> None:
    PartialResult(tmp_path / "r.csv", PLAN).folder.write_text("mine")
    with pytest.raises(DataError, match=r"\.r\.csv\.unfinished"):
        begun(tmp_path / "r.csv")
