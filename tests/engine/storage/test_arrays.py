"""A NumPy file cannot ask for more memory than it has bytes, and cannot run anything."""

from __future__ import annotations

import io
import pickle
import zipfile
from pathlib import Path

import numpy as np
import pytest

from engine.errors import DamagedError, MissingError
from engine.search.semantic.append_npy import AppendableArray
from engine.storage.arrays import read_npz

ARRAYS = {"rows": np.arange(12, dtype=np.int32).reshape(3, 4), "none": np.zeros(0, dtype=np.float32)}


def npy(shape: tuple[int, ...], dtype: str = "<f4", content: bytes = b"") -> bytes:
    """A ``.npy`` file that says what one likes."""
    buffer = io.BytesIO()
    np.lib.format.write_array_header_1_0(buffer, {"descr": dtype, "fortran_order": False, "shape": shape})
    return buffer.getvalue() + content


def write_npz(path: Path, content: bytes, compression: int = zipfile.ZIP_STORED) -> Path:
    with zipfile.ZipFile(path, "w", compression) as archive:
        archive.writestr("rows.npy", content)
    return path


@pytest.fixture
def path(tmp_path: Path) -> Path:
    with (tmp_path / "arrays.npz").open("wb") as file:
        np.savez(file, **ARRAYS)
    return tmp_path / "arrays.npz"


def test_what_was_stored_comes_back(path: Path) -> None:
    back = read_npz(path)
    assert set(back) == set(ARRAYS)
    for name, array in ARRAYS.items():
        np.testing.assert_array_equal(back[name], array)
        assert back[name].dtype == array.dtype


def test_a_flipped_byte_in_the_numbers_is_found(path: Path) -> None:
    content = bytearray(path.read_bytes())
    place = content.index(ARRAYS["rows"].tobytes())
    content[place + 5] ^= 1
    path.write_bytes(content)
    with pytest.raises(DamagedError):
        read_npz(path)


@pytest.mark.parametrize("share", [0.0, 0.3, 0.9])
def test_a_cut_file_is_damaged(path: Path, share: float) -> None:
    path.write_bytes(path.read_bytes()[: int(share * path.stat().st_size)])
    with pytest.raises(DamagedError):
        read_npz(path)


@pytest.mark.parametrize(
    "content",
    [
        npy((10**12,)),
        npy((2**62, 4)),
        npy((2**63, 2**63)),
        npy((-4,)),
        npy((1,), "|O", pickle.dumps("anything")),
        b"\x93NUMPY\x01\x00\x76\x00" + b"(" * 118,
        b"\x93NUMPY\x03\x00\x76\x00" + b" " * 118,
        b"no array",
    ],
)
def test_a_forged_header_takes_no_memory(tmp_path: Path, content: bytes) -> None:
    with pytest.raises(DamagedError):
        read_npz(write_npz(tmp_path / "forged.npz", content))
    vectors = tmp_path / "vectors.npy"
    vectors.write_bytes(content)
    with pytest.raises(DamagedError):
        AppendableArray(vectors)


def test_a_compressed_file_is_not_unpacked(tmp_path: Path) -> None:
    bomb = write_npz(tmp_path / "bomb.npz", npy((1 << 22,), content=bytes(4 << 22)), zipfile.ZIP_DEFLATED)
    with pytest.raises(DamagedError, match="compressed"):
        read_npz(bomb)


def test_what_is_no_file_is_said(tmp_path: Path) -> None:
    with pytest.raises(MissingError):
        read_npz(tmp_path / "nothing.npz")
    for read in (read_npz, AppendableArray):
        with pytest.raises(DamagedError):
            read(tmp_path)
