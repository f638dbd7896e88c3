"""Fetching a release: only the right bytes, a second way, and a clear word where neither works."""

from __future__ import annotations

import dataclasses
import hashlib
import io
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Callable
from email.message import Message
from pathlib import Path

import pytest

from engine.datasets import read
from engine.datasets import releases as fetch
from engine.errors import CancelledError, DataError, ErrorKind
from engine.runtime.job import Job, Progress

from .conftest import zipped

Open = Callable[..., object]


class Response(io.BytesIO):
    """What a server answers with."""

    def __init__(self, content: bytes, url: str) -> None:
        super().__init__(content)
        self.url = url
        self.headers = Message()
        self.headers["Content-Length"] = str(len(content))

    def geturl(self) -> str:
        return self.url


def unreachable(*_: object, **__: object) -> object:
    raise urllib.error.URLError(TimeoutError("timed out"))


def serving(content: bytes, url: str | None = None) -> Open:
    def open_url(request: urllib.request.Request, timeout: float) -> Response:
        assert request.full_url.startswith("https://files.grouplens.org/")
        assert timeout <= 10
        return Response(content, url or request.full_url)

    return open_url


@pytest.fixture
def release(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> bytes:
    """A tiny archive that stands for ml-1m, with its hash."""
    members = {"ml-1m/ratings.dat": "1::2::3::4\n", "ml-1m/movies.dat": "2::Heat (1995)::Crime\n"}
    content = zipped(tmp_path / "made.zip", members).read_bytes()
    known = dataclasses.replace(fetch.RELEASES["ml-1m"], sha256=hashlib.sha256(content).hexdigest())
    monkeypatch.setitem(fetch.RELEASES, "ml-1m", known)  # type: ignore[arg-type]
    return content


def test_the_release_is_checked_and_read(tmp_path: Path, release: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(urllib.request, "urlopen", serving(release))
    lines: list[str] = []
    progress: list[Progress] = []
    path = fetch.fetch("ml-1m", tmp_path / "new", Job(progress.append), lines.append)
    assert path.read_bytes() == release
    assert lines[0] == fetch.LICENCE
    assert progress[-1].done == progress[-1].total == len(release)
    assert read("ml-1m", source=path).num_interactions == 1

    monkeypatch.setattr(urllib.request, "urlopen", unreachable)
    assert fetch.fetch("ml-1m", tmp_path / "new") == path  # what is there and right is not fetched again


@pytest.mark.parametrize("content", [b"", b"<html>Sign in to this network</html>"])
def test_wrong_bytes_are_refused(
    tmp_path: Path, release: bytes, content: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(urllib.request, "urlopen", serving(content))
    with pytest.raises(DataError, match="sha256") as caught:
        fetch.fetch("ml-1m", tmp_path / "new")
    error = caught.value
    assert (error.kind, error.name, error.file) == (ErrorKind.NOT_DOWNLOADED, "ml-1m", "ml-1m.zip")
    assert list((tmp_path / "new").iterdir()) == []


def test_leaving_https_is_refused(tmp_path: Path, release: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(urllib.request, "urlopen", serving(release, "http://elsewhere.example/ml-1m.zip"))
    with pytest.raises(DataError, match="away from HTTPS"):
        fetch.fetch("ml-1m", tmp_path / "new")


class Breaking(Response):
    """Sends so many bytes, and then the connection breaks."""

    def __init__(self, content: bytes, url: str, sends: int, status: int = 200) -> None:
        super().__init__(content, url)
        self.status, self.left = status, sends

    def read(self, size: int | None = -1) -> bytes:
        block = super().read(min(self.left, 10))
        self.left -= len(block)
        if not block and self.tell() < len(self.getvalue()):
            raise ConnectionResetError(104, "Connection reset by peer")
        return block


def breaking(content: bytes, *, resumes: bool = True, sends: int = 40) -> tuple[Open, list[int]]:
    """A server whose connections break after some bytes, and where each of them began."""
    begun: list[int] = []

    def open_url(request: urllib.request.Request, timeout: float) -> Response:
        start = int((request.get_header("Range") or "bytes=0-")[6:-1])
        begun.append(start)
        if start and resumes:
            return Breaking(content[start:], request.full_url, sends, 206)
        return Breaking(content, request.full_url, sends)

    return open_url, begun


def test_a_broken_transfer_is_gone_on_with(tmp_path: Path, release: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    sends = len(release) // 3 + 1
    opened, begun = breaking(release, sends=sends)
    monkeypatch.setattr(urllib.request, "urlopen", opened)
    assert fetch.fetch("ml-1m", tmp_path / "new").read_bytes() == release
    assert begun == [0, sends, 2 * sends]


@pytest.mark.parametrize(("resumes", "tried"), [(False, 2), (True, 4)])
def test_a_transfer_that_breaks_for_good_is_said_and_leaves_nothing(
    tmp_path: Path, release: bytes, monkeypatch: pytest.MonkeyPatch, resumes: bool, tried: int
) -> None:
    opened, begun = breaking(release, resumes=resumes, sends=5)
    monkeypatch.setattr(urllib.request, "urlopen", opened)
    with pytest.raises(DataError, match="the connection broke after"):
        fetch.fetch("ml-1m", tmp_path / "new")
    assert len(begun) == tried
    assert list((tmp_path / "new").iterdir()) == []


@pytest.mark.parametrize("told", [True, False])
def test_more_bytes_than_expected_are_not_taken(
    tmp_path: Path, release: bytes, monkeypatch: pytest.MonkeyPatch, told: bool
) -> None:
    def open_url(request: urllib.request.Request, timeout: float) -> Response:
        response = Response(release, request.full_url)
        if not told:
            del response.headers["Content-Length"]
        return response

    monkeypatch.setattr(urllib.request, "urlopen", open_url)
    monkeypatch.setattr(fetch, "_MOST_BYTES", len(release) - 1)
    with pytest.raises(DataError, match="more than"):
        fetch.fetch("ml-1m", tmp_path / "new")
    assert list((tmp_path / "new").iterdir()) == []


def test_unreachable_says_what_to_do_by_hand(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(urllib.request, "urlopen", unreachable)
    with pytest.raises(DataError) as caught:
        fetch.fetch("ml-latest-small", tmp_path)
    sentence = str(caught.value)
    assert "timed out" in sentence
    assert "download ml-latest-small.zip by hand from https://grouplens.org/" in sentence


def test_cancel_leaves_nothing(tmp_path: Path, release: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(urllib.request, "urlopen", serving(release))
    job = Job()
    job.cancel()
    with pytest.raises(CancelledError):
        fetch.fetch("ml-1m", tmp_path / "new", job)
    assert list((tmp_path / "new").iterdir()) == []


@pytest.fixture
def wheel(real_data: Path, tmp_path: Path) -> Path:
    """A wheel that contains the atomic files, among other things."""
    folder = real_data / "ml-100k-atomic"
    members = {f"recbole/dataset_example/ml-100k/{path.name}": path.read_bytes() for path in folder.iterdir()}
    return zipped(tmp_path / "recbole-1.2.1-py3-none-any.whl", {"recbole/__init__.py": "raise SystemExit", **members})


def pip_that(body: str) -> Open:
    """Starts a Python that stands for pip: the last but one argument but one is the folder."""
    start = subprocess.Popen

    def popen(command: list[str], **options: object) -> object:
        assert command[:5] == [sys.executable, "-P", "-m", "pip", "download"]
        assert {"--no-deps", "--only-binary=:all:"} <= set(command)
        assert command[-1] == "recbole==1.2.1"
        folder = command[command.index("--dest") + 1]
        return start([sys.executable, "-c", f"folder = {folder!r}\n{body}"], **options)  # type: ignore[call-overload]

    return popen


def test_ml_100k_falls_back_to_the_package(tmp_path: Path, wheel: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(urllib.request, "urlopen", unreachable)
    monkeypatch.setattr(subprocess, "Popen", pip_that(f"import shutil; shutil.copy({str(wheel)!r}, folder)"))
    path = fetch.fetch("ml-100k", tmp_path / "new")
    dataset = read("ml-100k", source=path)
    assert (dataset.num_users, dataset.num_items, dataset.num_interactions) == (943, 1682, 100_000)
    monkeypatch.setattr(subprocess, "Popen", unreachable)
    assert fetch.fetch("ml-100k", tmp_path / "new") == path


@pytest.mark.parametrize(
    ("body", "word"),
    [
        ("raise SystemExit('No module named pip')", "No module named pip"),
        ("pass", "no wheel"),
        ("open(folder + '/recbole-1.2.1.whl', 'w').write('garbage')", "damaged"),
        ("import zipfile; zipfile.ZipFile(folder + '/a.whl', 'w').writestr('ml-100k.inter', 'x')", "does not contain"),
    ],
)
def test_a_package_that_does_not_help(tmp_path: Path, body: str, word: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(urllib.request, "urlopen", unreachable)
    monkeypatch.setattr(subprocess, "Popen", pip_that(body))
    with pytest.raises(DataError, match=word) as caught:
        fetch.fetch("ml-100k", tmp_path / "new")
    assert "timed out" in str(caught.value)
    assert "ml-100k.zip" in str(caught.value)


def test_cancel_while_pip_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(urllib.request, "urlopen", unreachable)
    monkeypatch.setattr(subprocess, "Popen", pip_that("import time; time.sleep(600)"))
    job = Job(lambda progress: job.cancel())
    with pytest.raises(CancelledError):
        fetch.fetch("ml-100k", tmp_path / "new", job)
