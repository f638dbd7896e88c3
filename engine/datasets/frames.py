"""Tables in memory to a data set: pandas, polars, Arrow, and scipy matrices."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

from engine.datasets import read
from engine.datasets.formats.arrow import import_arrow
from engine.errors import DataError, OptionError

if TYPE_CHECKING:
    import pandas as pd
    import pyarrow as pa
    from scipy.sparse import sparray, spmatrix

    from engine.data.dataset import Dataset


def from_arrow(
    interactions: pa.Table | None = None, items: pa.Table | None = None, *, name: str = "data", **options: Any
) -> Dataset:
    """Make a data set from Arrow tables.

    They are written as Parquet to a temporary folder and read by the reader ``table``, so that they give the same data
    set as the files would.

    Parameters
    ----------
    interactions, items
        At least one of them.
    name
        The name of the data set.
    **options
        ``mapping``, ``where``, ``user`` and ``job``, as :func:`engine.datasets.read` takes them.

    Raises
    ------
    DataError, OptionError
        As :func:`engine.datasets.read`; and OptionError without any table.
    """
    import_arrow()
    import pyarrow as pa
    import pyarrow.parquet as pq

    if interactions is None and items is None:
        raise OptionError("A data set needs a table of interactions, of items, or of both.")
    with tempfile.TemporaryDirectory(prefix="recsys-") as folder:
        files: dict[str, Any] = {}
        for role, table in (("ratings", interactions), ("items", items)):
            if table is not None:
                files[role] = Path(folder) / ("interactions.parquet" if role == "ratings" else "items.parquet")
                try:
                    pq.write_table(table, files[role])
                except pa.ArrowException as error:
                    raise DataError(f"The table of {role} cannot be used ({error}).") from error
        return read(name, "table", **files, **options)


def from_pandas(
    interactions: pd.DataFrame | None = None, items: pd.DataFrame | None = None, *, name: str = "data", **options: Any
) -> Dataset:
    """Make a data set from pandas' frames; see :func:`from_arrow`. Their index is not used."""
    import_arrow()
    import pyarrow as pa

    tables = []
    for what, frame in (("interactions", interactions), ("items", items)):
        try:
            # Column names may be numbers in pandas.
            tables.append(
                None if frame is None else pa.Table.from_pandas(frame.rename(columns=str), preserve_index=False)
            )
        except (pa.ArrowInvalid, pa.ArrowTypeError, pa.ArrowNotImplementedError) as error:
            reason = " ".join(str(error).split())[:200]
            raise DataError(f"The frame of {what} has a column of mixed types ({reason}): give it one type.") from error
        except UnicodeEncodeError as error:
            found = error.object[max(error.start - 20, 0) : error.end + 20]
            raise DataError(
                f"The frame of {what} has half of a surrogate pair in {found!a}, which is not text: replace it."
            ) from error
    return from_arrow(*tables, name=name, **options)


def from_polars(interactions: Any = None, items: Any = None, *, name: str = "data", **options: Any) -> Dataset:
    """Make a data set from polars' frames; see :func:`from_arrow`."""
    tables = [None if frame is None else frame.to_arrow() for frame in (interactions, items)]
    return from_arrow(*tables, name=name, **options)


def from_scipy(
    matrix: sparray | spmatrix, *, name: str = "data", rated: bool = True, items: pa.Table | None = None
) -> Dataset:
    """Make a data set from a sparse matrix, whose rows are users and whose columns are items.

    Parameters
    ----------
    matrix
        The stored values, zeros too, are the ratings, shape ``(num_users, num_items)``.
    name
        The name of the data set.
    rated
        Whether the values are ratings; else they are weights.
    items
        The catalogue, with the number of the column as id.
    """
    import_arrow()
    import pyarrow as pa

    entries = matrix.tocoo()
    value = "rating" if rated else "weight"
    columns = {"user": entries.row, "item": entries.col, value: entries.data}
    return from_arrow(pa.table(columns), items, name=name)
