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
from typing import TYPE_CHECKING, Any

from engine.datasets.formats.detect import Evidence
from engine.datasets.formats.files import Files

if TYPE_CHECKING:
    from engine.data.dataset import Dataset
    from engine.runtime.job import Job

__all__ = ["Certainty", "Evidence", "Files", "Reader"]


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
    """

    kind: str
    title: str
    read: Callable[[str, Files, Job | None], Dataset]
    recognises: Callable[[Evidence], Certainty]
