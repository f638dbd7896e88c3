"""A sheet of a workbook (``.xlsx``, ``.xls``, ``.xlsb``, ``.ods``) as a local table with the types of its cells."""

from __future__ import annotations

import os
import zipfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import chain, islice
from pathlib import Path
from typing import Any

from engine.datasets.formats.dialect import MOST_ABOVE, about_lines_above, are_usual_names
from engine.datasets.formats.limits import require_unpackable
from engine.datasets.formats.shown import listed
from engine.datasets.locations.parquet_copy import ParquetCopy
from engine.errors import DataError, ErrorKind
from engine.runtime.job import Job, Progress

PACKAGE = "python-calamine"
_ZIP, _OLE = b"PK\x03\x04", b"\xd0\xcf\x11\xe0"
_MEMBERS = ("xl/workbook.xml", "xl/workbook.bin")
_OPEN_DOCUMENT = b"application/vnd.oasis.opendocument.spreadsheet"
_BLOCK_ROWS = 20_000


@dataclass(frozen=True, slots=True)
class Sheet:
    """A local copy of a sheet.

    Attributes
    ----------
    path
        The copy, a Parquet file.
    remarks
        Sentences about what was read and what was not.
    """

    path: Path
    remarks: Sequence[str]


def split_sheet(path: Path) -> tuple[Path, str]:
    """Take ``book.xlsx#Sheet`` apart; the sheet is empty where the path names none, or names a file as it is."""
    text = str(path)
    if "#" not in text or os.path.lexists(path):
        return path, ""
    for position in range(len(text) - 1, 0, -1):
        if text[position] == "#" and os.path.isfile(text[:position]):
            return Path(text[:position]), text[position + 1 :]
    return path, ""


def is_workbook(path: Path) -> bool:
    """Whether a file is a workbook, by its content."""
    try:
        with open(path, "rb") as file:
            magic = file.read(4)
        if magic != _ZIP:
            return magic == _OLE
        with zipfile.ZipFile(path) as archive:
            names = set(archive.namelist())
            if "mimetype" in names:
                with archive.open("mimetype") as member:
                    return member.read(len(_OPEN_DOCUMENT)) == _OPEN_DOCUMENT
            return any(name in names for name in _MEMBERS)
    except (OSError, zipfile.BadZipFile, NotImplementedError, RuntimeError):
        return False  # whoever opens it says what is wrong


def copy_sheet(path: Path, sheet: str, folder: Path, job: Job, *, header: bool | None = None) -> Sheet:
    """Copy a sheet into a folder.

    Parameters
    ----------
    path
        The workbook.
    sheet
        The name of the sheet; empty for the first one that is shown.
    folder
        Where to put the copy.
    job
        Takes the progress in rows and may be cancelled.
    header
        Whether the first row holds the names of the columns. If None, it does if it holds nothing but text.

    Raises
    ------
    DataError
        If the workbook is damaged, locked or too large, or has no such sheet. The kind is ``MISSING_PACKAGE`` where the
        package that reads workbooks is not installed.
    """
    calamine = _import_calamine(path)
    if zipfile.is_zipfile(path):
        with zipfile.ZipFile(path) as archive:
            unpacked = sum(member.file_size for member in archive.infolist())
        require_unpackable(path.name, path.stat().st_size, unpacked)
    try:
        with calamine.CalamineWorkbook.from_path(str(path)) as book:
            name, others = _chosen(book, path, sheet, calamine)
            found = book.get_sheet_by_name(name)
            copy = folder / (f"{path.name}#{name}" if sheet else path.name)
            remarks = _copy(found, path, name, copy, job, header)
    except calamine.PasswordError as error:
        raise DataError(f"{path.name}: is locked with a password; save it without one.", file=path.name) from error
    except (calamine.CalamineError, OSError) as error:
        raise DataError(
            f"{path.name}: is no workbook that can be read, or is damaged ({' '.join(str(error).split())[:120]}); save "
            "its sheet as CSV and name that file.",
            file=path.name,
        ) from error
    if others:
        remarks.insert(0, f"{path.name}: the sheet {name} was read; other sheets were not: {listed(others)}.")
    return Sheet(copy, remarks)


