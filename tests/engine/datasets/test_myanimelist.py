"""Lists of MyAnimeList, and what must not be in an XML file."""

from __future__ import annotations

import gzip

import pytest

from engine.datasets import guess_kind, read
from engine.errors import DataError

from .conftest import Write, assert_accounted, outside

HEAD = '<?xml version="1.0" encoding="UTF-8" ?>\n<!-- exported -->\n<myanimelist>\n'
INFO = "<myinfo><user_id>1</user_id><user_name>ann</user_name><user_total_anime>4</user_total_anime></myinfo>\n"


def entry(item: str, title: str, score: str, status: str, finish: str = "0000-00-00", start: str = "0000-00-00") -> str:
    return (
        f"<anime><series_animedb_id>{item}</series_animedb_id><series_title><![CDATA[{title}]]></series_title>"
        f"<series_type>TV</series_type><series_episodes>26</series_episodes><my_id>0</my_id>"
        f"<my_start_date>{start}</my_start_date><my_finish_date>{finish}</my_finish_date>"
        f"<my_score>{score}</my_score><my_status>{status}</my_status><my_tags><![CDATA[]]></my_tags></anime>\n"
    )


LIST = (
    HEAD
    + INFO
    + entry("1", "Cowboy & Bebop <1>", "9", "Completed", "2024-03-04", "2024-01-01")
    + entry("2", "Started", "0", "Watching", start="2024-03-05")
    + entry("3", "Planned", "0", "Plan to Watch")
    + entry("4", "Only a month is known", "7", "Completed", "2024-03-00")
    + "</myanimelist>\n"
)


@pytest.mark.parametrize("name", ["animelist_1_-_2.xml", "animelist_1_-_2.xml.gz", "list.xml"])
def test_a_list_packed_or_not(write: Write, name: str) -> None:
    path = write(name, LIST)
    assert guess_kind(ratings=path) == guess_kind(source=path) == "myanimelist"
    dataset = read("x", ratings=path)
    assert outside(dataset) == [
        ("me", 1, 9.0, 1_709_510_400),
        ("me", 2, None, 1_709_596_800),
        ("me", 4, 7.0, 1_709_251_200),
    ]
    first, planned = dataset.items[1], dataset.items[4]
    assert (first.title, first.metadata["episodes"]) == ("Cowboy & Bebop <1>", 26)
    assert planned.title == "Planned"
    assert dataset.skipped == {"planned, so not seen yet": 1}
    assert_accounted(dataset)


def test_a_list_of_manga(write: Write) -> None:
    manga = LIST.replace("series_animedb_id", "manga_mangadb_id").replace("series_title", "manga_title")
    dataset = read(
        "x", ratings=write("mangalist.xml", manga.replace("<anime>", "<manga>").replace("</anime>", "</manga>"))
    )
    assert dataset.num_interactions == 3
    assert dataset.items[1].title == "Cowboy & Bebop <1>"


LAUGHS = '<!DOCTYPE lolz [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;">]>'


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (
            LIST.replace("<myanimelist>", LAUGHS + "<myanimelist>").replace("Started", "]]>&b;<![CDATA["),
            "document type",
        ),
        (LIST.replace("<myanimelist>", '<!DOCTYPE x SYSTEM "file:///etc/passwd"><myanimelist>'), "document type"),
        (LIST[:-40], "line 8: is not well-formed XML"),
        (LIST.replace("UTF-8", "no-such"), "line 1: declares an encoding that is not known"),
        (LIST.replace("UTF-8", "shift_jis"), "line 1: declares an encoding that is not known"),
        (LIST.replace("<my_score>9", "<my_score>nine"), "line 5, my_score: 'nine' is not a score from 0 to 10"),
        (LIST.replace("<my_score>9", "<my_score>11"), "line 5, my_score: '11' is not a score from 0 to 10"),
        ("<rss><myanimelist/></rss>", "begins with <rss>"),
        (LIST.replace("Started", "a" * 200_000), "more than 100,000 characters"),
        (HEAD + "<a>" * 100, "inside one another"),
    ],
)
def test_what_is_no_list_is_refused_in_one_sentence(write: Write, content: str, message: str) -> None:
    with pytest.raises(DataError, match=message) as caught:
        read("x", "myanimelist", ratings=write("animelist.xml", content))
    assert "\n" not in str(caught.value)
    assert len(str(caught.value)) <= 400
    assert caught.value.file == "animelist.xml"


def test_a_small_packed_file_that_unpacks_to_much_is_refused(write: Write, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("engine.datasets.myanimelist._LARGEST", 1 << 20)
    path = write("bomb.xml", "")
    path.write_bytes(gzip.compress((HEAD + " " * (3 << 20)).encode()))
    with pytest.raises(DataError, match="has more than 1 MB"):
        read("x", "myanimelist", ratings=path)


def test_a_row_without_an_id_is_counted(write: Write) -> None:
    dataset = read("x", ratings=write("a.xml", LIST.replace(">2</series_animedb_id>", "></series_animedb_id>")))
    assert dataset.skipped["no id of an anime or manga"] == 1
    assert_accounted(dataset)
