"""The kinds of exports: what each writes, and in which formats."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from engine.session.exports.report_page import PAGE_ENDINGS
from engine.session.exports.reports import REPORT_ENDINGS
from engine.session.exports.vectors import VECTOR_ENDINGS
from engine.storage.table_files import TABLE_FORMATS


@dataclass(frozen=True, slots=True)
class ExportKind:
    """A kind of export.

    Attributes
    ----------
    name
        Its name, which is also that of the command.
    meaning
        What it writes, as a noun phrase.
    endings
        The endings that the name of the file may have, the one to suggest first.
    owner
        Whom or what each list is for, in the singular; empty if it does not write lists.
    sides
        Whether the vectors of items or those of users are written.
    """

    name: str
    meaning: str
    endings: tuple[str, ...]
    owner: str = ""
    sides: bool = False


_TABLES = (".parquet", *sorted(set(TABLE_FORMATS) - {".parquet"}))
_VECTORS = (".parquet", *sorted(set(VECTOR_ENDINGS) - {".parquet"}))

#: The kinds by their names.
EXPORT_KINDS: Final = {
    kind.name: kind
    for kind in (
        ExportKind("recommendations", "what each user would like", _TABLES, "user"),
        ExportKind("next", "what comes next for each user", _TABLES, "user"),
        ExportKind("neighbours", "the items most like each item", _TABLES, "item"),
        ExportKind("embeddings", "the vectors of the items' texts", _VECTORS),
        ExportKind("model", "the vectors of a factorisation", _VECTORS, sides=True),
        ExportKind("report", "the reports of the trained models", (*PAGE_ENDINGS, *REPORT_ENDINGS)),
    )
}
