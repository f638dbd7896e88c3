"""Build a data set from one person's own export: the person is the user ``me``."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from engine.datasets.build import item_columns as columns
from engine.datasets.build.assemble import assemble
from engine.datasets.build.catalogue_match import match_to_catalogue, read_catalogue
from engine.datasets.build.interactions import Log
from engine.datasets.build.items import Catalogue
from engine.datasets.formats.ids import CodedIds, plain_integers
from engine.datasets.formats.read_report import ReadReport
from engine.datasets.reader import OwnInteraction

if TYPE_CHECKING:
    from engine.data.dataset import Dataset
    from engine.datasets.formats.files import Files
    from engine.runtime.job import Job

#: The external id of the person.
ME = "me"
#: Larger whole numbers are not exact as floating-point numbers.
_EXACT = 2**53


@dataclass(frozen=True, slots=True)
class ExportItem:
    """What an export says about an item.

    Attributes
    ----------
    item_id
        The id that the item has in the source.
    title, year, genres
        As far as the export has them.
    people
        Directors, authors, artists: they become part of the searched text.
    original_title
        The title in another language; a catalogue may have the item under it.
    facts
        Further values to show, by name; None is left out.
    """

    item_id: str
    title: str
    year: int | None = None
    genres: Sequence[str] = ()
    people: str = ""
    original_title: str = ""
    facts: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class _Event:
    item: str
    rating: float | None
    time: int | None
    report: ReadReport
    row: int | None
    is_current: bool

    @property
    def place(self) -> str:
        return "" if self.row is None else f"row {self.row:,}"


class PersonalExport:
    """Collects what a person did with items, and builds the data set.

    Parameters
    ----------
    name, kind, title
        As in :class:`engine.data.dataset.Dataset`.
    what
        What an item is, for sentences: ``"film"``.
    highest_rating
        The highest rating that the source has.

    Attributes
    ----------
    notes
        Sentences for a person.
    """

    def __init__(self, name: str, kind: str, title: str, what: str, *, highest_rating: float = 5.0) -> None:
        self.highest_rating = highest_rating
        self._name, self._kind, self._title, self._what = name, kind, title, what
        self._items: dict[str, ExportItem] = {}
        self._events: list[_Event] = []
        self._reports: list[ReadReport] = []
        self.notes: list[str] = []

    def report(self, name: str, role: str = "ratings") -> ReadReport:
        """A new report for a file of the export."""
        self._reports.append(ReadReport(name, role))
        return self._reports[-1]

    def add_item(self, item: ExportItem) -> None:
        """Add an item to the catalogue of the export; of an item that is there already, the gaps are filled."""
        known = self._items.get(item.item_id)
        if known is not None:
            item = replace(
                known,
                year=known.year or item.year,
                genres=known.genres or item.genres,
                people=known.people or item.people,
                facts={**item.facts, **{name: value for name, value in known.facts.items() if value is not None}},
            )
        self._items[item.item_id] = item

    def add_event(
        self,
        item_id: str,
        rating: float | None,
        time: int | None,
        report: ReadReport,
        row: int | None = None,
        *,
        is_current: bool = False,
    ) -> None:
        """Add an interaction with an item.

        Parameters
        ----------
        item_id
            The item, which must have been added.
        rating, time
            The rating and the unix seconds; None if there is none.
        report, row
            The report of the file and the row in it, as a person counts.
        is_current
            Whether the rating is the one that counts, whatever the dates of others are.
        """
        self._events.append(_Event(item_id, rating, time, report, row, is_current))

    def interactions(self) -> list[OwnInteraction]:
        """One interaction for each item: the latest rating, at the latest time."""
        found = []
        for event in self._one_of_each_item():
            item = self._items[event.item]
            title, original = item.title or item.item_id, item.original_title
            found.append(OwnInteraction(event.item, title, item.year, original, event.rating, event.time, event.row))
        return found

    def build(self, files: Files, job: Job | None = None) -> Dataset:
        """The data set: in the ids of the catalogue if the person named one, else with a catalogue of its own.

        If there are ratings, an item has one interaction: the latest rating, at the latest time. Otherwise the
        interactions at different times are all kept.
        """
        rated = any(event.rating is not None for event in self._events)
        events = self._one_of_each_item() if rated else self._one_of_each_time()
        catalogue = self._own_catalogue()
        ids = {item: position for position, item in enumerate(self._items)}
        item_ids = catalogue.ids
        if files.items is not None and self._items:
            given, report = read_catalogue(files, job)
            self._reports.append(report)
            match = match_to_catalogue(catalogue, given.table, given.ids, report.name, self._what)
            self.notes += match.notes
            catalogue, item_ids = match.catalogue, match.ids
        elif files.items is not None:
            catalogue, report = read_catalogue(files, job)
            self._reports.append(report)
        log = self._log(events, [ids[event.item] for event in events], item_ids, rated)
        return assemble(
            self._name,
            self._kind,
            self._title,
            catalogue=catalogue,
            log=log,
            reports=self._reports,
            notes=self.notes,
            job=job,
        )

    def _one_of_each_item(self) -> list[_Event]:
        """One event for each item; the others are counted as left out."""
        best: dict[str, _Event] = {}
        for event in self._events:
            known = best.get(event.item)
            if known is None:
                best[event.item] = event
                continue
            # The latest rating counts; an event without a rating only moves the time.
            kept, other = (event, known) if _rank(event) >= _rank(known) else (known, event)
            times = [one.time for one in (kept, other) if one.time is not None]
            best[event.item] = replace(kept, time=max(times, default=None))
            other.report.skip(f"another row about the same {self._what}", place=other.place)
        return list(best.values())

    def _one_of_each_time(self) -> list[_Event]:
        found: dict[tuple[str, int | None], _Event] = {}
        for event in self._events:
            if found.setdefault((event.item, event.time), event) is not event:
                event.report.skip(f"another row about the same {self._what} at the same time", place=event.place)
        return list(found.values())

    def _log(self, events: Sequence[_Event], codes: Sequence[int], ids: Any, rated: bool) -> Log:
        import pyarrow as pa

        times = [event.time for event in events]
        known = [time for time in times if time is not None]
        if known and len(known) < len(times):
            count = len(times) - len(known)
            self.notes.append(f"{count:,} {_plural(self._what, count)} without a date count as the earliest.")
        ratings = [np.nan if event.rating is None else event.rating for event in events]
        used = np.array(codes, dtype=np.int32)
        report = next((one for one in self._reports if one.role == "ratings"), ReadReport("", "ratings"))
        return Log(
            CodedIds(np.zeros(len(events), dtype=np.int32), pa.array([ME])),
            CodedIds(used, ids),
            np.array(ratings, dtype=np.float32) if rated else None,
            np.array([min(known) if time is None else time for time in times], dtype=np.int64) if known else None,
            report,
        )

    def _own_catalogue(self) -> Catalogue:
        import pyarrow as pa

        items = list(self._items.values())
        titles = pa.chunked_array([pa.array([one.title or one.item_id for one in items], pa.string())])
        genres = pa.chunked_array([pa.array([list(one.genres) for one in items], pa.list_(pa.string()))])
        people = columns.strip(pa.chunked_array([pa.array([one.people for one in items], pa.string())]))
        originals = [one.original_title if one.original_title != one.title else "" for one in items]
        original = columns.strip(pa.chunked_array([pa.array(originals, pa.string())]))
        standard = {
            "title": titles,
            "year": pa.chunked_array([pa.array([one.year for one in items], pa.int32())]),
            "genres": genres,
            "text": columns.sentence(titles, original, columns.joined(genres), people),
        }
        names = dict.fromkeys(name for one in items for name in one.facts)
        metadata = [(name, _typed([one.facts.get(name) for one in items])) for name in names]
        if original.null_count < len(original):
            metadata.insert(0, ("original_title", original))
        # Titles can be ids here, and a film can be called "NaN" or "None".
        texts = pa.array([one.item_id for one in items], pa.string())
        numbers = plain_integers(texts)
        return Catalogue(texts if numbers is None else numbers, columns.table_of(standard, metadata))


def _rank(event: _Event) -> tuple[bool, bool, bool, int]:
    rated = event.rating is not None
    return rated, rated and event.is_current, event.time is not None, event.time or 0


def _typed(values: Sequence[Any]) -> Any:
    """The values as whole numbers if all are, else as numbers, else as text."""
    import pyarrow as pa

    known = [None if value in (None, "") else value for value in values]
    there = [value for value in known if value is not None]
    if there and all(isinstance(value, (int, float)) for value in there):
        whole = all(float(value).is_integer() and abs(value) < _EXACT for value in there)
        return pa.array(known, pa.float64()).cast(pa.int64() if whole else pa.float64())
    return pa.array([None if value is None else str(value) for value in known], pa.string())


def _plural(what: str, count: int) -> str:
    return what if count == 1 else f"{what}s"
