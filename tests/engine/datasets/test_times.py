"""Times in every form that files have, decided by the whole column."""

from __future__ import annotations

from datetime import UTC, date, datetime
from pathlib import Path

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.datasets import read
from engine.datasets.build.interactions import read_log
from engine.datasets.formats.dates import UnclearDatesError
from engine.datasets.formats.parquet_json import open_rows
from engine.datasets.formats.sources import open_source
from engine.datasets.formats.times import to_times
from engine.datasets.formats.values import BadValueError
from engine.errors import DataError, ErrorKind

from .conftest import Write, outside


def moments(values: list[object], day_first: bool | None = None) -> list[str | None]:
    """The times of a column, written as ISO 8601 demands."""
    seconds = to_times(pa.array(values), day_first).to_pylist()
    return [None if one is None else datetime.fromtimestamp(one, UTC).strftime("%Y-%m-%d %H:%M:%S") for one in seconds]


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("2021-03-14T15:09:26Z", "2021-03-14 15:09:26"),
        ("2021-03-14 15:09:26.5 UTC", "2021-03-14 15:09:26"),
        ("2021-03-14T15:09:26,5+01:00", "2021-03-14 14:09:26"),
        ("20210314T150926Z", "2021-03-14 15:09:26"),
        ("2021-03-14T15+0130", "2021-03-14 13:30:00"),
        ("2021-03", "2021-03-01 00:00:00"),
        ("2021-W10-7", "2021-03-14 00:00:00"),
        ("2021-073", "2021-03-14 00:00:00"),
        ("2021-03-14T24:00", "2021-03-15 00:00:00"),
        ("2021/3/14 15:09", "2021-03-14 15:09:00"),
        ("2021.03.14", "2021-03-14 00:00:00"),
        ("2021-07-14 15:09:26 Europe/Vienna", "2021-07-14 13:09:26"),
        ("2021-07-14T15:09+02:00[Europe/Vienna]", "2021-07-14 13:09:00"),
        ("2021-03-14 UTC", "2021-03-14 00:00:00"),
        ("14.03.2021 15:09", "2021-03-14 15:09:00"),
        ("3/14/21, 3:09 PM", "2021-03-14 15:09:00"),
        ("2021-03-14 03:09:26 p.m.", "2021-03-14 15:09:26"),
        ("14 Mar 2021", "2021-03-14 00:00:00"),
        ("Mar 14, 2021, 3:09:26\u202fPM", "2021-03-14 15:09:26"),
        ("March 14th, 2021", "2021-03-14 00:00:00"),
        ("14-Mar-21", "2021-03-14 00:00:00"),
        ("Sun, 14 Mar 2021 15:09:26 +0100", "2021-03-14 14:09:26"),
        ("Sun, 14 Mar 2021 15:09:26 EST", "2021-03-14 20:09:26"),
        ("Sun Mar 14 15:09:26 +0000 2021", "2021-03-14 15:09:26"),
        ("Sun Mar 14 2021 15:09:26 GMT+0100 (Central European Standard Time)", "2021-03-14 14:09:26"),
        ("20210314", "2021-03-14 00:00:00"),
        ("20210314150926", "2021-03-14 15:09:26"),
        ("202103141509", "2021-03-14 15:09:00"),
        ("2021", "2021-01-01 00:00:00"),
        ("44269.75", "2021-03-14 18:00:00"),
        ("1615734566", "2021-03-14 15:09:26"),
        ("1615734566123", "2021-03-14 15:09:26"),
        ("1615734566123456", "2021-03-14 15:09:26"),
        ("1615734566123456789", "2021-03-14 15:09:26"),
        ("1.615734566E9", "2021-03-14 15:09:26"),
        ("9999-12-31", "9999-12-31 00:00:00"),
    ],
)
def test_forms_of_times(written: str, expected: str) -> None:
    assert moments([written]) == [expected]
    assert moments([f" {written} ", None, "NaT", "0000-00-00", written]) == [expected, None, None, None, expected]


