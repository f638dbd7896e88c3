"""The moment that a person means by a date, in whatever common form it is written."""

from __future__ import annotations

from engine.errors import OptionError

_SECONDS_OF_DAY = 86_400
#: Digits alone are a day (``20200501``) or seconds since 1970; fewer could be a year, a month or a number of a title.
_FEWEST_DIGITS = 8


def read_moment(text: str) -> int:
    """Read a date or a time as the columns of a data set are read.

    Parameters
    ----------
    text
        A date such as ``2020-05-01``, ``1 May 2020`` or ``31/12/2020``, with or without a time and a zone; or seconds
        since 1970.

    Returns
    -------
    int
        Seconds since 1970. A date without a time means the end of that day, in UTC.

    Raises
    ------
    OptionError
        If it is no date, or can be read with the day or with the month first.
    """
    import pyarrow as pa

    from engine.datasets.formats.dates import UnclearDatesError
    from engine.datasets.formats.times import to_times
    from engine.datasets.formats.values import BadValueError

    written = text.strip()
    if written.isdecimal() and len(written) < _FEWEST_DIGITS:
        raise OptionError(f"{written!r} is no day: write it as 2020-05-01.")
    try:
        seconds = to_times(pa.array([written]))[0].as_py()
    except UnclearDatesError:
        raise OptionError(
            f"{written!r} can be read with the day or with the month first: write the year first, as in 2020-05-01."
        ) from None
    except BadValueError:
        seconds = None
    if seconds is None:
        raise OptionError(f"{written!r} is no day: write it as 2020-05-01.")
    has_time = ":" in written or seconds % _SECONDS_OF_DAY
    return int(seconds) if has_time else int(seconds) + _SECONDS_OF_DAY - 1
