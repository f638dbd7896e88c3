"""Vectors in PostgreSQL with the extension pgvector."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any

import numpy as np
import numpy.typing as npt

from engine.errors import DataError, OptionError, missing_package
from engine.search.semantic.vector_index import Rows
from engine.search.semantic.vector_table import Batch, Hashes

#: From this number of rows on, an HNSW index is made. Fewer are compared exactly.
_INDEXED = 50_000
#: The breadth of a search of that index, at least, and at most as the server allows.
_LEAST_BREADTH, _MOST_BREADTH = 100, 1000
#: The seconds in which the server must be reached, and in which it must find the nearest rows.
_PATIENCE, _LONGEST_SEARCH = 10, 60


class PostgresTable:
    """Vectors in a table of a database.

    Parameters
    ----------
    address
        ``postgresql://USER:PASSWORD@HOST/DATABASE``.
    name
        The name of the table.

    Raises
    ------
    RecsysError
        If psycopg is not installed.
    OptionError
        If the address cannot be read.
    DataError
        If the server cannot be reached.
    """

    def __init__(self, address: str, name: str) -> None:
        try:
            import psycopg
            import psycopg.conninfo
            from psycopg import sql
        except ImportError as error:
            raise missing_package("An index in PostgreSQL needs", "psycopg") from error
        self._shown = _shown(psycopg, address)
        self._failures = psycopg.Error
        self._sql, self._name = sql, name
        # What is sent to a server that is gone fails after a while, too, and not when the system gives up.
        self._connect: Callable[[], Any] = partial(
            psycopg.connect, address, autocommit=True, connect_timeout=_PATIENCE, tcp_user_timeout=1000 * _PATIENCE
        )
        self._connection: Any = None
        self._using = threading.Lock()
        with self._errors():
            pass  # whoever names a server wants to know at once that it is not there

    def count(self) -> int:
        """The number of rows; 0 if there is no table yet."""
        with self._errors():
            if self._connection.execute("SELECT to_regclass(%s)", (f'"{self._name}"',)).fetchone()[0] is None:
                return 0
            return int(self._execute("SELECT count(*) FROM {}").fetchone()[0])

    def hashes(self, start: int, stop: int) -> Hashes:
        """The hashes of some rows, in their order."""
        with self._errors():
            found = self._execute(
                "SELECT hash FROM {} WHERE row >= %s AND row < %s ORDER BY row", (start, stop)
            ).fetchall()
        return np.array([hash_ for (hash_,) in found], dtype=np.int64).view(np.uint64)

    def append(self, batch: Batch) -> None:
        """Add rows, all or none of them."""
        dim = batch.vectors.shape[1]
        with self._errors(), self._connection.transaction():
            self._connection.execute("CREATE EXTENSION IF NOT EXISTS vector")
            self._execute(
                "CREATE TABLE IF NOT EXISTS {} "
                "(row bigint PRIMARY KEY, hash bigint NOT NULL, item_id text, title text, "
                f"vector vector({int(dim)}) NOT NULL)"
            )
            copy = self._sql.SQL("COPY {} (row, hash, item_id, title, vector) FROM STDIN").format(self._table)
            with self._connection.cursor() as cursor, cursor.copy(copy) as writer:
                columns = batch.hashes.view(np.int64).tolist(), batch.item_ids, batch.titles, batch.vectors.tolist()
                for number, (hash_, item_id, title, vector) in enumerate(zip(*columns, strict=True), batch.first):
                    # The database has no character 0.
                    texts = (None if one is None else one.replace("\0", "") for one in (item_id, title))
                    writer.write_row((number, hash_, *texts, str(vector)))

    def finish(self) -> None:
        """Make an index of very many rows."""
        if self.count() < _INDEXED:
            return
        with self._errors():
            self._execute("CREATE INDEX IF NOT EXISTS {index} ON {} USING hnsw (vector vector_cosine_ops)")

    def nearest(self, query: npt.NDArray[np.float32], count: int) -> Rows:
        """The rows that are nearest to a vector, the nearest first."""
        with self._errors(), self._connection.transaction():
            # The index gives no more rows than its search is broad.
            breadth = min(max(count, _LEAST_BREADTH), _MOST_BREADTH)
            self._connection.execute(f"SET LOCAL hnsw.ef_search = {int(breadth)}")
            self._connection.execute(f"SET LOCAL statement_timeout = '{_LONGEST_SEARCH}s'")
            if count > _MOST_BREADTH:
                self._connection.execute("SET LOCAL enable_indexscan = off")
            vector = str(query.astype(float).tolist())
            found = self._execute("SELECT row FROM {} ORDER BY vector <=> %s::vector LIMIT %s", (vector, count))
            return np.array([row for (row,) in found.fetchall()], dtype=np.int64)

    @property
    def _table(self) -> Any:
        return self._sql.Identifier(self._name)

    def _execute(self, statement: str, values: tuple[Any, ...] | None = None) -> Any:
        index = self._sql.Identifier(f"{self._name}_vector")
        return self._connection.execute(self._sql.SQL(statement).format(self._table, index=index), values)

    @contextmanager
    def _errors(self) -> Iterator[None]:
        """Let one thread at a time use the connection, whose transactions are not a thread's own.

        A connection that was lost since the last use is made anew.
        """
        with self._using:
            try:
                if self._connection is None or self._connection.closed:
                    self._connection = self._connect()
                yield
            except self._failures as error:
                what = " ".join(str(error).split())[:150] or type(error).__name__
                raise DataError(f"{self._shown}: the index fails ({what}).", file=self._shown) from error


def _shown(psycopg: Any, address: str) -> str:
    """An address without the user and the password, which no sentence may show."""
    try:
        parts = psycopg.conninfo.conninfo_to_dict(address)
    except psycopg.Error:  # its text has the part that it cannot read, which may be the password
        parts = None
    # Of a password with one of these signs as it is, a part would be taken for the host, the port or the database.
    host, port, database = (str((parts or {}).get(name) or "") for name in ("host", "port", "dbname"))
    if parts is None or "@" in host + database or not (port.replace(",", "0") or "0").isdigit():
        raise OptionError(
            "The address of the index in PostgreSQL cannot be read: it is postgresql://USER:PASSWORD@HOST/DATABASE, "
            "with each of the signs @ : / ? # [ ] % in the user and in the password written as % and two digits."
        )
    return f"postgresql://{host}/{database}"
