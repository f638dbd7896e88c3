"""Vectors in LanceDB: a folder, or a bucket of an object store. The address is the only difference."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
import numpy.typing as npt

from engine.errors import DataError, missing_package
from engine.search.semantic.vector_index import Rows
from engine.search.semantic.vector_table import Batch, Hashes

#: From this number of rows on, an index with product quantization is made. Fewer are compared exactly.
_INDEXED = 200_000
#: The numbers of partitions that are searched, and of candidates for each result that are compared exactly.
_PROBES, _REFINED = 20, 10


class LanceTable:
    """Vectors in a table of LanceDB.

    Parameters
    ----------
    address
        A folder, or ``s3://BUCKET/FOLDER``; keys come from the environment (``AWS_ACCESS_KEY_ID``, …).
    name
        The name of the table.

    Raises
    ------
    RecsysError
        If LanceDB is not installed.
    DataError
        If the store cannot be reached.
    """

    def __init__(self, address: str, name: str) -> None:
        try:
            import lancedb
        except ImportError as error:
            raise missing_package("An index in a folder or a bucket needs", "lancedb") from error
        self._address, self._name = address, name
        with self._errors():
            self._connection: Any = lancedb.connect(address)
            self._table: Any = self._open()

    def count(self) -> int:
        """The number of rows; 0 if there is no table yet."""
        with self._errors():
            self._table = self._open()  # one that is open does not see what another process has added
            return 0 if self._table is None else int(self._table.count_rows())

    def hashes(self, start: int, stop: int) -> Hashes:
        """The hashes of some rows, in their order."""
        if self._table is None:
            return np.zeros(0, np.uint64)
        with self._errors():
            wanted = self._table.search().where(f"row >= {int(start)} AND row < {int(stop)}").select(["row", "hash"])
            found = wanted.limit(stop - start).to_arrow()
        rows = found.column("row").to_numpy()
        hashes = found.column("hash").to_numpy().astype(np.int64).view(np.uint64)
        return np.asarray(hashes[np.argsort(rows, kind="stable")])

    def append(self, batch: Batch) -> None:
        """Add rows, all or none of them."""
        import pyarrow as pa

        dim = batch.vectors.shape[1]
        vectors = pa.FixedSizeListArray.from_arrays(pa.array(batch.vectors.ravel(), pa.float32()), dim)
        rows = pa.table(
            {
                "row": pa.array(np.arange(batch.first, batch.first + len(batch.hashes)), pa.int64()),
                "hash": pa.array(batch.hashes.view(np.int64), pa.int64()),
                "item_id": pa.array(batch.item_ids, pa.string()),
                "title": pa.array(batch.titles, pa.string()),
                "vector": vectors,
            }
        )
        with self._errors():
            if self._table is None:
                self._table = self._connection.create_table(self._name, schema=rows.schema, exist_ok=True)
            self._table.add(rows)

    def finish(self) -> None:
        """Index the rows by number, and very many by their vectors."""
        from lancedb.index import BTree, IvfPq

        with self._errors():
            if not self._is_indexed("row"):
                self._table.create_index("row", config=BTree(), replace=True)
            if self.count() >= _INDEXED and not self._is_indexed("vector"):
                self._table.create_index("vector", config=IvfPq(distance_type="cosine"), replace=True)

    def _is_indexed(self, column: str) -> bool:
        """Whether there is an index that has all rows."""
        names = [one.name for one in self._table.list_indices() if list(one.columns) == [column]]
        found = [self._table.index_stats(name) for name in names]
        return any(one is not None and one.num_unindexed_rows == 0 for one in found)

    def nearest(self, query: npt.NDArray[np.float32], count: int) -> Rows:
        """The rows that are nearest to a vector, the nearest first."""
        with self._errors():
            wanted = self._table.search(query).distance_type("cosine").nprobes(_PROBES).refine_factor(_REFINED)
            found = wanted.select(["row", "_distance"]).limit(count).to_arrow()
        return np.asarray(found.column("row").to_numpy(), dtype=np.int64)

    def _open(self) -> Any:
        try:
            return self._connection.open_table(self._name)
        except ValueError:  # it says so of a table that is not there
            return None

    @contextmanager
    def _errors(self) -> Iterator[None]:
        try:
            yield
        except (OSError, RuntimeError, ValueError) as error:  # what LanceDB raises for whatever fails in its core
            what = " ".join(str(error).split())[:150] or type(error).__name__
            raise DataError(f"{self._address}: the index fails ({what}).", file=self._address) from error
