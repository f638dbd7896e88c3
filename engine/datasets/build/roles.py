"""Which column of a table has which role: the one that the caller names, else one with a usual name and fitting values.

A name alone is not believed. An ``id`` whose values all differ numbers the rows of a log and not the items, and a
``score`` that holds words is no rating. Such columns are passed over, and the reason is kept for the person.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice
from typing import TYPE_CHECKING

from engine.datasets.build.pictures import name_pictures
from engine.datasets.formats.column_names import CATALOGUE_ROLES, ITEM_NUMBER, LABEL, LOG_ROLES, plain_name, usual
from engine.datasets.formats.ids import to_ids
from engine.datasets.formats.read_report import ReadReport
from engine.datasets.formats.rows import Rows, find_columns
from engine.datasets.formats.selected_rows import truth_of
from engine.datasets.formats.shown import listed, shortened
from engine.datasets.formats.values import to_strings
from engine.datasets.formats.written_numbers import numbers_written
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
#: What a sentence holds of the reasons against columns, and of the columns that there are.
_LONGEST_REASONS = 120
_LONGEST_LIST = 100
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
            f"{rows.name}: has no column {shortened(column)}, as it has {len(rows.columns)} columns.",
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
    choice = _Choice(rows, mapping, LOG_ROLES)
    if person is not None:
        choice.columns["user"] = person
    values = sample_of(rows, [one for names in LOG_ROLES.values() for one in usual(rows.columns, names)])

    def is_no_item(column: str) -> str:
        return _numbers_the_rows(values[column]) if plain_name(column) in ITEM_NUMBER else ""

    def is_no_number(column: str) -> str:
        return _not_numbers(column, values[column])

    checks = {"item": is_no_item, "rating": is_no_number, "weight": is_no_number}
    for role, names in LOG_ROLES.items():
        if role != "weight" or "rating" not in choice.columns:
            choice.guess(role, names, checks.get(role))
    choice.require("user", "item")
    return choice.roles()


def label_of_log(rows: Rows, roles: Roles, mapping: ColumnMapping) -> str | None:
    """The column of 0 and 1, or false and true, that says whether an item was chosen that was shown; else None."""
    if {"rating", "weight"} & {*roles.columns, *mapping}:
        return None
    columns = [one for one in usual(rows.columns, LABEL) if one not in roles.columns.values()]
    for column, values in sample_of(rows, columns).items():
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
    choice = _Choice(rows, mapping, CATALOGUE_ROLES)
    names = CATALOGUE_ROLES["id"] if item_column is None else (plain_name(item_column), *CATALOGUE_ROLES["id"])
    choice.guess("id", names, lambda one: _repeats(table[one]))
    choice.require("id")
    for role, names in CATALOGUE_ROLES.items():
        if role == "image":  # a column that names files goes before one of addresses, which are never fetched
            files = [one for one in rows.columns if one not in choice.taken and name_pictures(table[one])]
            names = (*map(plain_name, [*usual(files, names), *files]), *names)
        choice.guess(role, names, (lambda one: _no_title(table[one])) if role == "title" else None)
    if "title" not in choice.columns and "title" not in mapping and len(table):
        # Films can be called 1984 and 2046, in a column that says that it holds titles.
        choice.guess("title", ("title",), lambda one: "it is empty" if _is_empty(table[one]) else "", last=True)
    if "title" not in choice.columns and "title" not in mapping and len(table):
        likely = [one for one in rows.columns if one not in choice.taken and not _no_title(table[one])]
        hint = f"; {', '.join(map(repr, likely[:5]))} could be one" if likely else ""
        choice.remarks.append(f"no column is known as the title, so that the ids are shown{hint}.")
    return choice.roles()


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


def describes(items: pa.Array, values: pa.Array) -> bool:
    """Whether a column of a log holds names of the items: words, and the same ones wherever the item is the same."""
    import pyarrow as pa

    texts = to_strings(values)
    if not len(texts) or _share_of_numbers(texts.drop_null()) >= _ALMOST_ALL:
        return False
    pairs = pa.table({"item": to_strings(items), "text": texts})
    return len(pairs.group_by(["item", "text"]).aggregate([])) <= 1.1 * len(pairs["item"].unique())


class _Choice:
    """The columns that have been chosen so far."""

    def __init__(self, rows: Rows, mapping: ColumnMapping, roles: Mapping[str, Sequence[str]]) -> None:
        self._rows, self._mapping, self._order = rows, mapping, tuple(roles)
        self.columns: dict[str, str] = {}
        self.remarks: list[str] = []
        self._guessed: set[str] = set()
        for role in roles:
            column = mapping.get(role)
            if column is None or column == "":  # an empty name turns the guess off
                continue
            if not isinstance(column, str):
                raise OptionError(f"The role {role!r} takes one column, not {len(column)}.", name=role, choices=column)
            self.columns[role] = mapped_column(rows, role, column)

    @property
    def taken(self) -> set[str]:
        return set(self.columns.values())

    def guess(
        self, role: str, names: Sequence[str], check: Callable[[str], str] | None = None, *, last: bool = False
    ) -> None:
        """Choose the first column with one of these names to which the check has no objection.

        The ``last`` try for a role takes back what was said against a column that it chooses.
        """
        if role in self._mapping or role in self.columns:
            return
        for column in dict.fromkeys(usual(self._rows.columns, names)):
            if column in self.taken:
                continue
            refused = f"the column {shortened(column)!r} was not taken for the {role}, as "
            if last:
                self.remarks = [one for one in self.remarks if not one.startswith(refused)]
            if check is not None and (why := check(column)):
                self.remarks.append(f"{refused}{why}.")
                continue
            self.columns[role] = column
            self._guessed.add(role)
            return

    def require(self, *roles: str) -> None:
        """Raise DataError if one of these roles has no column."""
        missing = [role for role in roles if role not in self.columns]
        if not missing:
            return
        reasons = "; ".join(one.rstrip(".") for one in [*self._rows.remarks, *self.remarks][:2])
        why = f" ({shortened(reasons, _LONGEST_REASONS)})" if reasons else ""
        raise DataError(
            f"{self._rows.name}: no column is known as the {' or the '.join(missing)}{why}; it has "
            f"{listed(self._rows.columns, _LONGEST_LIST)}.",
            kind=ErrorKind.MISSING_COLUMN,
            name="table",
            file=self._rows.name,
            column=missing[0],
            choices=self._rows.columns,
        )

    def roles(self) -> Roles:
        """The result, in the order of the roles."""
        columns = {role: self.columns[role] for role in self._order if role in self.columns}
        return Roles(columns, frozenset(self._guessed), self.remarks)


def sample_of(rows: Rows, columns: Sequence[str]) -> dict[str, pa.Array]:
    """The first values of some columns."""
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
    return 1.0 - float(numbers_written(filled).null_count) / len(filled)


def _numbers_the_rows(values: pa.Array) -> str:
    ids = to_ids(values).drop_null()
    return "it is different in every row" if len(ids) > 1 and len(ids.unique()) == len(ids) else ""


def _repeats(values: pa.ChunkedArray) -> str:
    ids = to_ids(values.combine_chunks()).drop_null()
    share = 1.0 - len(ids.unique()) / max(1, len(values))
    return f"{share:.0%} of its rows repeat or lack it" if share > _FEW_REPEATS and len(values) else ""


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
