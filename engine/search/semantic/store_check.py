"""Checking and repairing the stored vectors of one embedding model, row by row."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from engine.errors import DamagedError, DataError
from engine.runtime.job import Job
from engine.search.semantic.append_npy import AppendableArray
from engine.search.semantic.vector_store import HASHES, MANIFEST, VECTORS, is_unit_length, read_manifest
from engine.storage.lock import locked

_ROWS_AT_A_TIME = 65_536


@dataclass(frozen=True, slots=True)
class StoreReport:
    """What a folder of vectors holds.

    Attributes
    ----------
    model
        The name of the embedding model.
    rows
        The number of vectors with a hash.
    whole
        The number of vectors before the first that is not finite or not of unit length.
    """

    model: str
    rows: int
    whole: int


def check_store(folder: Path, job: Job | None = None) -> StoreReport:
    """Check every vector of a folder.

    Raises
    ------
    DamagedError
        If the manifest or a file as a whole is damaged, such as a file that is cut off.
    DataError
        If a file cannot be read.
    RecsysError
        If a newer version of the program wrote the folder.
    """
    job = job or Job()
    model, dim = read_manifest(folder)
    hashes = AppendableArray(folder / HASHES)  # read first, since a writer adds the vectors before the hashes
    vectors = AppendableArray(folder / VECTORS)
    if hashes.dtype != np.uint64 or hashes.row_shape or vectors.dtype != np.float32 or vectors.row_shape != (dim,):
        raise DamagedError(f"{VECTORS} and {HASHES} do not have the shapes given in {MANIFEST}")
    if len(vectors) < len(hashes):
        raise DamagedError(f"{VECTORS} has fewer rows than {HASHES}")
    rows = vectors.read()[: len(hashes)]
    for start in range(0, len(rows), _ROWS_AT_A_TIME):
        job.checkpoint()
        fits = is_unit_length(rows[start : start + _ROWS_AT_A_TIME])
        if not fits.all():
            return StoreReport(model.name, len(rows), start + int(np.argmin(fits)))
    return StoreReport(model.name, len(rows), len(rows))


def repair_store(folder: Path) -> StoreReport:
    """Cut the files of a folder to the rows before the first that is damaged; the others are embedded again later.

    Raises
    ------
    DamagedError
        If no row can be kept: the folder is then to be set aside.
    DataError
        If the folder cannot be written, or another process is embedding into it.
    """
    with locked(folder.with_name(f".{folder.name}.lock"), wait=False) as is_held:
        if not is_held:
            raise DataError(f"{folder}: another process is embedding into it.", file=str(folder))
        _, dim = read_manifest(folder)
        kept = min(
            AppendableArray.cut_to_whole_rows(folder / VECTORS, np.float32, (dim,)),
            AppendableArray.cut_to_whole_rows(folder / HASHES, np.uint64, ()),
        )
        _truncate(folder, kept)
        report = check_store(folder)
        if not report.whole:
            raise DamagedError(f"{VECTORS} has no row that is whole")
        if report.whole < report.rows:
            _truncate(folder, report.whole)
        return StoreReport(report.model, report.whole, report.whole)


def _truncate(folder: Path, rows: int) -> None:
    # The hashes first: a hash without its vector would be damage, while a vector without a hash is not used.
    for name in (HASHES, VECTORS):
        array = AppendableArray(folder / name)
        if len(array) > rows:
            array.truncate(rows)
