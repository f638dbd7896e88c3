"""The files of LightGCN, NGCF and KGAT: on each line a user, and then all items of this user."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from engine.data.dataset import Dataset
from engine.datasets.build.assemble import assemble
from engine.datasets.build.interactions import Log
from engine.datasets.formats.csv import Delimited
from engine.datasets.formats.files import Files
from engine.datasets.formats.ids import IdColumn
from engine.datasets.formats.read_report import ReadReport
from engine.datasets.formats.rows import RowBatch, following
from engine.datasets.formats.sources import Source, collect, open_source
from engine.datasets.reader import Certainty, Evidence, Reader
from engine.errors import DataError, ErrorKind

if TYPE_CHECKING:
    import pyarrow as pa

    from engine.runtime.job import Job

#: The published parts; together they are the data set.
_PARTS = ("train.txt", "valid.txt", "val.txt", "test.txt")
_LINE = re.compile(r"\d+(?:[ \t]+\d+)*\s*")
#: A delimiter that never occurs in text, so that a whole line is read as one column.
_NO_DELIMITER = "\x01"
_LINES_LOOKED_AT = 50


def read(name: str, files: Files, job: Job | None = None) -> Dataset:
    """Read one file, or the parts of a folder or an archive together, since splitting is done by the evaluation.

    A row of the counts is one item of one user. There are no ratings and no times, and the order of the items on a
    line means nothing.

    Raises
    ------
    DataError
        If there is no such file, or a line has something else than whole numbers.
    """
    sources, others = _find(files)
    files.require_any(sources, "lightgcn", ("ratings",))
    reports = [ReadReport(source.name, "ratings") for source in sources]
    users, items = IdColumn(), IdColumn()
    for source, report in zip(sources, reports, strict=True):
        _read_pairs(source, users, items, report, job)
    log = Log(users.finish(), items.finish(), None, None, reports[0])
    notes = []
    if len(sources) > 1:
        notes.append(f"The parts {', '.join(source.base for source in sources)} were read as one data set.")
    if others:
        notes.append(f"Files that were not read: {', '.join(others[:8])}.")
    return assemble(name, "lightgcn", name, catalogue=None, log=log, reports=reports, notes=notes, job=job)


def _recognises(evidence: Evidence) -> Certainty:
    source = evidence.ratings or evidence.member(*_PARTS)
    return Certainty.certain_if(source is not None and _is_list_of_items(source))


READER = Reader("lightgcn", "files of LightGCN: a user and then the items of this user on each line", read, _recognises)


def _is_list_of_items(source: Source) -> bool:
    """Whether the lines are whole numbers, and not all of one length: a table has as many values in each row."""
    head = source.head().removeprefix(b"\xef\xbb\xbf")
    whole, _, rest = head.rpartition(b"\n")
    lines = (whole or rest).decode("utf-8", "replace").splitlines()[:_LINES_LOOKED_AT]
    lines = [line for line in lines if line.strip()]
    if not lines or not all(_LINE.fullmatch(line) for line in lines):
        return False
    lengths = {len(line.split()) for line in lines}
    users = {line.split()[0] for line in lines}
    # The lines of a part can have one item each, and are then told from a table by the name of the file.
    varies = len(lengths) > 1 or max(lengths) > 6 or source.base in _PARTS
    return varies and len(users) == len(lines)


def _find(files: Files) -> tuple[list[Source], list[str]]:
    if files.ratings is not None:
        return [open_source(files.ratings, _PARTS)], []
    found = [] if files.source is None else collect(files.source)
    parts = found if len(found) == 1 else [one for part in _PARTS for one in found if one.base == part]
    return parts, [one.base for one in found if one not in parts]


def _read_pairs(source: Source, users: IdColumn, items: IdColumn, report: ReadReport, job: Job | None) -> None:
    import pyarrow as pa
    import pyarrow.compute as pc

    lines = Delimited(source, delimiter=_NO_DELIMITER, quote=None, columns=["line"])
    count = ReadReport(source.name, "ratings")  # counts lines, where the report counts pairs
    for block in following(lines.blocks(["line"], count), report, job):
        if not len(block):
            continue
        texts = pc.utf8_trim_whitespace(pc.replace_substring_regex(block.columns["line"], r"[ \t]+", " "))
        values = pc.split_pattern(texts, " ")
        lengths = pc.list_value_length(values).to_numpy(zero_copy_only=False)
        blank = pc.equal(texts, "").to_numpy(zero_copy_only=False)
        numbers = _to_integers(source, block, values, lengths)
        first = np.zeros(len(numbers), dtype=bool)
        first[np.concatenate([[0], np.cumsum(lengths)[:-1]]).astype(np.int64)] = True
        blanks = np.repeat(blank, lengths)
        users.add(pa.array(np.repeat(numbers[first & ~blanks], lengths[~blank] - 1)))
        items.add(pa.array(numbers[~first]))
        alone = (lengths == 1) & ~blank
        report.rows += int((lengths - 1).sum()) + int(alone.sum()) + int(blank.sum())
        report.skip("blank line", int(blank.sum()))
        if alone.any():
            line = int(np.asarray(block.rows)[int(alone.argmax())])
            report.skip("user without items", int(alone.sum()), f"line {line:,}")


def _to_integers(source: Source, block: RowBatch, values: pa.Array, lengths: np.ndarray) -> npt.NDArray[np.int64]:
    import pyarrow as pa
    import pyarrow.compute as pc

    flat = pc.list_flatten(values)
    texts = pc.if_else(pc.equal(flat, ""), None, flat)
    try:
        numbers: npt.NDArray[np.int64] = texts.cast(pa.int64()).fill_null(0).to_numpy()
        if numbers.min(initial=0) < 0:
            raise ValueError
        return numbers
    except ValueError:  # also pyarrow's own
        fits = pc.match_substring_regex(texts, r"^\d{1,18}$").fill_null(True).to_numpy(zero_copy_only=False)
        position = int(np.argmin(fits))
        line = int(np.asarray(block.rows)[int(np.searchsorted(np.cumsum(lengths), position, side="right"))])
        raise DataError(
            f"{source.name}, line {line:,}: {texts[position].as_py()[:60]!r} is not a whole number; each line has a "
            "user and then the items of this user, separated by spaces.",
            kind=ErrorKind.BAD_VALUE,
            file=source.name,
            row=line,
        ) from None
