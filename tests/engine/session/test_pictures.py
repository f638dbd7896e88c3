"""The pictures of items, as small as a terminal needs them."""

from __future__ import annotations

import io
import struct
import sys
import zlib
from pathlib import Path

import pytest

from engine.data.thumbnail import make_thumbnail
from engine.datasets.ingest import add
from engine.errors import DataError, ErrorKind, RecsysError
from engine.session import open_session
from engine.workspace.dataset_store import Workspace

pillow = pytest.importorskip("PIL.Image", reason="the extra posters is not installed")


def encoded(kind: str, colour: tuple[int, ...], size: tuple[int, int] = (40, 60), mode: str = "RGB") -> bytes:
    stream = io.BytesIO()
    pillow.new(mode, size, colour).save(stream, kind)
    return stream.getvalue()


def chunk(kind: bytes, content: bytes) -> bytes:
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))


def claiming(width: int, height: int) -> bytes:
    """A PNG of a few bytes that says it is so large."""
    header = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0))
    return b"\x89PNG\r\n\x1a\n" + header + chunk(b"IDAT", zlib.compress(b"")) + chunk(b"IEND", b"")


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP", "GIF"])
def test_a_picture_is_made_to_fit_and_keeps_its_shape(kind: str) -> None:
    made = make_thumbnail(encoded(kind, (200, 30, 60)), "a", 20, 20)
    assert (made.width, made.height, len(made.pixels)) == (13, 20, 3 * 13 * 20)
    assert all(abs(value - wanted) < 12 for value, wanted in zip(made.pixels[:3], (200, 30, 60), strict=True))
    small = make_thumbnail(encoded(kind, (0, 0, 0)), "a", 400, 400)
    assert (small.width, small.height) == (40, 60), "it is never made larger"


def test_what_is_transparent_is_white() -> None:
    assert make_thumbnail(encoded("PNG", (0, 0, 0, 0), mode="RGBA"), "a", 4, 4).pixels[:3] == b"\xff\xff\xff"


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (b"", "damaged"),
        (b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n", "damaged"),
        (encoded("PNG", (1, 2, 3))[:60], "damaged"),
        (claiming(30, 30), "damaged"),
        (claiming(6000, 6000), "25 million pixels"),
        (claiming(60000, 60000), "25 million pixels"),
        (encoded("BMP", (1, 2, 3)), "damaged"),
    ],
)
@pytest.mark.filterwarnings("ignore::PIL.Image.DecompressionBombWarning")
def test_what_cannot_be_shown_is_one_sentence(content: bytes, why: str) -> None:
    with pytest.raises(DataError, match=why):
        make_thumbnail(content, "a.png", 10, 10)


def test_a_missing_package_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "PIL", None)
    with pytest.raises(RecsysError) as caught:
        make_thumbnail(b"", "a.png", 10, 10)
    assert (caught.value.kind, caught.value.name) == (ErrorKind.MISSING_PACKAGE, "pillow")


def test_the_pictures_of_items(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RECSYS_TUI_HOME", str(tmp_path / "home"))
    (tmp_path / "1.png").write_bytes(encoded("PNG", (200, 30, 60)))
    (tmp_path / "items.csv").write_text("id,title,poster\n1,Heat,1.png\n2,Rififi,\n3,Solaris,http://x.invalid/3.png\n")
    workspace = Workspace(tmp_path / "home" / "data")
    add(workspace, "own", items=tmp_path / "items.csv", kind="table")
    session = open_session(workspace, "own")
    heat, rififi, solaris = session.data.items([1, 2, 3])
    assert session.pictures.column == "poster"
    found = session.pictures.thumbnail(heat, 8, 12)
    assert found is not None
    assert (found.width, found.height, found.pixels[:3]) == (8, 12, bytes((200, 30, 60)))
    assert session.pictures.thumbnail(rififi, 8, 12) is None
    assert session.pictures.thumbnail(solaris, 8, 12) is None, "nothing is fetched"
    (tmp_path / "1.png").unlink()
    with pytest.raises(DataError, match="does not exist"):
        session.pictures.thumbnail(heat, 8, 12)
