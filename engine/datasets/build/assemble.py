"""Build a data set from a catalogue and a log."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from engine.data.dataset import Dataset
from engine.data.id_map import IdMap
from engine.data.items import ItemTable
from engine.datasets.build.doubts import doubtful_rating, doubts_about_times, look_alikes, shortened_ids
from engine.datasets.build.interactions import Log
from engine.datasets.build.items import Catalogue
from engine.datasets.build.numbering import number_items, number_users
from engine.datasets.build.weights import WeightScale
from engine.datasets.formats.ids import CodedIds, common_type, match_spellings
from engine.datasets.formats.read_report import ReadReport, orders_of_dates, total_skipped
from engine.errors import DataError
from engine.interactions import Interactions

if TYPE_CHECKING:
    from engine.runtime.job import Job

_ROWS_AT_A_TIME = 1 << 20
_LONGEST_SHOWN = 40
#: Larger numbers that only tell an order are replaced by their ranks, which mean the same and are easier to read.
_LARGEST_ORDER = 1 << 31


def assemble(
    name: str,
    kind: str,
    title: str,
    *,
    catalogue: Catalogue | None,
    log: Log | None,
    reports: Sequence[ReadReport],
    unknown: str | None = None,
    known_items: npt.NDArray[Any] | None = None,
    notes: Sequence[str] = (),
    guessed: Mapping[str, Mapping[str, str]] | None = None,
    simulated: bool = False,
    job: Job | None = None,
) -> Dataset:
    """Build a data set.

    Users are numbered by ascending id. The first items are those of the catalogue that occur in the log, in the order
    of the catalogue; then come the items of the log that are not in the catalogue, by ascending id; then the rest of
    the catalogue. So the numbers do not depend on the order of the rows of the log.

    If a user has several interactions with an item, only the latest is kept; if their times are equal, the last in
    the file. Without ratings, all interactions at different times are kept.

    Parameters
    ----------
    name, kind, title, simulated
        As in :class:`engine.data.dataset.Dataset`.
    catalogue, log
        At least one of them is not None.
    reports
        The row counts of all files, including that of the log.
    unknown
        The reason for which interactions with items outside the catalogue are left out. If None, such items are
        added, with their id as title.
    known_items
        The ids of items that are not outside, although the catalogue lacks them: those of the data set that is
        continued.
    notes
        Sentences for a person, in addition to those of the reports.
    guessed
        File -> role -> column, for columns that were found by their usual names.
    job
        It is asked between the steps whether to stop.

    Raises
    ------
    DataError
        If no row can be used.
    """
    if log is None:
        log = _empty_log()
    if catalogue is not None:
        _meet(log, catalogue)
    if unknown is not None and catalogue is not None:
        _leave_out_unknown(log, catalogue, unknown, known_items)
    _require_rows(catalogue, log, reports)

    doubts = [*shortened_ids(log.users.ids, "user"), *shortened_ids(log.items.ids, "item")]
    doubts += look_alikes(log.users.ids, "user")
    doubts += look_alikes(log.items.ids, "item", None if catalogue is None else catalogue.ids)
    _checkpoint(job)
    users = number_users(log.users)
    _checkpoint(job)
    items, table, num_rated, strangers = number_items(catalogue, log.items)
    _checkpoint(job)
    surplus = find_surplus(log.users.codes, log.items.codes, log.times, keep_repeats=log.ratings is None)
    if len(surplus):
        log.report.skip("duplicate pair", len(surplus))
        keep = np.ones(len(log), dtype=bool)
        keep[surplus] = False
        log.keep(keep)
    _checkpoint(job)

    day_first = orders_of_dates(reports)
    hints = [hint for report in reports for hint in report.hints]
    times = log.times
    if log.times_are_order and times is not None and len(times) and times.max() > _LARGEST_ORDER:
        times = np.unique(times, return_inverse=True)[1].astype(np.int64)
    remarks = [remark for report in reports for remark in report.notes()]
    scale = None if log.weights is None else WeightScale.of(log.weights)
    if log.weights is not None and len(log):
        low, high = float(log.weights.min()), float(log.weights.max())
        remarks.append(
            f"The weights, from {low:g} to {high:g}, count by their logarithm, on average as one interaction."
        )
    remarks += doubts
    if log.times is not None and not log.times_are_order:
        remarks += doubts_about_times(log.times)
    if kind == "table" and log.ratings is not None and (doubtful := doubtful_rating(log.ratings)):
        remarks.append(doubtful[0])
        hints.append({"hint": "unrated", "value": f"{doubtful[1]:g}"})
    if strangers and catalogue is not None:
        remarks.append(about_strangers(items, num_rated, strangers))
    return Dataset(
        name=name,
        kind=kind,
        title=title,
        items=ItemTable(items, table),
        users=users,
        interactions=Interactions(
            log.users.codes,
            log.items.codes,
            ratings=log.ratings,
            timestamps=times,
            weights=None if log.weights is None or scale is None else scale.weights(log.weights),
            num_users=len(users),
            num_items=num_rated + 1,
        ),
        skipped=total_skipped(reports),
        source={
            "files": [report.summary() for report in reports],
            "notes": [_one_line(one) for one in (*notes, *remarks)],
            **({"times": "order"} if log.times_are_order else {}),
            **({"weights": asdict(scale)} if scale is not None else {}),
            **({"hints": hints} if hints else {}),
            **({"day_first": day_first} if day_first else {}),
            **({"strangers": strangers} if strangers and catalogue is not None else {}),
            **({"guessed_columns": {file: dict(columns) for file, columns in guessed.items()}} if guessed else {}),
        },
        simulated=simulated,
    )


def about_strangers(items: IdMap, num_rated: int, strangers: int) -> str:
    """A sentence about the items of the log that the catalogue lacks; with a guess at why if it lacks all.

    Parameters
    ----------
    items
        All items, numbered as :func:`assemble` does.
    num_rated, strangers
        How many items the log has, and how many of them the catalogue lacks.
    """
    if strangers < num_rated:
        of_all = f"{strangers:,} items of the interactions are not in the catalogue, of {num_rated:,}"
        return f"{of_all}; their id is their title."
    ours = [_one_line(str(one)[:20]) for one in items.ids[num_rated : num_rated + 2]]
    theirs = [_one_line(str(one)[:20]) for one in items.ids[: min(2, num_rated)]]
    return (
        f"WARNING: none of the {num_rated:,} items of the interactions is in the catalogue, which has ids such as "
        f"{' and '.join(ours)}, while the interactions have {' and '.join(theirs)}; another column may hold the ids."
    )


def _one_line(text: str) -> str:
    return " ".join(text.splitlines())


def find_surplus(
    users: npt.NDArray[np.int32],
    items: npt.NDArray[np.int32],
    times: npt.NDArray[np.int64] | None,
    keep_repeats: bool,
) -> npt.NDArray[np.int64]:
    """Positions of the interactions that are replaced by a later one of the same user with the same item.

    Parameters
    ----------
    users, items
        Internal ids, shape ``(n,)``.
    times
        The latest interaction of a pair is not among the positions; if times are equal, the last one is not. If None,
        all times are equal.
    keep_repeats
        Whether interactions of a pair at different times are all kept.
    """
    pairs = users.astype(np.int64)
    pairs *= int(items.max(initial=0)) + 1
    pairs += items
    ordered = np.sort(pairs)
    repeated = np.unique(ordered[1:][ordered[1:] == ordered[:-1]])
    del ordered
    if not len(repeated):
        return np.zeros(0, dtype=np.int64)
    # Only the rows of repeated pairs are sorted; usually these are few.
    found = []
    for begin in range(0, len(pairs), _ROWS_AT_A_TIME):
        piece = pairs[begin : begin + _ROWS_AT_A_TIME]
        at = np.searchsorted(repeated, piece)
        at[at == len(repeated)] = 0
        found.append(np.flatnonzero(repeated[at] == piece) + begin)
    rows = np.concatenate(found)
    keys = pairs[rows]
    del pairs
    when = np.zeros(len(rows), dtype=np.int64) if times is None else times[rows]
    order = np.lexsort((when, keys))  # a stable sort: equal times stay in the order of the file
    keys, when = keys[order], when[order]
    replaced = keys[:-1] == keys[1:]
    if keep_repeats:
        replaced &= when[:-1] == when[1:]
    return np.sort(rows[order[:-1][replaced]])


def _meet(log: Log, catalogue: Catalogue) -> None:
    """Spell the item ids of the log as the catalogue does where they are the same number, and note it."""
    ids, changed = match_spellings(log.items.ids, catalogue.ids)
    if not changed.any():
        return
    first = int(changed.argmax())
    count = int(changed.sum())
    log.report.remarks.append(
        f"{count:,} item {'id meets' if count == 1 else 'ids meet'} the catalogue only as a number, without leading "
        f"zeros ({_short(log.items.ids[first].as_py())} is {_short(ids[first].as_py())} there)."
    )
    log.items = CodedIds(log.items.codes, ids)


def _short(value: int | str) -> str:
    text = str(value)
    return text if len(text) <= _LONGEST_SHOWN else f"{text[:_LONGEST_SHOWN]}…"


def _leave_out_unknown(log: Log, catalogue: Catalogue, reason: str, known_items: npt.NDArray[Any] | None) -> None:
    import pyarrow as pa
    import pyarrow.compute as pc

    stored = catalogue.ids.slice(0, 0) if known_items is None else pa.array(known_items)
    id_type = common_type([catalogue.ids, log.items.ids, stored])
    there = pa.concat_arrays([catalogue.ids.cast(id_type), stored.cast(id_type)])
    known = pc.is_in(log.items.ids.cast(id_type), there).to_numpy(zero_copy_only=False)
    keep = known[log.items.codes]
    if keep.all():
        return
    log.report.skip(reason, int((~keep).sum()))
    log.keep(keep)


def _require_rows(catalogue: Catalogue | None, log: Log, reports: Sequence[ReadReport]) -> None:
    for report in reports:
        if report.role != "links" and report.rows == 0:
            raise DataError(
                f"{report.name}: has no rows of data below its header; name a file that holds data.", file=report.name
            )
        if report.role == "items" and catalogue is not None and not len(catalogue.ids):
            raise _no_usable_row(report)
        if report.role == "ratings" and not len(log):
            raise _no_usable_row(report)


def _no_usable_row(report: ReadReport) -> DataError:
    reasons = ", ".join(f"{count:,} × {reason}" for reason, count in report.skipped.items())
    advice = f"in the file, {report.instead}" if report.instead else "check that it is the right file"
    return DataError(
        f"{report.name}: none of its {report.rows:,} rows can be used ({reasons}); {advice}.",
        file=report.name,
    )


def _empty_log() -> Log:
    import pyarrow as pa

    nothing = CodedIds(np.zeros(0, dtype=np.int32), pa.array([], pa.int64()))
    return Log(nothing, nothing, None, None, ReadReport("", "ratings"))


def _checkpoint(job: Job | None) -> None:
    if job is not None:
        job.checkpoint()
