"""Download files from S3 and Google Cloud Storage, which pyarrow reads; patterns and folders too."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable
from contextlib import suppress
from datetime import timedelta
from pathlib import Path, PurePosixPath
from typing import Any
from urllib.parse import parse_qs

from engine.datasets.formats.limits import as_size
from engine.datasets.locations.address import Address, plain_file_name
from engine.datasets.locations.fetched import Fetched, cannot_be_read, require_room
from engine.errors import DataError, ErrorKind
from engine.runtime.job import Job, Progress
from engine.storage.store_errors import NO_ACCESS, meaning_of

_BLOCK_BYTES = 1 << 22
_CONNECT_SECONDS = 10
_REQUEST_SECONDS = 60
_RETRY_SECONDS = 15
#: Where the stores' own tools find credentials: in variables, or in files below the home folder.
_VARIABLES = {
    "s3": (
        *("AWS_ACCESS_KEY_ID", "AWS_PROFILE", "AWS_SHARED_CREDENTIALS_FILE", "AWS_WEB_IDENTITY_TOKEN_FILE"),
        *("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI", "AWS_CONTAINER_CREDENTIALS_FULL_URI"),
    ),
    "gs": ("GOOGLE_APPLICATION_CREDENTIALS",),
}
_CREDENTIALS = {
    "s3": (".aws/credentials", ".aws/config"),
    "gs": (".config/gcloud/application_default_credentials.json",),
}
_MOST_FILES = 10_000


def download(
    address: Address, folder: Path, job: Job, log: Callable[[str], None], *, whole_folder: bool = False
) -> list[Fetched]:
    """Download the files at an address into a folder.

    Credentials are those that the stores' own tools use, or ``s3://KEY:SECRET@bucket/…``. Where none are configured,
    public access is tried first, so that a machine of a cloud is asked for its own only where they are needed.

    Parameters
    ----------
    address
        A file, a pattern such as ``s3://bucket/log/part-*.parquet``, or a folder.
    folder
        Where to put the files.
    job
        Takes the progress in bytes and may be cancelled.
    log
        Called with the number of the files and their size before the transfer begins.
    whole_folder
        Whether the address may be a folder, all files of which are wanted.

    Raises
    ------
    DataError
        If the store cannot be reached or refuses, no file fits, or the files are too large.
    """
    if not address.place.partition("/")[0]:
        raise DataError(
            f"{address}: names no bucket; write {address.scheme}://BUCKET/PATH.",
            file=str(address),
        )
    errors: list[Exception] = []
    public_first = not _has_credentials(address)
    for anonymous in (False,) if address.user else (public_first, not public_first):
        try:
            return _download(address, folder, job, log, whole_folder, anonymous)
        except FileNotFoundError as error:
            raise DataError(f"{address}: does not exist; check the address.", file=str(address)) from error
        except ImportError as error:
            raise DataError(
                f"{address}: cannot be read, since pyarrow was built without this store here; install another build.",
                file=str(address),
            ) from error
        except (OSError, ValueError) as error:  # pyarrow's own are among both
            errors.append(error)
            if meaning_of(error) != NO_ACCESS:
                break
    raise cannot_be_read(str(address), meaning_of(errors[0])) from errors[0]


def _has_credentials(address: Address) -> bool:
    return any(os.environ.get(one) for one in _VARIABLES[address.scheme]) or any(
        Path.home().joinpath(one).is_file() for one in _CREDENTIALS[address.scheme]
    )


def _download(
    address: Address, folder: Path, job: Job, log: Callable[[str], None], whole_folder: bool, anonymous: bool
) -> list[Fetched]:
    store = open_s3(address, anonymous) if address.scheme == "s3" else _google(address, anonymous)
    base, files = _find(store, address, whole_folder)
    total = sum(file.size or 0 for file in files)
    require_room(str(address), total)
    what = "" if len(files) == 1 else f"{len(files):,} files of "
    log(f"Downloading {what}{address} ({as_size(total)}).")
    fetched: list[Fetched] = []
    done = 0
    for file in files:
        within = PurePosixPath(file.path).relative_to(base)
        path = folder.joinpath(*(plain_file_name(part) for part in within.parts))
        path.parent.mkdir(parents=True, exist_ok=True)
        digest = hashlib.sha256()
        with store.open_input_stream(file.path) as stream, open(path, "wb") as copy:
            while block := stream.read(_BLOCK_BYTES):
                job.checkpoint()
                digest.update(block)
                copy.write(block)
                done += len(block)
                job.report(Progress(f"downloading {path.name}", done, total, "bytes"))
        one = Address(address.scheme, file.path, "", "", "")
        fetched.append(Fetched(path, str(one), file.size or 0, digest.hexdigest()))
    return fetched


def _find(store: Any, address: Address, whole_folder: bool) -> tuple[str, list[Any]]:
    """The folder in which the files lie, and the files."""
    from pyarrow import fs

    wanted = address.place.rstrip("/")
    if any(letter in wanted for letter in "*?["):
        if (known := store.get_file_info(wanted)).type == fs.FileType.File:
            return str(PurePosixPath(wanted).parent), [known]
        return _matching(store, address, wanted)
    known = store.get_file_info(wanted)
    if known.type == fs.FileType.File and not address.place.endswith("/"):
        return str(PurePosixPath(wanted).parent), [known]
    if known.type == fs.FileType.NotFound:
        raise FileNotFoundError
    if not whole_folder:
        raise DataError(
            f"{address} is a folder, and files are needed here; name them by a pattern such as "
            f"{str(address).rstrip('/')}/*.parquet.",
            file=str(address),
        )
    files = _listed(store, address, wanted, recursive=True)
    if not files:
        raise DataError(f"{address}: holds no files.", file=str(address))
    return wanted, files


def _matching(store: Any, address: Address, pattern: str) -> tuple[str, list[Any]]:
    parts = PurePosixPath(pattern).parts
    plain = next(number for number, part in enumerate(parts) if any(letter in part for letter in "*?["))
    if plain == 0:
        raise DataError(f"{address}: a pattern must name the bucket.", file=str(address))
    base = "/".join(parts[:plain])
    files = _listed(store, address, base, recursive=plain < len(parts) - 1)
    fitting = [one for one in files if _fits(PurePosixPath(one.path), pattern, len(parts))]
    if not fitting:
        raise DataError(
            f"{address}: no file fits the pattern, among {len(files):,} in {base}; check it.",
            kind=ErrorKind.MISSING_FILE,
            file=str(address),
        )
    return base, fitting


def _fits(path: PurePosixPath, pattern: str, depth: int) -> bool:
    return len(path.parts) == depth and path.match(pattern)


def _listed(store: Any, address: Address, base: str, *, recursive: bool) -> list[Any]:
    """The files below a folder, by name, without those that programs leave there, such as ``_SUCCESS``."""
    from pyarrow import fs

    found = store.get_file_info(fs.FileSelector(base, recursive=recursive))
    files = [one for one in found if one.type == fs.FileType.File and not one.base_name.startswith(("_", "."))]
    if len(files) > _MOST_FILES:
        raise DataError(f"{address}: has {len(files):,} files; name fewer by a pattern.", file=str(address))
    return sorted(files, key=lambda one: one.path)


def open_s3(address: Address, anonymous: bool) -> Any:
    """The file system of an address, with its options and, if it has any, its keys.

    Raises
    ------
    OSError
        If the options are wrong.
    """
    from pyarrow import fs

    options = {name: values[-1] for name, values in parse_qs(address.options).items()}
    endpoint = options.get("endpoint_override")
    region = options.get("region") or os.environ.get("AWS_REGION") or os.environ.get("AWS_DEFAULT_REGION")
    if region is None and endpoint is None and not any(one.startswith("AWS_ENDPOINT_URL") for one in os.environ):
        with suppress(OSError):
            region = fs.resolve_s3_region(PurePosixPath(address.place).parts[0])
    given = {"access_key": address.user, "secret_key": address.password} if address.user else {}
    return fs.S3FileSystem(
        **given,
        anonymous=anonymous and not given,
        region=region,
        scheme=options.get("scheme"),
        endpoint_override=endpoint,
        connect_timeout=_CONNECT_SECONDS,
        request_timeout=_REQUEST_SECONDS,
    )


def _google(address: Address, anonymous: bool) -> Any:
    from pyarrow import fs

    options = {name: values[-1] for name, values in parse_qs(address.options).items()}
    return fs.GcsFileSystem(
        anonymous=anonymous,
        scheme=options.get("scheme", "https"),
        endpoint_override=options.get("endpoint_override"),
        retry_time_limit=timedelta(seconds=_RETRY_SECONDS),
    )
