"""Steam-200k: games that users bought and played, in a table without a header."""

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
from engine.datasets.formats.ids import CodedIds, IdColumn, to_ids
from engine.datasets.formats.read_report import ReadReport
from engine.datasets.formats.rows import bad_value, following, place
from engine.datasets.formats.values import BadValueError, GrowingArray, to_numbers
from engine.datasets.reader import Certainty, Evidence, Reader

if TYPE_CHECKING:
    from engine.runtime.job import Job

_NAMES = ("steam-200k.csv", "steam*.csv")
_COLUMNS = ("user", "game", "behaviour", "hours", "unused")
#: The least time that Steam records. It is also the weight of a game that was bought and not played.
_LEAST_HOURS = 0.1
_FIRST_LINE = re.compile(r'\d+,.+,"?(?:purchase|play)"?,[\d.]+(?:,\d*)?\s*')


def read(name: str, files: Files, job: Job | None = None) -> Dataset:
    """Read who owns and who played which game; a game is named by its title.

    A purchase and the play of the same game are one interaction, whose weight is the hours played. A game that was
    bought and not played has the weight of the least time that Steam records. There are no ratings and no times.

    Raises
    ------
    DataError
        If the file is missing or not what it should be.
    """
    source = files.find("ratings", _NAMES)
    files.require_any((source,), "steam", ("ratings",))
    assert source is not None
    rows = Delimited(source, columns=_COLUMNS)
    report = ReadReport(source.name, "ratings")
    users, games = IdColumn(), IdColumn()
    played, all_hours = 0, GrowingArray(np.float64)
    for block in following(rows.blocks(_COLUMNS[:4], report), report, job):
        import pyarrow as pa
        import pyarrow.compute as pc

        user, game = to_ids(block.columns["user"]), to_ids(block.columns["game"])
        behaviour = pc.utf8_lower(pc.utf8_trim_whitespace(block.columns["behaviour"]))
        try:
            hours = to_numbers(block.columns["hours"])
        except BadValueError as error:
            raise bad_value(source.name, block, error.position, "4 (hours)", str(error)) from None
        is_known = pc.is_in(behaviour, pa.array(["purchase", "play"])).to_numpy(zero_copy_only=False)
        gaps = np.logical_or(user.is_null(), game.is_null())
        is_play = pc.equal(behaviour, "play").to_numpy(zero_copy_only=False)
        times = pc.fill_null(hours, _LEAST_HOURS).to_numpy()
        is_negative = is_play & (times < 0)
        for which, reason in (
            (gaps, "no user or no game"),
            (~gaps & ~is_known, "neither a purchase nor a play"),
            (~gaps & is_negative, "hours below zero"),
        ):
            if which.any():
                report.skip(reason, int(which.sum()), place(block, int(which.argmax())))
        kept = is_known & ~gaps & ~is_negative
        keep = pa.array(kept)
        users.add(user.filter(keep))
        games.add(game.cast(pa.string()).filter(keep))
        all_hours.add(np.where(is_play, times, 0.0)[kept])
        played += int((is_play & kept).sum())
    log = Log(users.finish(), games.finish(), None, None, report)
    if played:
        log.weights = _hours_of_pairs(log.users, log.items, all_hours.finish())
        report.remarks.append(
            f"{played:,} rows are plays, whose hours are the weights; a game that was bought and not played, or played "
            f"for an unknown time, counts as {_LEAST_HOURS:g} hours."
        )
    return assemble(name, "steam", "Steam-200k", catalogue=None, log=log, reports=[report], job=job)


def _recognises(evidence: Evidence) -> Certainty:
    source = evidence.ratings or evidence.member(*_NAMES)
    return Certainty.certain_if(
        source is not None and _FIRST_LINE.fullmatch(evidence.glimpse(source).first_line) is not None
    )


def _hours_of_pairs(users: CodedIds, games: CodedIds, hours: npt.NDArray[np.float64]) -> npt.NDArray[np.float32]:
    """The hours that the user of each row played its game in all rows, as only one row of a pair is kept."""
    pairs = users.codes.astype(np.int64) * len(games.ids) + games.codes
    _, position = np.unique(pairs, return_inverse=True)
    total = np.bincount(position, hours)
    return np.maximum(total, _LEAST_HOURS)[position].astype(np.float32)


READER = Reader("steam", "Steam-200k: games that users bought and played", read, _recognises)
