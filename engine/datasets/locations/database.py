"""Read a table or a query of a database into a local file: SQLite by Python itself, others through SQLAlchemy."""

from __future__ import annotations

import os
import re
import sqlite3
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

from engine.datasets.formats.shown import listed
from engine.datasets.locations.address import Address
from engine.datasets.locations.fetched import Fetched, cannot_be_read, require_room
from engine.datasets.locations.parquet_copy import ParquetCopy
from engine.errors import DataError, ErrorKind, OptionError
from engine.runtime.job import Job, Progress

_BLOCK_ROWS = 20_000
_CONNECT_SECONDS = 10
_STEPS_BETWEEN_LOOKS = 100_000
#: What a query may begin with.
_READING = ("select", "with", "values", "table")
_COMMENT = re.compile(r"--[^\n]*|/\*.*?\*/", re.DOTALL)
_QUOTED = re.compile(r"'(?:[^']|'')*'|\"[^\"]*\"|`[^`]*`|\$(\w*)\$.*?\$\1\$", re.DOTALL)
_SQLITE_TABLES = r"""
    SELECT name FROM sqlite_master WHERE type IN ('table', 'view') AND name NOT LIKE 'sqlite\_%' ESCAPE '\'
"""
#: The drivers that are used where an address names none.
_DRIVERS = {"postgresql": "postgresql+psycopg", "mysql": "mysql+pymysql", "mariadb": "mariadb+pymysql"}


def fetch(address: Address, path: Path, job: Job, log: Callable[[str], None]) -> Fetched:
    """Read the rows of a table or a query, in blocks, into a Parquet file with their types.

    Nothing of the database is changed: SQLite is opened read-only, the transaction of PostgreSQL is read-only, and that
    of another database is rolled back.

    Parameters
    ----------
    address
        ``sqlite:///FILE?table=NAME``, ``postgresql://USER:PASSWORD@HOST/NAME?query=SELECT …`` and the like.
    path
        The file to write.
    job
        Takes the progress in rows and may be cancelled.
    log
        Called with a sentence before reading begins.

    Raises
    ------
    DataError
        If the database cannot be reached, there is no such table, the query fails, or its rows are too large. The kind
        is ``MISSING_PACKAGE`` where a driver is not installed.
    OptionError
        If the query is something else than one SELECT.
    """
    if address.query:
        _require_select(address)
    log(f"Reading {address}.")
    read = _read_sqlite if address.scheme == "sqlite" else _read_sqlalchemy
    copy = read(address, path, job)
    return Fetched(path, str(address), copy.bytes, rows=copy.rows)


def _require_select(address: Address) -> None:
    plain = _COMMENT.sub(" ", _QUOTED.sub("''", address.query)).strip().rstrip(";").lstrip("( \t\r\n")
    word = re.match(r"\w*", plain)
    if (word[0].lower() if word else "") not in _READING:
        raise OptionError(f"{address}: a query must be a SELECT, since the database is only read.")
    if ";" in plain:
        raise OptionError(f"{address}: holds more than one statement; give a single SELECT.")


def _followed(address: Address, blocks: Iterator[Sequence[Sequence[Any]]], job: Job) -> Iterator[Any]:
    rows = 0
    for block in blocks:
        job.checkpoint()
        rows += len(block)
        job.report(Progress(f"reading {address.table or 'the query'}", rows, None, "rows"))
        yield block


def _copy(address: Address, path: Path, columns: Sequence[str], blocks: Iterator[Any], job: Job) -> ParquetCopy:
    copy = ParquetCopy(path, columns)
    try:
        for block in _followed(address, blocks, job):
            copy.add(block)
            require_room(str(address), copy.bytes)
        copy.close()
    except BaseException:
        copy.abandon()
        raise
    return copy


def _read_sqlite(address: Address, path: Path, job: Job) -> ParquetCopy:
    file = sqlite_file(address)
    if file == Path():
        raise DataError(f"{address}: names no file; write sqlite:///FILE?table=NAME.")
    if not file.is_file():
        raise DataError(f"{address}: the file {file} does not exist; check the name.", file=str(file))
    try:
        with closing(sqlite3.connect(f"{file.absolute().as_uri()}?mode=ro", uri=True)) as connection:
            # A query can search for long before its first row.
            connection.set_progress_handler(lambda: job.cancelled, _STEPS_BETWEEN_LOOKS)
            names = [row[0] for row in connection.execute(_SQLITE_TABLES)]
            table = "" if address.query else _quoted(_chosen_table(address, names))
            cursor = connection.execute(address.query or f"SELECT * FROM {table}")
            columns = [column[0] for column in cursor.description or ()]
            blocks = iter(lambda: cursor.fetchmany(_BLOCK_ROWS), [])
            truths = _truths(connection, table) if table else set()
            return _copy(address, path, columns, (_with_truths(block, truths) for block in blocks), job)
    except sqlite3.Error as error:
        job.checkpoint()  # a cancelled query ends with an error
        raise cannot_be_read(str(address), str(error)) from error


