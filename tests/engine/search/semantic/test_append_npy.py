from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from engine.errors import DamagedError
from engine.search.semantic.append_npy import AppendableArray


@settings(max_examples=25, deadline=None)
@given(st.lists(hnp.arrays(np.float32, st.tuples(st.integers(0, 7), st.just(3)), elements=st.floats(-1, 1, width=32))))
def test_it_holds_what_was_appended_and_numpy_reads_it(
    tmp_path_factory: pytest.TempPathFactory, pieces: list[np.ndarray]
) -> None:
    path = tmp_path_factory.mktemp("growing") / "a.npy"
    AppendableArray.create(path, np.float32, (3,))
    array = AppendableArray(path)
    for piece in pieces:
        array.append(piece)
    expected = np.concatenate([np.zeros((0, 3), np.float32), *pieces])
    np.testing.assert_array_equal(array.read(), expected)
    np.testing.assert_array_equal(AppendableArray(path).read(), expected)
    np.testing.assert_array_equal(np.load(path, allow_pickle=False), expected)


def test_a_file_that_was_cut_off_is_damaged(tmp_path: Path) -> None:
    path = tmp_path / "a.npy"
    AppendableArray.create(path, np.float32, (3,))
    AppendableArray(path).append(np.ones((4, 3), np.float32))
    path.write_bytes(path.read_bytes()[:-1])
    with pytest.raises(DamagedError, match="cut off"):
        AppendableArray(path)


@pytest.mark.parametrize("content", [b"", b"\x93NUMPY", b"not an array at all" * 20])
def test_something_else_is_damaged(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "a.npy").write_bytes(content)
    with pytest.raises(DamagedError, match="not an array"):
        AppendableArray(tmp_path / "a.npy")


def test_an_array_of_python_objects_is_refused(tmp_path: Path) -> None:
    np.save(tmp_path / "a.npy", np.array([{}], dtype=object), allow_pickle=True)
    with pytest.raises(DamagedError):
        AppendableArray(tmp_path / "a.npy")
