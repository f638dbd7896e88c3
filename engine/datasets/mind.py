"""MIND, the Microsoft News Dataset: ``behaviors.tsv`` with clicks and histories, and ``news.tsv``."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from engine.data.dataset import Dataset
from engine.datasets.build import item_columns as columns
from engine.datasets.build.assemble import assemble
from engine.datasets.build.interactions import Log
from engine.datasets.build.items import Catalogue, read_records
from engine.datasets.formats.csv import Delimited
from engine.datasets.formats.files import Files
from engine.datasets.formats.ids import IdColumn, clean_ids
from engine.datasets.formats.read_report import ReadReport
from engine.datasets.formats.rows import RowBatch, bad_value, following, place
from engine.datasets.formats.sources import Source, collect
from engine.datasets.formats.times import TimeColumn, clean_times
from engine.datasets.formats.values import BadValueError, GrowingArray
from engine.datasets.reader import Certainty, Evidence, Reader

if TYPE_CHECKING:
    import pyarrow as pa

    from engine.runtime.job import Job

_LOG = ("behaviors.tsv", "behaviours.tsv", "behaviors*.tsv")
_NEWS = ("news.tsv", "news*.tsv")
_LOG_COLUMNS = ("impression", "user", "time", "history", "impressions")
_NEWS_COLUMNS = ("id", "category", "subcategory", "title", "abstract", "url", "title entities", "abstract entities")
_CLICKS = re.compile(r"\d+\t\S+\t\d+/\d+/\d{4} [\d:]+ [AP]M\t[^\t]*\t\S+(?: \S+)*\s*")
_ARTICLE = re.compile(r"N\d+(?:\t[^\t]*){7}")


def read(name: str, files: Files, job: Job | None = None) -> Dataset:
    """Read which news users clicked, and the news if they are there. There are no ratings.

    A row of the counts is one article of one impression, or of the history of one user. News that were shown and not
    clicked are left out. The clicks of a history have an order and no times: they get the seconds before the first
    impression of the user.

    Raises
    ------
    DataError
        If there is neither file, or a file is not what it should be.
    """
    source, news = files.find("ratings", _LOG), files.find("items", _NEWS)
    files.require_any((source, news), "mind")
    reports, log, catalogue, notes = [], None, None, []
    if source is not None:
        log = _Clicks(source).read(job)
        reports.append(log.report)
    if news is not None and news != source:
        reports.append(ReadReport(news.name, "items"))
        catalogue = _read_news(news, reports[-1], job)
        notes.append(f"{news.name}: columns not used: title entities, abstract entities.")
    if files.source is not None:
        others = [one.base for one in collect(files.source) if one not in (source, news)]
        notes += [f"Files that were not read: {', '.join(others[:8])}."] if others else []
    return assemble(name, "mind", "MIND", catalogue=catalogue, log=log, reports=reports, notes=notes, job=job)


def _recognises(evidence: Evidence) -> Certainty:
    log, news = evidence.ratings or evidence.member(*_LOG), evidence.items or evidence.member(*_NEWS)
    if log is None:
        return Certainty.certain_if(news is not None and _ARTICLE.fullmatch(evidence.glimpse(news).first_line))
    return Certainty.certain_if(_CLICKS.fullmatch(evidence.glimpse(log).first_line))


READER = Reader("mind", "MIND, news and who clicked them: behaviors.tsv and news.tsv", read, _recognises)


class _Clicks:
    """Collects the clicks of impressions and histories."""

    def __init__(self, source: Source) -> None:
        self._rows = Delimited(source, delimiter="\t", quote=None, columns=_LOG_COLUMNS)
        self._report = ReadReport(source.name, "ratings")
        self._users, self._items = IdColumn(), IdColumn()
        #: The user and the time of each impression, and the impression of each click.
        self._shown_to, self._times = IdColumn(), TimeColumn(day_first=False)
        self._impressions = GrowingArray(np.int64)
        self._count = 0
        self._histories: dict[str, str] = {}

    def read(self, job: Job | None) -> Log:
        """Read the whole file."""
        lines = ReadReport(self._report.name, "ratings")  # counts lines, where the report counts articles
        for block in following(self._rows.blocks(_LOG_COLUMNS[1:], lines), self._report, job):
            self._add(block)
        try:
            times = self._times.finish()
        except BadValueError as error:
            one_row = RowBatch({}, range(error.position, error.position + 1))
            raise bad_value(self._report.name, one_row, 0, "3 (time)", str(error)) from None
        moments = [times[self._impressions.finish()], self._add_histories(times)]
        return Log(self._users.finish(), self._items.finish(), None, np.concatenate(moments), self._report)

    def _add(self, block: RowBatch) -> None:
        import pyarrow as pa
        import pyarrow.compute as pc

        users, times = clean_ids(block.columns["user"]).cast(pa.string()), clean_times(block.columns["time"])
        lists = pc.split_pattern(pc.utf8_trim_whitespace(pc.fill_null(block.columns["impressions"], "")), " ")
        articles = pc.list_flatten(lists)
        of_row = np.repeat(np.arange(len(block)), pc.list_value_length(lists).to_numpy(zero_copy_only=False))
        there = _mask(pc.not_equal(articles, ""))
        self._report.rows += int(there.sum())
        gone = ~there
        clicked, passed = _mask(pc.ends_with(articles, "-1")), _mask(pc.ends_with(articles, "-0"))
        for reason, which in (
            ("no user id", _mask(users.is_null())[of_row]),
            ("no time", _mask(times.is_null())[of_row]),
            ("shown and not clicked", passed),
            ("no label of a click", ~clicked),
        ):
            fresh = which & ~gone
            if fresh.any():
                self._report.skip(reason, int(fresh.sum()), place(block, int(of_row[fresh.argmax()])))
            gone |= which
        usable = ~_mask(users.is_null()) & ~_mask(times.is_null())
        kept = of_row[~gone]
        self._users.add(users.take(pa.array(kept)))
        self._items.add(clean_ids(pc.utf8_slice_codeunits(articles.filter(pa.array(~gone)), 0, -2)))
        self._impressions.add(self._count + (np.cumsum(usable) - 1)[kept])
        self._shown_to.add(users.filter(pa.array(usable)))
        self._times.add(times.filter(pa.array(usable)), np.asarray(block.rows)[usable])
        self._count += int(usable.sum())
        for user, history in zip(users.to_pylist(), block.columns["history"].to_pylist(), strict=True):
            # The history of a user is the same in all rows of a published part; the longest one holds all others.
            if user is not None and len(history or "") > len(self._histories.get(user, "")):
                self._histories[user] = history

    def _add_histories(self, times: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
        """Add the clicks of the histories; gives their times."""
        import pyarrow as pa

        shown_to = self._shown_to.finish()
        first = np.full(len(shown_to.ids), np.iinfo(np.int64).max)
        np.minimum.at(first, shown_to.codes, times)
        first_of = dict(zip(shown_to.ids.cast(pa.string()).to_pylist(), first.tolist(), strict=True))
        users: list[str] = []
        articles: list[str] = []
        moments: list[npt.NDArray[np.int64]] = [np.zeros(0, dtype=np.int64)]
        for user, text in self._histories.items():
            history = text.split()
            self._report.rows += len(history)
            if user not in first_of:
                self._report.skip("no time", len(history))
                continue
            users += [user] * len(history)
            articles += history
            moments.append(first_of[user] - np.arange(len(history), 0, -1))
        self._users.add(pa.array(users, pa.string()))
        self._items.add(clean_ids(pa.array(articles, pa.string())))
        if articles:
            self._report.remarks.append(
                f"the {len(articles):,} clicks of the histories have no times; they have the seconds before the first "
                "impression of the user, in their order."
            )
        return np.concatenate(moments)


def _mask(values: pa.Array) -> npt.NDArray[np.bool_]:
    import pyarrow.compute as pc

    found: npt.NDArray[np.bool_] = pc.fill_null(values, False).to_numpy(zero_copy_only=False)
    return found


def _read_news(source: Source, report: ReadReport, job: Job | None) -> Catalogue:
    import pyarrow as pa
    import pyarrow.compute as pc

    rows = Delimited(source, delimiter="\t", quote=None, columns=_NEWS_COLUMNS)
    records = read_records(rows, _NEWS_COLUMNS[:6], report, job)
    ids, table = records.keep_first_of_each("id", "article"), records.table
    there = {one: columns.strip(table[one]) for one in _NEWS_COLUMNS[1:6]}
    title = pc.coalesce(there["title"], pa.chunked_array([ids.cast(pa.string())]))
    pairs = zip(there["category"].to_pylist(), there["subcategory"].to_pylist(), strict=True)
    standard: dict[str, Any] = {
        "title": title,
        "year": pa.nulls(len(table), pa.int32()),
        "genres": pa.array([[one for one in dict.fromkeys(pair) if one] for pair in pairs], pa.list_(pa.string())),
        "text": columns.sentence(title, there["abstract"]),
    }
    return Catalogue(ids, columns.table_of(standard, [(one, there[one]) for one in ("abstract", "url")]))
