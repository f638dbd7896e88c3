"""Opening the place of shared data that all machines of a cluster see: a folder, or a bucket of S3."""

from __future__ import annotations

from pathlib import Path

from engine.datasets.locations.address import Address, parse
from engine.datasets.locations.object_store import open_s3
from engine.errors import DataError, ErrorKind, OptionError
from engine.storage.shared_storage import SharedStorage
from engine.storage.store_errors import reason_of


def require_place(place: str) -> None:
    """Raise OptionError unless a text names a folder or ``s3://BUCKET/PREFIX``."""
    _parsed(place)


def open_place(place: str) -> SharedStorage:
    """The storage at a place, after a try to write there.

    Parameters
    ----------
    place
        A folder that there is, in which ``~`` is the home folder, or ``s3://BUCKET/PREFIX``. Keys come from where the
        store's own tools find them, on each machine, or from ``s3://KEY:SECRET@BUCKET/PREFIX``.

    Raises
    ------
    OptionError
        If it is neither.
    DataError
        If it cannot be written to.
    """
    from pyarrow import fs

    address = _parsed(place)
    if address is None:
        folder = Path(place).expanduser().absolute()
        if not folder.is_dir():
            raise DataError(
                f"{folder}: there is no such folder, which every machine of the cluster must see.",
                kind=ErrorKind.STORAGE_FAILED,
                file=str(folder),
            )
        storage = SharedStorage(fs.LocalFileSystem(), str(folder), str(folder))
    else:
        try:
            filesystem = open_s3(address, anonymous=False)
        except (OSError, ValueError) as error:
            raise DataError(
                f"{address}: cannot be opened ({reason_of(error)}).",
                kind=ErrorKind.STORAGE_FAILED,
                file=str(address),
            ) from error
        storage = SharedStorage(filesystem, address.place, str(address))
    storage.require()
    return storage


def _parsed(place: str) -> Address | None:
    address = parse(place)
    if address is not None and (address.scheme != "s3" or not address.place.partition("/")[0]):
        raise OptionError(
            "The storage of a cluster is a folder or s3://BUCKET/PREFIX; other addresses are unknown.",
            name=address.scheme,
        )
    return address