@given(st.lists(st.dates(date(1970, 1, 1), date(2100, 1, 1)), min_size=1, max_size=20), st.booleans())
def test_day_and_month_are_told_apart_by_the_column(days: list[date], day_first: bool) -> None:
    form = "%d/%m/%Y" if day_first else "%m/%d/%Y"
    written: list[object] = [day.strftime(form) for day in days]
    expected = [f"{day.isoformat()} 00:00:00" for day in days]
    if any(day.day > 12 for day in days) or all(day.day == day.month for day in days):
        assert moments(written) == expected
    else:
        with pytest.raises(UnclearDatesError, match="day or with the month first"):
            moments(written)
    assert moments(written, day_first) == expected


@pytest.mark.parametrize(
    ("column", "position", "told"),
    [
        (["13/01/2020", "01/13/2020"], 1, "'01/13/2020' and '13/01/2020' do not have day and month in the same order"),
        (["1600000000000", "1600000001000", "1600000002"], 2, "milliseconds since 1970; the column may mix units"),
        (["1600000000", "1600000001", "1600000002000"], 2, "seconds since 1970; the column may mix units"),
        (["1600000000", "20200913", "1600000002"], 1, "looks like one of dates of the form YYYYMMDD"),
        (["20200913"] * 20 + ["20201350"], 20, "'20201350' is not a time"),
        (["2020-09-13", "2020-09-14", "1600000000"], 2, "'1600000000' is not a time like the others"),
        (["1600000000", "1600000001", "soon"], 2, "'soon' is not a time"),
        (["2020-09-13", "2020-13-13"], 1, "'2020-13-13' is not a time"),
        (["2020-09-13", "30/02/2020"], 1, "'30/02/2020' is not a time"),
        (["2020-09-13 10:00 Middle/Earth"], 0, "time zone that is not known"),
        (["2020-09-13 10:00:00 QQQT"], 0, "is not a time"),
        (["10:15"], 0, "is not a time"),
        (["Monday"], 0, "is not a time"),
        (["2020-09-13", "today"], 1, "'today' is not a time"),
        (["44/44/2020"], 0, "'44/44/2020' is not a time"),
        (["inf"], 0, "is not a time"),
    ],
)
def test_a_time_that_does_not_fit_its_column(column: list[str], position: int, told: str) -> None:
    with pytest.raises(BadValueError) as caught:
        to_times(pa.array(column))
    assert told in str(caught.value)
    assert caught.value.position == position


def test_times_with_types(tmp_path: Path) -> None:
    assert to_times(pa.array([1_600_000_000_123_456_789, -1], pa.timestamp("ns"))).to_pylist() == [1_600_000_000, -1]
    assert moments([date(2020, 9, 13), None]) == ["2020-09-13 00:00:00", None]
    assert moments([44269.5, None, 44270.0]) == ["2021-03-14 12:00:00", None, "2021-03-15 00:00:00"]


def test_a_late_block_decides_the_order_of_day_and_month(write: Write) -> None:
    early = "".join(f"{n},{n % 7},03/04/2021\n" for n in range(200_000))
    path = write("log.csv", f"user,item,date\n{early}0,9,25/04/2021\n")
    dataset = read("x", "table", ratings=path)
    assert {when for *_, when in outside(dataset)} == {1_617_408_000, 1_619_308_800}  # 3 April and 25 April
    assert "log.csv: the dates were read with the day first." in dataset.source["notes"]


def test_how_numbers_were_read_is_noted(write: Write) -> None:
    dataset = read("x", ratings=write("log.csv", "user,item,date\n1,5,20190704\n1,6,20191224\n"))
    assert [when for *_, when in outside(dataset)] == [1_562_198_400, 1_577_145_600]
    assert "log.csv: the times were read as dates of the form YYYYMMDD." in dataset.source["notes"]


UNCLEAR = "user,item,date\n1,5,01/02/2020\n,6,01/03/2020\n1,7,\n"


