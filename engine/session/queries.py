"""The query service: SQL over the tables of the open data set, which can read them and nothing else."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from engine.errors import CancelledError, DataError, missing_package
from engine.runtime.job import Job
from engine.runtime.lazy_import import import_in_background
from engine.runtime.locked_property import locked_property
from engine.session.open_dataset import OpenDataset
from engine.session.short_floats import shortest

if TYPE_CHECKING:
    import pyarrow as pa

#: What a query may take of the memory of the machine.
_MEMORY = "50%"


@dataclass(frozen=True, slots=True)
class QueryResult:
    """The rows of a query.

    Attributes
    ----------
    columns
        The names of the columns.
    rows
        The values: numbers, texts, truth values, dates, lists; None where there is none. A number that is stored in
        single precision is the one with the fewest digits that stands for it: 4.8, and not 4.800000190734863.
    more
        Whether there are more rows than were asked for.
    """

    columns: tuple[str, ...]
    rows: tuple[tuple[Any, ...], ...]
    more: bool


class QueryService:
    """Answers SQL with DuckDB, over three tables that are only read.

    ``interactions`` has ``user_id``, ``item_id``, ``title``, and ``rating``, ``weight`` and ``time`` where there are
    such; ``items`` has ``item_id`` and the columns of the catalogue; ``users`` has ``user_id``. A query reaches no
    file, no network and no Python object.

    Parameters
    ----------
    opened
        The data set.
    """

    def __init__(self, opened: OpenDataset) -> None:
        self._opened = opened

    @locked_property
    def _tables(self) -> dict[str, pa.Table]:
        import numpy as np
        import pyarrow as pa

        dataset = self._opened.dataset
        log, items = dataset.interactions, dataset.items
        times: Any = log.timestamps
        if dataset.has_dates:
            times = pa.array(log.timestamps, pa.int64()).cast(pa.timestamp("s"))
        columns = {"user": log.user_ids, "item": log.item_ids, "rating": log.ratings, "weight": log.weights}
        known = {name: pa.array(column, from_pandas=True) for name, column in columns.items() if column is not None}
        if times is not None:
            known["time"] = pa.array(times) if isinstance(times, np.ndarray) else times
        free = [name for name in items.table.column_names if name not in ("item", "item_id")]
        return {
            "log": pa.table(known),
            "user_ids": pa.table({"user": np.arange(dataset.num_users), "user_id": pa.array(dataset.users.ids)}),
            "catalogue": pa.table(
                {
                    "item": np.arange(1, dataset.num_items + 1),
                    "item_id": pa.array(items.id_map.ids),
                    **{name: items.table.column(name) for name in free},
                }
            ),
        }

    def query(self, text: str, limit: int = 1000, job: Job | None = None) -> QueryResult:
        """Answer one SELECT.

        Parameters
        ----------
        text
            The query.
        limit
            The most rows that are returned.
        job
            May cancel the query while it runs.

        Raises
        ------
        RecsysError
            If DuckDB is not installed.
        DataError
            If the text is no single query, is wrong, or needs more memory than it may take.
        CancelledError
            If the job was cancelled.
        """
        try:
            import_in_background("duckdb")
            import duckdb
        except ImportError:
            raise missing_package("Queries with SQL need", "duckdb") from None
        tables = self._tables
        try:
            with duckdb.connect(":memory:") as connection:
                _restrict(connection, tables)
                statement = _single_select(duckdb, text)
                with (job or Job()).interrupting(connection.interrupt):
                    found = connection.execute(statement)
                    rows = _with_short_floats(found.fetchmany(limit + 1), found.description or ())
                    columns = tuple(str(one[0]) for one in found.description or ())
        except duckdb.InterruptException:
            raise CancelledError from None
        except duckdb.Error as error:
            raise DataError(f"The query cannot be answered: {_first_sentence(error)}") from None
        return QueryResult(columns, tuple(rows[:limit]), len(rows) > limit)


def _restrict(connection: Any, tables: dict[str, Any]) -> None:
    """Give a connection the tables, and then take everything else from it for good."""
    for name, table in tables.items():
        connection.register(name, table)
    columns = [name for name in tables["log"].column_names if name not in ("user", "item")]
    of_log = "".join(f", log.{name}" for name in columns)
    connection.execute("CREATE VIEW users AS SELECT user_id FROM user_ids")
    connection.execute("CREATE VIEW items AS SELECT * EXCLUDE (item) FROM catalogue")
    connection.execute(
        f"CREATE VIEW interactions AS SELECT user_id, item_id, title{of_log} FROM log "
        'JOIN user_ids USING ("user") JOIN catalogue USING (item)'
    )
    for setting in (
        f"memory_limit = '{_MEMORY}'",
        "temp_directory = ''",
        "python_enable_replacements = false",
        "enable_external_access = false",
        "autoinstall_known_extensions = false",
        "autoload_known_extensions = false",
        "lock_configuration = true",
    ):
        connection.execute(f"SET {setting}")


def _with_short_floats(rows: list[tuple[Any, ...]], description: Sequence[Any]) -> list[tuple[Any, ...]]:
    """The rows with the numbers of single precision in as few digits as tell them apart."""
    short = {place: convert for place, one in enumerate(description) if (convert := _shortened(one[1])) is not None}
    if not short:
        return rows
    return [
        tuple(short[place](value) if place in short and value is not None else value for place, value in enumerate(row))
        for row in rows
    ]


def _shortened(kind: Any) -> Callable[[Any], Any] | None:
    """What shortens the numbers of single precision in a value of a type of DuckDB; None if the type has none."""
    if kind.id == "float":
        return shortest
    if kind.id not in ("list", "array", "struct", "map"):
        return None
    inner = {name: convert for name, child in kind.children if (convert := _shortened_child(child)) is not None}
    if not inner:
        return None
    if kind.id == "struct":
        return lambda value: {name: inner[name](one) if name in inner else one for name, one in value.items()}
    if kind.id == "map":
        keys, values = (inner.get(name, _unchanged) for name in ("key", "value"))
        return lambda value: {keys(key): values(one) for key, one in value.items()}
    convert = inner["child"]
    return lambda value: type(value)(convert(one) for one in value)


def _shortened_child(kind: Any) -> Callable[[Any], Any] | None:
    # Beside the type of its values, an array has its size.
    convert = None if isinstance(kind, int) else _shortened(kind)
    return None if convert is None else lambda value: None if value is None else convert(value)


def _unchanged(value: Any) -> Any:
    return value


def _single_select(duckdb: Any, text: str) -> Any:
    if not text.isprintable() and any("\ud800" <= letter <= "\udfff" for letter in text):
        raise DataError("The query holds characters that are no text in UTF-8: type it again without them.")
    statements = duckdb.extract_statements(text)
    if len(statements) != 1 or statements[0].type not in (duckdb.StatementType.SELECT, duckdb.StatementType.EXPLAIN):
        raise DataError("One query that begins with SELECT, WITH, FROM or EXPLAIN is answered at a time, and no other.")
    return statements[0]


def _first_sentence(error: Exception) -> str:
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    sentence = lines[0] if lines else type(error).__name__
    return sentence if sentence.endswith((".", "!", "?")) else f"{sentence}."