def _import_calamine(path: Path) -> Any:
    try:
        import python_calamine
    except ModuleNotFoundError as error:
        raise DataError(
            f"{path.name} is a workbook: save its sheet as CSV (in UTF-8) and name that file, or install {PACKAGE}.",
            kind=ErrorKind.MISSING_PACKAGE,
            name=PACKAGE,
            file=path.name,
        ) from error
    return python_calamine


def _chosen(book: Any, path: Path, sheet: str, calamine: Any) -> tuple[str, list[str]]:
    """The name of the sheet to read, and the names of the others that hold cells."""
    sheets = [one for one in book.sheets_metadata if one.typ == calamine.SheetTypeEnum.WorkSheet]
    shown = [one.name for one in sheets if one.visible == calamine.SheetVisibleEnum.Visible]
    names = [one.name for one in sheets]
    if not names:
        raise DataError(f"{path.name}: has no sheets with cells.", file=path.name)
    by_lower = {name.lower(): name for name in names}
    if sheet and sheet.lower() not in by_lower:
        raise DataError(
            f"{path.name}: has no sheet {sheet!r}; its sheets are {listed(names)}.", file=path.name, choices=names
        )
    name = by_lower[sheet.lower()] if sheet else (shown or names)[0]
    return name, [one for one in names if one != name]


def _copy(sheet: Any, path: Path, name: str, copy: Path, job: Job, header: bool | None) -> list[str]:
    rows = _rows(sheet)
    beginning = list(islice(rows, MOST_ABOVE + 1))
    if not beginning:
        raise DataError(f"{path.name}: the sheet {name} is empty; name another one as {path.name}#SHEET.")
    remarks = []
    above = 0 if header is not None else _rows_above([row for _, row in beginning])
    if above:
        remarks.append(f"{path.name}: its first {about_lines_above(above, 'row')}.")
    first_row, first = beginning[above]
    rows = chain(beginning[above + 1 :], rows)
    if header is None:
        header = all(one is None or isinstance(one, str) for one in first)
        if not header:
            remarks.append(
                f"{path.name}: its first row holds more than text, so it has no header; its columns are called #1, #2 "
                "and so on."
            )
    columns = ["" if one is None or not header else str(one) for one in first]
    table = ParquetCopy(copy, columns, first_row=first_row + (1 if header else 0))
    try:
        block = [] if header else [first]
        for number, row in rows:
            # Blank rows between others are kept, so that a row has the number that the spreadsheet shows.
            block += [[None] * len(columns)] * (number - table.first_row - table.rows - len(block))
            block.append(row)
            if len(block) >= _BLOCK_ROWS:
                job.checkpoint()
                table.add(block)
                job.report(Progress(f"reading {path.name}", table.rows, None, "rows"))
                block = []
        if block:
            table.add(block)
        table.close()
    except BaseException:
        table.abandon()
        raise
    return remarks


def _rows_above(rows: Sequence[Sequence[Any]]) -> int:
    """How many rows stand above the names of the columns, which are wider and have several usual ones."""
    for at, row in enumerate(rows):
        names = [one for one in row if isinstance(one, str)]
        if are_usual_names(names):
            filled = max((sum(one is not None for one in earlier) for earlier in rows[:at]), default=0)
            return at if filled < len(names) else 0
    return 0


def _rows(sheet: Any) -> Iterator[tuple[int, list[Any]]]:
    """The rows that are not blank, each with its number in the sheet."""
    for number, cells in enumerate(sheet.iter_rows(), 1):
        row = [_value(one) for one in cells]
        if any(one is not None for one in row):
            yield number, row


def _value(cell: Any) -> Any:
    if cell == "":
        return None
    # A spreadsheet has no whole numbers: 7 is stored as 7.0.
    return int(cell) if isinstance(cell, float) and cell.is_integer() and abs(cell) < 2**53 else cell
