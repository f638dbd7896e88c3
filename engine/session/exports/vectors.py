"""Vectors of items or users with their ids: one table, or a NumPy array with a table of the ids beside it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import numpy.typing as npt

from engine.runtime.job import Job, Progress
from engine.session.exports.target import ids_file
from engine.storage.atomic import sync_committed, sync_file, writing
from engine.storage.table_files import PrepareCell, write_content, write_tables

if TYPE_CHECKING:
    import pyarrow as pa

#: The endings of files of vectors. CSV has no vectors.
VECTOR_ENDINGS: Final = (".jsonl", ".npy", ".parquet")
#: The number of elements of the vectors that are written at a time.
_ELEMENTS = 4_194_304


@dataclass(frozen=True, slots=True)
class VectorTable:
    """Vectors, and what is known of whom they belong to.

    Attributes
    ----------
    columns
        The id, and further columns such as the title or the bias: arrays of Arrow with one value for each vector.
    vectors
        Gives the vectors of a range of rows, ``(len(range), dim)``, float32.
    dim
        The length of a vector.
    """

    columns: dict[str, pa.Array]
    vectors: Callable[[slice], npt.NDArray[np.float32]]
    dim: int

    def __len__(self) -> int:
        return len(next(iter(self.columns.values())))

    def pieces(self, job: Job) -> Iterator[slice]:
        """Ranges of rows whose vectors fit into memory."""
        step = max(1, _ELEMENTS // max(1, self.dim))
        for start in range(0, len(self), step):
            job.checkpoint()
            end = min(start + step, len(self))
            yield slice(start, end)
            job.report(Progress("writing vectors", end, len(self), "vectors"))


def write_vectors(path: Path, table: VectorTable, job: Job, *, prepare_cell: PrepareCell | None) -> list[Path]:
    """Write vectors to a file.

    Parameters
    ----------
    path
        The file: JSON lines, Parquet, or an array of NumPy with the ids in a table beside it; see
        :func:`engine.session.exports.target.ids_file`. It is whole or absent at every moment. The ids are never those
        of other vectors: an older array is deleted before its ids are replaced.
    table
        The vectors.
    job
        Receives the progress and may cancel.
    prepare_cell
        As of :func:`engine.storage.table_files.write_tables`.

    Returns
    -------
    list of pathlib.Path
        The files, ``path`` first.

    Raises
    ------
    DataError
        If a file cannot be written.
    """
    if path.suffix.lower() == ".npy":
        _write_array(path, table, job, prepare_cell)
        return [path, ids_file(path)]
    write_tables(path, _schema(table), _tables(table, job), prepare_cell=prepare_cell)
    return [path]


def _schema(table: VectorTable) -> pa.Schema:
    import pyarrow as pa

    fields = [(name, column.type) for name, column in table.columns.items()]
    return pa.schema([*fields, ("vector", pa.list_(pa.float32(), table.dim))])


def _tables(table: VectorTable, job: Job) -> Iterator[pa.Table]:
    import pyarrow as pa

    schema = _schema(table)
    for part in table.pieces(job):
        flat = pa.array(np.ascontiguousarray(table.vectors(part), dtype=np.float32).reshape(-1))
        columns: list[Any] = [column[part] for column in table.columns.values()]
        yield pa.table([*columns, pa.FixedSizeListArray.from_arrays(flat, table.dim)], schema)


def _write_array(path: Path, table: VectorTable, job: Job, prepare_cell: PrepareCell | None) -> None:
    import pyarrow as pa

    ids = pa.table({"row": pa.array(np.arange(len(table))), **table.columns})
    header = {"descr": "<f4", "fortran_order": False, "shape": (len(table), table.dim)}
    with writing(path) as vectors_part, writing(ids_file(path)) as ids_part:
        with open(vectors_part, "wb") as file:
            np.lib.format.write_array_header_1_0(file, header)
            for rows in table.pieces(job):
                file.write(np.ascontiguousarray(table.vectors(rows), dtype="<f4").tobytes())
        with open(ids_part, "wb") as file:
            write_content(file, ".csv", ids.schema, [ids], prepare_cell=prepare_cell)
        # All that could fill the disk is on it before the older array is deleted.
        for part in (vectors_part, ids_part):
            sync_file(part)
        path.unlink(missing_ok=True)
        sync_committed(path.parent)
