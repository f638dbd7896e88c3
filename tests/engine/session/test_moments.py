"""Dates as a person types them: any form that a data set may have, and a day means its end."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from engine.errors import OptionError
from engine.session import read_moment

END = int(datetime(2020, 5, 1, 23, 59, 59, tzinfo=UTC).timestamp())


@pytest.mark.parametrize(
    "text", ["2020-05-01", " 2020/05/01 ", "1 May 2020", "May 1, 2020", "20200501", "Fri, 1 May 2020"]
)
def test_a_day_means_its_end(text: str) -> None:
    assert read_moment(text) == END


@pytest.mark.parametrize(
    "text",
    ["2020-05-01 18:30", "2020-05-01T18:30:00Z", "1 May 2020 6:30 PM", "2020-05-01T20:30:00+02:00", "1588357800"],
)
def test_a_time_means_that_moment(text: str) -> None:
    assert read_moment(text) == int(datetime(2020, 5, 1, 18, 30, tzinfo=UTC).timestamp())


@pytest.mark.parametrize("text", ["2020-13-01", "yesterday", "", "2020", "12", "NaN"])
def test_what_is_no_day_is_refused(text: str) -> None:
    with pytest.raises(OptionError, match="is no day"):
        read_moment(text)


def test_a_day_that_may_be_a_month_is_refused() -> None:
    with pytest.raises(OptionError, match="write the year first"):
        read_moment("01/02/2020")
    assert read_moment("31/12/2020") == int(datetime(2020, 12, 31, 23, 59, 59, tzinfo=UTC).timestamp())
