"""Which column of a table has which role: the one that the caller names, else one with a usual name and fitting values.

A name alone is not believed. An ``id`` whose values all differ numbers the rows of a log and not the items, and a
``score`` that holds words is no rating. Such columns are passed over, and the reason is kept for the person.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice
from typing import TYPE_CHECKING

from engine.datasets.formats.column_names import CATALOGUE_ROLES, ITEM_NUMBER, LABEL, LOG_ROLES, plain_name, usual
from engine.datasets.formats.ids import to_ids
from engine.datasets.formats.read_report import ReadReport
from engine.datasets.formats.rows import Rows, find_columns
from engine.datasets.formats.selected_rows import truth_of
from engine.datasets.formats.shown import listed
from engine.datasets.formats.values import numbers_or_null, to_strings
from engine.errors import DataError, ErrorKind, OptionError

if TYPE_CHECKING:
    import pyarrow as pa

    from engine.datasets.formats.files import ColumnMapping

#: The number of values by which a column is judged.
_SAMPLE = 20_000
#: The share of the values of a column of numbers that must be numbers.
_ALMOST_ALL = 0.9
#: An id column of a catalogue may repeat in so small a share of the rows; the repeats are left out and counted.
_FEW_REPEATS = 0.05
#: A column with so few different texts is shown by them, such as the kinds of events.
_FEW_VALUES = 5
_WORD = 20
_PLAIN_RATINGS = ("rating", "ratings", "score", "stars")


@dataclass(frozen=True, slots=True)
class Roles:
    """The columns of one file by role.

    Attributes
    ----------
    columns
        Role -> column.
    guessed
        The roles whose column was found by its name.
    remarks
        Why columns with a usual name were passed over: the ends of sentences that begin with the file's name.
    """

    columns: dict[str, str]
    guessed: frozenset[str] = frozenset()
    remarks: list[str] = field(default_factory=list)

    def without(self, role: str) -> Roles:
        """The same roles except one."""
        columns = {one: column for one, column in self.columns.items() if one != role}
        return Roles(columns, self.guessed - {role}, self.remarks)

    def named(self) -> dict[str, str]:
        """Role -> column, of the roles that were guessed."""
        return {role: column for role, column in self.columns.items() if role in self.guessed}


def mapped_column(rows: Rows, role: str, column: str) -> str:
    """The column that a caller names: by its name in any spelling, or by its position as ``#3``.

    Raises
    ------
    DataError
        If there is no such column.
    """
    if column.startswith("#") and column[1:].isdigit() and column not in rows.columns:
        if 1 <= int(column[1:]) <= len(rows.columns):
            return rows.columns[int(column[1:]) - 1]
        raise DataError(
            f"{rows.name}: has no column {column}, as it has {len(rows.columns)} columns.",
            kind=ErrorKind.MISSING_COLUMN,
            name="table",
            file=rows.name,
            column=column,
            choices=rows.columns,
        )
    if column in rows.columns:
        return column
    return find_columns(rows, {role: [column]}, kind="table")[role]


def roles_of_log(rows: Rows, mapping: ColumnMapping, person: str | None = None) -> Roles:
    """The columns of a log: ``user`` and ``item``, and ``rating``, ``weight`` and ``time`` where it has such.

    Parameters
    ----------
    rows
        The file.
    mapping
        The columns that the caller names.
    person
        The column of the users, where it is known.

    Raises
    ------
    DataError
        If the user or the item is in no column, or a column that the caller names does not exist.
    """
    found, taken = _mapped(rows, mapping, tuple(LOG_ROLES))
    if person is not None:
        found["user"] = person
    remarks: list[str] = []
    checks: dict[str, Callable[[str, pa.Array], str]] = {"rating": _not_numbers, "weight": _not_numbers}
    values = _sample(rows, [one for role in LOG_ROLES for one in usual(rows.columns, LOG_ROLES[role])])
    guessed = set()
    for role, names in LOG_ROLES.items():
        if role in mapping or role in found or (role == "weight" and "rating" in found):
            continue
        for column in usual(rows.columns, names):
            if column in taken:
                continue
            check = checks.get(role)
            if role == "item" and plain_name(column) in ITEM_NUMBER:
                check = _numbers_the_rows
            why = "" if check is None else check(column, values[column])
            if why:
                remarks.append(f"the column {column!r} was not taken for the {role}, as {why}.")
                continue
            found[role] = column
            taken.add(column)
            guessed.add(role)
            break
    _require(rows, found, ("user", "item"), remarks)
    return Roles({role: found[role] for role in LOG_ROLES if role in found}, frozenset(guessed), remarks)


def label_of_log(rows: Rows, roles: Roles, mapping: ColumnMapping) -> str | None:
    """The column of 0 and 1, or false and true, that says whether an item was chosen that was shown; else None."""
    if {"rating", "weight"} & {*roles.columns, *mapping}:
        return None
    columns = [one for one in usual(rows.columns, LABEL) if one not in roles.columns.values()]
    for column, values in _sample(rows, columns).items():
        if {_truth(one) for one in to_strings(values).unique().to_pylist() if one and one.strip()} == {0.0, 1.0}:
            return column
    return None


def _truth(text: str) -> float | None:
    word = text.strip().lower()
    try:
        return truth_of(word) if truth_of(word) is not None else float(word)
    except ValueError:
        return None


def roles_of_catalogue(rows: Rows, mapping: ColumnMapping, table: pa.Table, item_column: str | None) -> Roles:
    """The columns of a file of items: ``id``, and ``title``, ``year``, ``genres`` and ``image`` where it has such.

    Parameters
    ----------
    rows
        The file.
    mapping
        The columns that the caller names.
    table
        All columns of the file.
    item_column
        The column of the items in the log; both files most likely use the same name.

    Raises
    ------
    DataError
        If no column identifies the items, or a column that the caller names does not exist.
    """
    found, taken = _mapped(rows, mapping, tuple(CATALOGUE_ROLES))
    guessed, remarks = set(), []
    if "id" not in mapping:
        names = CATALOGUE_ROLES["id"] if item_column is None else (plain_name(item_column), *CATALOGUE_ROLES["id"])
        candidates = [one for one in dict.fromkeys(usual(rows.columns, names)) if one not in taken]
        for column in candidates:
            repeats = _repeats(table[column])
            if repeats <= _FEW_REPEATS or not len(table):
                found["id"] = column
                taken.add(column)
                guessed.add("id")
                break
            remarks.append(
                f"the column {column!r} was not taken for the id, as {repeats:.0%} of its rows repeat or lack it."
            )
    _require(rows, found, ("id",), remarks)
    for role, names in CATALOGUE_ROLES.items():
        if role == "id" or role in mapping:
            continue
        for column in usual(rows.columns, names):
            if column in taken:
                continue
            if role == "title" and (why := _no_title(table[column])):
                remarks.append(f"the column {column!r} was not taken for the title, as {why}.")
                continue
            found[role] = column
            taken.add(column)
            guessed.add(role)
            break
    # Films can be called 1984 and 2046, in a column that says that it holds titles.
    numbers = [one for one in usual(rows.columns, ("title",)) if one not in taken and not _is_empty(table[one])]
    if "title" not in found and "title" not in mapping and numbers:
        found["title"] = numbers[0]
        guessed.add("title")
        remarks = [
            one for one in remarks if not one.startswith(f"the column {numbers[0]!r} was not taken for the title")
        ]
    if "title" not in found and "title" not in mapping and len(table):
        likely = [one for one in rows.columns if one not in taken and not _no_title(table[one])]
        hint = f"; {', '.join(map(repr, likely[:5]))} could be one" if likely else ""
        remarks.append(f"no column is known as the title, so that the ids are shown{hint}.")
    return Roles({role: found[role] for role in CATALOGUE_ROLES if role in found}, frozenset(guessed), remarks)


def looks_like(values: pa.Array) -> str:
    """What the values of a column look like they are, in a word."""
    import pyarrow as pa
    import pyarrow.compute as pc

    present = values.drop_null()
    if pa.types.is_boolean(values.type):
        return "yes or no"
    if pa.types.is_temporal(values.type):
        return "dates"
    if pa.types.is_nested(values.type):
        return "lists"
    texts = pc.utf8_trim_whitespace(to_strings(present))
    texts = texts.filter(pc.not_equal(texts, ""))
    if not len(texts):
        return "empty"
    if len(texts.unique()) == 1:
        return f"always {texts[0].as_py()[:_WORD]!r}"
    if _share_of_numbers(texts) >= _ALMOST_ALL:
        return "numbers"
    if pc.all(pc.match_substring_regex(texts, r"^\d{1,4}[-/.]\d{1,2}[-/.]\d{1,4}")).as_py():
        return "dates"
    different = texts.unique()
    if len(different) <= _FEW_VALUES and len(texts) > len(different):
        return " or ".join(repr(one[:_WORD]) for one in sorted(different.to_pylist()))
    return "texts"


def sample_of(rows: Rows, columns: Sequence[str]) -> dict[str, pa.Array]:
    """The first values of some columns."""
    return _sample(rows, columns)


def describes(items: pa.Array, values: pa.Array) -> bool:
    """Whether a column of a log holds names of the items: words, and the same ones wherever the item is the same."""
    import pyarrow as pa

    texts = to_strings(values)
    if not len(texts) or _share_of_numbers(texts.drop_null()) >= _ALMOST_ALL:
        return False
    pairs = pa.table({"item": to_strings(items), "text": texts})
    return len(pairs.group_by(["item", "text"]).aggregate([])) <= 1.1 * len(pairs["item"].unique())


def _mapped(rows: Rows, mapping: ColumnMapping, roles: Sequence[str]) -> tuple[dict[str, str], set[str]]:
    found = {}
    for role in roles:
        column = mapping.get(role)
        if column is None or column == "":  # an empty name turns the guess off
            continue
        if not isinstance(column, str):
            raise OptionError(f"The role {role!r} takes one column, not {len(column)}.", name=role, choices=column)
        found[role] = mapped_column(rows, role, column)
    return found, set(found.values())


def _require(rows: Rows, found: Mapping[str, str], needed: Sequence[str], remarks: Sequence[str]) -> None:
    missing = [role for role in needed if role not in found]
    if not missing:
        return
    there = listed(rows.columns)
    reasons = [one.rstrip(".") for one in [*rows.remarks, *remarks][:2]]
    why = f" ({'; '.join(reasons)})" if reasons else ""
    raise DataError(
        f"{rows.name}: no column is known as the {' or the '.join(missing)}{why}; it has {there}.",
        kind=ErrorKind.MISSING_COLUMN,
        name="table",
        file=rows.name,
        column=missing[0],
        choices=rows.columns,
    )


def _sample(rows: Rows, columns: Sequence[str]) -> dict[str, pa.Array]:
    import pyarrow as pa

    wanted = list(dict.fromkeys(columns))
    if not wanted:
        return {}
    for block in islice(rows.blocks(wanted, ReadReport(rows.name, "ratings")), 1):
        return {column: block.columns[column].slice(0, _SAMPLE) for column in wanted}
    return {column: pa.array([], pa.string()) for column in wanted}


def _not_numbers(column: str, values: pa.Array) -> str:
    # A column with a few numbers, or with the very name, is one of numbers with faults, which are worth an error.
    if plain_name(column) in _PLAIN_RATINGS:
        return ""
    texts = to_strings(values.drop_null())
    return "" if not len(texts) or _share_of_numbers(texts) > 0 else "it holds no numbers"


def _share_of_numbers(texts: pa.Array) -> float:
    import pyarrow.compute as pc

    filled = texts.filter(pc.not_equal(pc.utf8_trim_whitespace(texts), ""))
    if not len(filled):
        return 1.0
    return 1.0 - float(numbers_or_null(filled).null_count) / len(filled)


def _numbers_the_rows(column: str, values: pa.Array) -> str:
    ids = to_ids(values).drop_null()
    return "it is different in every row" if len(ids) > 1 and len(ids.unique()) == len(ids) else ""


def _repeats(values: pa.ChunkedArray) -> float:
    """The share of the rows that lack an id or have that of another row."""
    ids = to_ids(values.combine_chunks()).drop_null()
    return 1.0 - len(ids.unique()) / max(1, len(values))


def _is_empty(values: pa.ChunkedArray) -> bool:
    return len(values.drop_null()) == 0


def _no_title(values: pa.ChunkedArray) -> str:
    import pyarrow as pa
    import pyarrow.compute as pc

    some = values.slice(0, _SAMPLE).combine_chunks()
    if pa.types.is_temporal(some.type) or pa.types.is_boolean(some.type) or pa.types.is_nested(some.type):
        return "it does not hold names"
    texts = to_strings(some.drop_null())
    texts = texts.filter(pc.not_equal(pc.utf8_trim_whitespace(texts), ""))
    if not len(texts):
        return "it is empty"
    if len(texts) > 1 and _share_of_numbers(texts) >= _ALMOST_ALL:
        return "it holds numbers"
    if len(texts) > 20 and len(texts.unique()) * 10 < len(texts):
        return "few of its values differ"
    return ""
