"""Numbers as people and spreadsheets write them are read as such, and it is said."""

from __future__ import annotations

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.datasets import read
from engine.datasets.formats.values import BadValueError
from engine.datasets.formats.written_numbers import NumberReader
from engine.errors import DataError

from .conftest import Write

LOG = "Benutzer;Film;Bewertung\nanna;Alien;4,5\nbernd;Alien;5\nbernd;Heat;2,25\n"
MAPPING = {"user": "Benutzer", "item": "Film", "rating": "Bewertung"}


def test_ratings_with_a_decimal_comma_are_read(write: Write) -> None:
    dataset = read("x", kind="table", ratings=write("r.csv", LOG), mapping=MAPPING)
    assert dataset.interactions.ratings is not None
    assert dataset.interactions.ratings.tolist() == [4.5, 5.0, 2.25]
    notes = dataset.source["notes"]
    assert "r.csv: numbers in the column Bewertung such as 4,5 were read as 4.5." in notes


def test_a_column_of_ratings_is_known_by_its_values(write: Write) -> None:
    text = "user;item;score\nanna;Alien;4,5\nbernd;Alien;3,5\nbernd;Heat;2,5\n"
    dataset = read("x", kind="table", ratings=write("r.csv", text))
    assert dataset.interactions.ratings is not None
    assert dataset.interactions.ratings.tolist() == [4.5, 3.5, 2.5]


def test_a_catalogue_has_numbers_where_semicolons_separate_its_columns(write: Write) -> None:
    text = "id;title;price;genre_ids;runtime\n1;Alien;12,99;28,12;116,5\n2;Heat;7,5;7;170\n3;Brazil;9;3,5;\n"
    dataset = read("x", kind="table", items=write("films.csv", text))
    table = dataset.items.table
    assert table.column("price").to_pylist() == [12.99, 7.5, 9.0]
    assert table.column("runtime").to_pylist() == [116.5, 170.0, None]
    assert "films.csv: the numbers in the column price have a decimal comma." in dataset.source["notes"]


def test_elsewhere_a_comma_may_separate_a_list(write: Write) -> None:
    text = 'id,title,parts\n1,Alien,"28,12"\n2,Heat,"7,3"\n'
    dataset = read("x", kind="table", items=write("films.csv", text))
    assert dataset.items.table.column("parts").to_pylist() == ["28,12", "7,3"]


@given(
    st.lists(st.decimals(-999, 999, places=2), min_size=1),
    st.lists(st.integers(-10_000, 10_000)),
)
def test_a_comma_means_what_a_point_does(decimals: list[object], whole: list[int]) -> None:
    texts = [*map(str, decimals), *map(str, whole)]
    commas = NumberReader().read(pa.array([text.replace(".", ",") for text in texts]))
    assert commas.to_pylist() == NumberReader().read(pa.array(texts)).to_pylist()


def test_a_later_block_is_read_by_what_an_earlier_one_told() -> None:
    reader = NumberReader()
    reader.read(pa.array(["3,5"]))
    assert reader.read(pa.array(["4,125", "2"])).to_pylist() == [4.125, 2.0]
    assert reader.examples == {"comma": ("3,5", 3.5)}


@pytest.mark.parametrize(
    ("texts", "position", "meanings"),
    [(["3", "4,500"], 1, "4500 or 4.5"), (["4,5", "3", "1.250"], 2, "1250 or 1.25")],
)
def test_a_number_that_may_be_two_is_refused(texts: list[str], position: int, meanings: str) -> None:
    with pytest.raises(BadValueError, match=meanings) as caught:
        NumberReader().read(pa.array(texts))
    assert caught.value.position == position


@pytest.mark.parametrize("text", ["4,5,6", "1.250,5", "1.250.000", "a,5", ","])
def test_what_is_no_number_is_none_with_commas_either(text: str) -> None:
    with pytest.raises(BadValueError, match="is not a number"):
        NumberReader().read(pa.array(["4,5", text]))


def test_the_row_of_a_number_that_may_be_two_is_told(write: Write) -> None:
    with pytest.raises(DataError, match=r"^r\.csv, row 3, column rating: '4,500' .* may be 4500 or 4\.5"):
        read("x", kind="table", ratings=write("r.csv", 'user,item,rating\na,x,3\nb,x,"4,500"\n'))


@pytest.mark.parametrize(
    ("texts", "numbers"),
    [
        (["8/10", "6.5 / 10", "7"], [8.0, 6.5, 7.0]),
        (["80%", "62,5 %"], [80.0, 62.5]),
        (["★★★★", "★★½", "½", "★★★☆☆", "*****", "⭐️⭐️"], [4.0, 2.5, 0.5, 3.0, 5.0, 2.0]),
        (["5 stars", "1 Star", "4,5 Sterne", "3★"], [5.0, 1.0, 4.5, 3.0]),
    ],
)
def test_ratings_are_read_as_people_write_them(texts: list[str], numbers: list[float]) -> None:
    reader = NumberReader()
    assert reader.read(pa.array([*texts, ""])).to_pylist() == [*numbers, None]
    assert reader.examples["rating"] == (texts[0], numbers[0])


def test_how_ratings_are_written_is_said(write: Write) -> None:
    dataset = read("x", ratings=write("r.csv", "user,item,my rating\na,x,★★★½\nb,y,★★\n"))
    assert dataset.interactions.ratings is not None
    assert dataset.interactions.ratings.tolist() == [3.5, 2.0]
    assert "r.csv: numbers in the column my rating such as ★★★½ were read as 3.5." in dataset.source["notes"]


def test_ratings_of_several_scales_are_refused() -> None:
    reader = NumberReader()
    reader.read(pa.array(["8/10"]))
    with pytest.raises(BadValueError, match="'4/5' is out of 5, and others of the column are out of 10") as caught:
        reader.read(pa.array(["7/10", "4/5"]))
    assert caught.value.position == 1


@pytest.mark.parametrize("text", ["1/2/3", "☆☆☆", "good", "5 apples", "%", "05-Apr"])
def test_what_is_no_rating_stays_none(text: str) -> None:
    with pytest.raises(BadValueError, match="is not a number"):
        NumberReader().read(pa.array(["3", text]))


def test_a_long_number_is_cut_where_it_is_told(write: Write) -> None:
    long = f"{'0' * 500}4,5"
    dataset = read("x", ratings=write("r.csv", f"user;item;rating\na;x;{long}\nb;y;3\n"))
    assert max(map(len, dataset.source["notes"])) < 300


@pytest.mark.parametrize(
    ("plays", "told"),
    [
        ("500 1.200 30", True),
        ("1.200 1.300", False),  # three decimals in all of them, as hours may have
        ("500 1.2 30", False),
        ("500 1.234 30", False),  # rounded to three decimals
        ("500 1.200 0.5", False),
        ("500 1.200 1500", False),
    ],
)
def test_points_that_seem_to_separate_thousands_are_told(write: Write, plays: str, told: bool) -> None:
    rows = "".join(f"{user};a;{one}\n" for user, one in enumerate(plays.split()))
    notes = " ".join(read("it", "table", ratings=write("log.csv", "user;item;plays\n" + rows)).source["notes"])
    assert ("such as 1.200 were read as 1.2; if the point separates thousands, write 1200" in notes) == told
