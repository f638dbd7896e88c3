"""What a reader declares: the kind of data set that it reads, and how it recognises the files.

A reader is one module of this package, or of another package, with a value of :class:`Reader`::

    from engine.datasets.reader import Certainty, Evidence, Files, Reader

    def read(name, files, job=None):
        ratings = files.find("ratings", ("plays.csv",))
        files.require_any((ratings,), "plays", ("ratings",))
        rows = Delimited(ratings)
        log = read_log(rows, find_columns(rows, {"user": ["listener"], "item": ["song"]}), job)
        return assemble(name, "plays", "Plays", catalogue=None, log=log, reports=[log.report], job=job)

    def recognises(evidence):
        return Certainty.certain_if(any("listener" in one.columns for one in evidence.tables()))

    READER = Reader("plays", "songs that people listened to: plays.csv", read, recognises)

In this package that is all: the module is found by its ``READER``. Another package names it in an entry point of the
group ``recsys_tui.readers`` that is called like the kind: ``plays = "its_module:READER"``.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import IntEnum
from typing import TYPE_CHECKING, Any, Protocol

from engine.datasets.formats.detect import Evidence
from engine.datasets.formats.files import Files

if TYPE_CHECKING:
    from engine.data.dataset import Dataset
    from engine.runtime.job import Job

__all__ = ["Certainty", "Evidence", "Files", "OwnInteraction", "PersonalHistory", "Reader"]


class Certainty(IntEnum):
    """How sure a reader is that files are its own; the surest reader gets them."""

    NO = 0
    #: The reader could make sense of the files, but they carry no mark of its format.
    POSSIBLE = 1
    #: The files carry a mark of the reader's format.
    CERTAIN = 2

    @classmethod
    def certain_if(cls, condition: Any) -> Certainty:
        """``CERTAIN`` if the condition is true, else ``NO``."""
        return cls.CERTAIN if condition else cls.NO


@dataclass(frozen=True, slots=True)
class OwnInteraction:
    """One interaction of the person whose export was read.

    Attributes
    ----------
    source_id
        The id of the item in the source.
    title, year, original_title
        What the export says about the item; ``original_title`` is empty if it says nothing.
    rating
        The rating on the scale of the source; None if the item was seen and not rated.
    time
        Unix seconds; None if the export has no date.
    row
        The row of the file, or its line, as a person counts; None if there is none.
    """

    source_id: str
    title: str
    year: int | None
    original_title: str
    rating: float | None
    time: int | None
    row: int | None


class PersonalHistory(Protocol):
    """What a person did, as an export tells it."""

    notes: list[str]
    highest_rating: float

    def interactions(self) -> list[OwnInteraction]:
        """The interactions, one for each item, in the order of the export."""
        ...


@dataclass(frozen=True, slots=True)
class Reader:
    """One kind of data set.

    Attributes
    ----------
    kind
        The name by which it is asked for.
    title
        What it reads, in one line.
    read
        Called with the name of the data set, the files and the job (or None); returns the data set.
    recognises
        Called with what can be seen of the files; says how sure the reader is that they are its own.
    read_history
        For a person's own export: called like ``read``, and returns what the person did instead of a data set. None
        for other kinds.
    """

    kind: str
    title: str
    read: Callable[[str, Files, Job | None], Dataset]
    recognises: Callable[[Evidence], Certainty]
    read_history: Callable[[str, Files, Job | None], PersonalHistory] | None = None
