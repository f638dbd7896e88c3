"""A reader of another package: all that recsys-tui asks of one, and nothing else."""

from __future__ import annotations

from engine.datasets.build.assemble import assemble
from engine.datasets.build.interactions import read_log
from engine.datasets.formats.csv import Delimited
from engine.datasets.formats.rows import find_columns
from engine.datasets.reader import Certainty, Reader


def read(name, files, job=None):
    ratings = files.find("ratings", ("plays.csv",))
    files.require_any((ratings,), "plays", ("ratings",))
    rows = Delimited(ratings)
    log = read_log(rows, find_columns(rows, {"user": ["listener"], "item": ["song"]}), job)
    return assemble(name, "plays", "Plays", catalogue=None, log=log, reports=[log.report], job=job)


def recognises(evidence):
    return Certainty.certain_if(any("listener" in one.columns for one in evidence.tables()))


READER = Reader("plays", "songs that people listened to: plays.csv", read, recognises)
