"""Opening a table of vectors by the address of its store."""

from __future__ import annotations

import hashlib
import re

from engine.errors import OptionError
from engine.search.semantic.vector_table import VectorTable


def open_table(address: str, name: str) -> VectorTable:
    """The table of a name at an address.

    Parameters
    ----------
    address
        A folder or ``s3://BUCKET/FOLDER`` for LanceDB, ``postgresql://…`` for PostgreSQL with pgvector.
    name
        The name of the table: letters, digits and underscores.

    Raises
    ------
    RecsysError
        If the package for it is not installed.
    DataError
        If the store cannot be reached.
    """
    if address.startswith(("postgresql://", "postgres://")):
        from engine.search.semantic.postgres_table import PostgresTable

        return PostgresTable(address, name)
    if "://" in address and not address.startswith(("s3://", "gs://", "az://")):
        raise OptionError(
            "An index lies in a folder, at s3://BUCKET/FOLDER or at postgresql://…; other addresses are unknown.",
            name=address.partition("://")[0],
        )
    from engine.search.semantic.lance_table import LanceTable

    return LanceTable(address, name)


def table_name(dataset: str, model: str) -> str:
    """The name of the table of a data set and an embedding model: letters, digits and underscores."""
    plain = re.sub(r"[^a-z0-9]+", "_", dataset.lower())[:30].strip("_")
    digest = hashlib.sha256(f"{dataset} {model}".encode()).hexdigest()
    return f"recsys_{plain}_{digest[:10]}"