def test_a_mapped_column_of_unclear_dates_is_an_error_that_asks(write: Write) -> None:
    rows = open_rows(open_source(write("log.csv", UNCLEAR)))
    columns = {"user": "user", "item": "item", "time": "date"}
    with pytest.raises(DataError, match="say which comes first") as caught:
        read_log(rows, columns)
    error = caught.value
    assert (error.kind, error.file, error.row, error.column) == (ErrorKind.UNCLEAR_DATES, "log.csv", 2, "date")
    log = read_log(rows, columns, day_first=False)
    assert log.times is not None
    assert log.times.tolist() == [1_577_923_200]


def test_a_guessed_column_that_is_no_time_is_left_out_and_costs_no_rows(write: Write) -> None:
    rows = open_rows(open_source(write("log.csv", UNCLEAR)))
    log = read_log(rows, {"user": "user", "item": "item", "time": "date"}, guessed={"time"})
    assert log.times is None
    assert len(log) == 2
    assert log.report.skipped == {"no user id": 1}
    (note,) = (note for note in log.report.notes() if "left out: row" in note)
    assert note.startswith(
        "log.csv: the column date looks like times by its name, and was left out: row 2: '01/02/2020'"
    )


def test_the_row_of_a_bad_time_counts_rows_that_were_left_out(write: Write) -> None:
    lines = "".join(f"{n % 50},{n % 7},{1_600_000_000 + n}\n" for n in range(150_000))
    rows = open_rows(open_source(write("log.csv", f"user,item,time\n,1,5\n{lines}1,,7\n3,3,later\n")))
    with pytest.raises(DataError, match="row 150,004, column time: 'later' is not a time"):
        read_log(rows, {"user": "user", "item": "item", "time": "time"})


def test_a_table_whose_guessed_times_are_none_is_read_without_them(write: Write) -> None:
    path = write("log.csv", "user,item,rating,date\n1,5,4,spring\n2,5,3,autumn\n")
    dataset = read("x", "table", ratings=path)
    assert outside(dataset) == [(1, 5, 4.0, None), (2, 5, 3.0, None)]
    assert any("the column date looks like times" in note and "'spring'" in note for note in dataset.source["notes"])
    with pytest.raises(DataError, match="row 2, column date: 'spring' is not a time"):
        read("x", "table", ratings=path, mapping={"time": "date"})


@given(st.text(st.sampled_from("0123456789:-/. TZapm"), max_size=45).map("1".__add__))
def test_a_text_is_a_time_or_a_bad_value(text: str) -> None:
    try:
        seconds = to_times(pa.array([text, "2024-05-31 10:00"]))
    except BadValueError:
        return
    assert seconds.null_count == 0


@pytest.mark.parametrize(
    "text",
    [
        "31. Mai 2024", "31 mai 2024", "31 de mayo de 2024", "31 maggio 2024", "31 de maio de 2024", "31 mei 2024",
        "31 maja 2024", "31 Mayıs 2024", "31 мая 2024", "2024年5月31日", "2024년 5월 31일", "31. MAI 2024",
    ],
)  # fmt: skip
def test_months_of_other_languages_are_read(text: str) -> None:
    assert to_times(pa.array([text])).tolist() == [1717113600]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("1er août 2023 18:00", "2023-08-01 18:00:00"),
        ("3. Dez. 2023", "2023-12-03 00:00:00"),
        ("9 févr. 2024", "2024-02-09 00:00:00"),
        ("9 ağu 2024", "2024-08-09 00:00:00"),
        ("9 Mar 2024", "2024-03-09 00:00:00"),
    ],
)
def test_short_months_and_a_time_of_day_are_read(text: str, expected: str) -> None:
    assert to_times(pa.array([text])).tolist() == [
        int(datetime.fromisoformat(expected).replace(tzinfo=UTC).timestamp())
    ]


@pytest.mark.parametrize("text", ["9 jui 2024", "9 Smarch 2024", "31. Februar 2024"])
def test_what_names_no_month_or_two_is_no_date(text: str) -> None:
    with pytest.raises(BadValueError, match="is not a time"):
        to_times(pa.array([text]))
