"""What is doubtful about the ids, the ratings and the times of interactions that could be read: sentences for a person.

Nothing is changed or left out for these reasons, since the values may be what they are meant to be.
"""

from __future__ import annotations

import unicodedata
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from engine.datasets.formats.shown import shortened

if TYPE_CHECKING:
    import pyarrow as pa

#: How a spreadsheet shows a long number. R and pandas write a lower-case e, and all of the digits.
_SHORTENED = r"^\d(\.\d+)?E\+\d+$"
#: A number with a sign, leading zeros or a decimal zero.
_PADDED = r"^\+?0*(\d+)(?:\.0+)?$"
_LONGEST_SHOWN = 40
_TEN_YEARS = 315_360_000
#: Zeros are rarely so many unless they mean "not rated".
_MANY_ZEROS = 0.25
#: A rating that is so many times the next one is on another scale, or a mark.
_FAR = 3.0


def shortened_ids(ids: pa.Array, name: str) -> list[str]:
    """A sentence about ids such as ``9.78E+12``, of which a spreadsheet has kept a few digits only.

    Parameters
    ----------
    ids
        Different ids.
    name
        What they identify: ``"user"`` or ``"item"``.
    """
    import pyarrow as pa
    import pyarrow.compute as pc

    if pa.types.is_integer(ids.type):
        return []
    cut = pc.match_substring_regex(ids, _SHORTENED)
    count = pc.sum(cut).as_py()
    if not count:
        return []
    example = shortened(ids[pc.index(cut, True).as_py()].as_py(), _LONGEST_SHOWN)
    return [
        f"WARNING: {_count(count, f'{name} id')} such as {example} {'is' if count == 1 else 'are'} shortened, as "
        f"spreadsheets show long numbers, so that different {name}s may have become one: export the column as text."
    ]


def look_alikes(ids: pa.Array, name: str, known: pa.Array | None = None, *, among: bool = True) -> list[str]:
    """A sentence about ids that differ from others only in what a person easily writes in another way.

    Parameters
    ----------
    ids
        Different ids.
    name
        What they identify: ``"user"`` or ``"item"``.
    known
        Other ids, such as those of a catalogue or of a stored data set.
    among
        Whether the ids are also compared with each other.
    """
    import pyarrow as pa
    import pyarrow.compute as pc

    both = [ids] if known is None or not len(known) else [ids, known]
    if not len(ids) or all(pa.types.is_integer(one.type) for one in both):
        return []
    every = pc.unique(pa.concat_arrays([one.cast(pa.string()) for one in both]))
    codes = _bare(every).dictionary_encode().indices.to_numpy()
    mine, theirs = codes[: len(ids)], codes[len(ids) :]  # an id that is known as it is stands once, among the first
    alike = np.isin(mine, theirs)
    first_of = np.full(int(codes.max()) + 1, -1, dtype=np.int64)
    first_of[theirs[::-1]] = np.arange(len(every) - 1, len(ids) - 1, -1)
    if among:
        first = np.unique(mine, return_index=True)[1]
        later = np.ones(len(mine), dtype=bool)
        later[first] = False
        alike |= later
        first_of[mine[first]] = np.where(first_of[mine[first]] < 0, first, first_of[mine[first]])
    if not alike.any():
        return []
    position, count = int(alike.argmax()), int(alike.sum())
    one, other = (every[at].as_py()[:_LONGEST_SHOWN] for at in (position, int(first_of[mine[position]])))
    same_on_screen = unicodedata.normalize("NFKC", one) == unicodedata.normalize("NFKC", other)
    written = ascii if same_on_screen else repr
    return [
        f"{_count(count, f'{name} id')} {'differs' if count == 1 else 'differ'} from another one only in capital "
        f"letters, spaces, leading zeros or the coding of a letter, such as {written(one)} and {written(other)}; "
        f"they are different {name}s here."
    ]


def _bare(texts: pa.Array) -> pa.Array:
    """The ids without what a person easily writes in another way."""
    import pyarrow.compute as pc

    plain = pc.utf8_lower(pc.utf8_normalize(texts, form="NFKC"))
    plain = pc.utf8_trim_whitespace(pc.replace_substring_regex(plain, r"\s+", " "))
    return pc.replace_substring_regex(plain, _PADDED, r"\1")


def doubtful_rating(ratings: npt.NDArray[np.float32]) -> tuple[str, float] | None:
    """A sentence about a rating that is far from all others, as where -1, 0 or 99 means "not rated", and the rating.

    Returns
    -------
    tuple or None
        None if there is no such rating.
    """
    given = ratings[~np.isnan(ratings)]
    if not len(given):
        return None
    low, high = float(given.min()), float(given.max())
    second = float(given[given > low].min(initial=np.inf))
    last = float(given[given < high].max(initial=-np.inf))
    if second >= high:  # two values are likes and dislikes
        return None
    zeros = low == 0 and second >= 1 and int((given == 0).sum()) >= _MANY_ZEROS * len(given)
    if zeros or (low < 0 < second):
        mark, rest = low, (second, high)
    elif last > 0 and high >= _FAR * last:
        mark, rest = high, (low, last)
    else:
        return None
    count = int((given == mark).sum())
    often = "once" if count == 1 else f"{count:,} times"
    others = f"the others, which go from {rest[0]:g} to {rest[1]:g}"
    return (
        f"The rating {mark:g}, which occurs {often}, is far from {others}: it may be wrong, or mean 'not rated'.",
        mark,
    )


def doubts_about_times(times: npt.NDArray[np.int64]) -> list[str]:
    """A sentence about the zeros among unix times, which are read as the first second of 1970."""
    zero = (times == 0) | (times == -1)
    count = int(zero.sum())
    if not count or count == len(times):
        return []
    oldest = int(times[~zero].min())
    if oldest < _TEN_YEARS:
        return []
    since = datetime.fromtimestamp(oldest, UTC).date()
    return [
        f"WARNING: {_count(count, 'time')} {'is' if count == 1 else 'are'} of the beginning of 1970, as where 0 or -1 "
        f"means 'no time', and all others are from {since} on: empty them to have these rows left out."
    ]


def doubts_about_scale(old: npt.NDArray[np.float32], new: npt.NDArray[np.float32]) -> list[str]:
    """A sentence about ratings of an update that seem to be on another scale than those of the data set."""
    ranges = []
    for ratings in (old, new):
        given = ratings[~np.isnan(ratings)]
        if not len(given):
            return []
        ranges.append((float(given.min()), float(given.max())))
    (low, high), (new_low, new_high) = ranges
    spare = (high - low) / 2
    if low - spare <= new_low and new_high <= high + spare and new_high >= low:
        return []
    return [
        f"WARNING: the ratings of the update go from {new_low:g} to {new_high:g}, and those of the data set from "
        f"{low:g} to {high:g}: check that they are on one scale."
    ]


def _count(count: int, noun: str) -> str:
    return f"{count:,} {noun}" if count == 1 else f"{count:,} {noun}s"