def _truths(connection: sqlite3.Connection, table: str) -> set[int]:
    """The positions of the columns that are declared as truth values, which SQLite stores as 0 and 1."""
    declared = connection.execute(f"PRAGMA table_info({table})").fetchall()
    return {position for position, column in enumerate(declared) if str(column[2]).upper().startswith("BOOL")}


def _with_truths(block: Sequence[Sequence[Any]], truths: set[int]) -> Sequence[Sequence[Any]]:
    if not truths:
        return block
    return [
        [bool(value) if position in truths and value in (0, 1) else value for position, value in enumerate(row)]
        for row in block
    ]


def sqlite_file(address: Address) -> Path:
    """The file of a SQLite database: ``sqlite:///a.db`` is a relative path, ``sqlite:////a.db`` an absolute one."""
    place = address.place.removeprefix("/")
    return Path(os.path.expanduser(place))


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def _chosen_table(address: Address, names: Sequence[str]) -> str:
    """The table that the address names, or the only one."""
    by_lower = {name.lower(): name for name in names}
    if not address.table and len(names) == 1:
        return names[0]
    if address.table and address.table.lower() in by_lower:
        return by_lower[address.table.lower()]
    what = f"there is no table {address.table!r}" if address.table else "an address needs a table or a query"
    there = f"the tables are {listed(names)}" if names else "the database has no tables"
    ready = f"; end the address with ?table={names[0]} or ?query=SELECT …" if names else ""
    raise DataError(f"{address}: {what}; {there}{ready}.", file=str(address), choices=names)


def _read_sqlalchemy(address: Address, path: Path, job: Job) -> ParquetCopy:
    sqlalchemy = _import_sqlalchemy(address)
    try:
        engine = _engine(sqlalchemy, address)
        with closing(engine.connect()) as connection:
            query = address.query or f"SELECT * FROM {_sqlalchemy_table(sqlalchemy, engine, connection, address)}"
            options: dict[str, Any] = {"stream_results": True, "yield_per": _BLOCK_ROWS}
            if engine.dialect.name == "postgresql":
                connection.rollback()  # the look at the tables began a transaction, whose mode cannot be changed
                connection.execution_options(postgresql_readonly=True)
            # Without the backslash the colon of '12:30' would begin the name of a parameter.
            text = sqlalchemy.text(query.replace(":", "\\:"))
            result = connection.execute(text, execution_options=options)
            if not result.returns_rows:
                raise cannot_be_read(str(address), "the query gives no columns")
            blocks = ([tuple(row) for row in part] for part in result.partitions(_BLOCK_ROWS))
            return _copy(address, path, list(result.keys()), blocks, job)
    except sqlalchemy.exc.NoSuchModuleError as error:
        raise DataError(f"{address}: no database of this kind is known.", file=str(address)) from error
    except sqlalchemy.exc.SQLAlchemyError as error:
        why = str(getattr(error, "orig", None) or error).strip().partition("\n")[0]
        # Not chained: the error of SQLAlchemy has the address with its password.
        raise cannot_be_read(str(address), _without_secret(why, address)) from None


def _engine(sqlalchemy: Any, address: Address) -> Any:
    scheme = _DRIVERS.get(address.scheme, address.scheme)
    rest = f"?{address.other_options}" if address.other_options else ""
    try:
        url = sqlalchemy.engine.make_url(f"{scheme}://{address.place}{rest}")
    except ValueError:
        raise cannot_be_read(str(address), "an address is DATABASE://USER:PASSWORD@HOST:PORT/NAME") from None
    if address.user:
        url = url.set(username=address.user, password=address.password or None)
    timeout = {} if "connect_timeout" in url.query or "psycopg" not in scheme else {"connect_timeout": _CONNECT_SECONDS}
    try:
        return sqlalchemy.create_engine(url, poolclass=sqlalchemy.pool.NullPool, connect_args=timeout)
    except ModuleNotFoundError as error:
        raise _missing(address, error.name or scheme) from error


def _import_sqlalchemy(address: Address) -> Any:
    try:
        import sqlalchemy
    except ModuleNotFoundError as error:
        raise _missing(address, "sqlalchemy") from error
    return sqlalchemy


def _missing(address: Address, package: str) -> DataError:
    return DataError(
        f"{address}: needs the package {package}, which is not installed.",
        kind=ErrorKind.MISSING_PACKAGE,
        name=package,
        file=str(address),
    )


def _sqlalchemy_table(sqlalchemy: Any, engine: Any, connection: Any, address: Address) -> str:
    inspector = sqlalchemy.inspect(connection)
    quote = engine.dialect.identifier_preparer.quote_identifier
    schema, dot, table = address.table.rpartition(".")
    if dot and inspector.has_table(table, schema=schema):
        return f"{quote(schema)}.{quote(table)}"
    names = [*inspector.get_table_names(), *inspector.get_view_names()]
    return str(quote(_chosen_table(address, names)))


def _without_secret(text: str, address: Address) -> str:
    return text.replace(address.password, "…") if address.password else text
