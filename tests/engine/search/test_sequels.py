from __future__ import annotations

import pyarrow as pa
import pytest

from engine.search.sequels import Sequels, names_sequels
from tests.engine.search.understanding.catalogues import make_fields

TITLES = {
    "Rocky": (1976, False), "Rocky II": (1979, True), "Rocky IV": (1985, True), "Alien": (1979, False),
    "Alien: Covenant": (2017, True), "Alien Nation": (1988, False), "Star Trek": (1979, False),
    "Star Trek Beyond": (2016, True), "Batman": (1989, False), "Batman Returns": (1992, True),
    "Apollo 13": (1995, False), "Seven": (1995, False), "District 9": (2009, False), "2012": (2009, False),
    "The Godfather: Part III": (1990, True), "Kill Bill: Vol. 2": (2004, True), "Prometheus": (2012, False),
    "Prometheus: The First Cut": (2001, False), "The Lion": (1962, False), "The Lion King": (1994, False),
    "Snow White": (1937, False), "Snow White and the Huntsman": (2012, False),
    "Predator": (1987, False), "Predators": (2010, True), "Cars": (2006, False),
    "Dead Space: One": (1990, False), "Dead Space: Again": (1995, True),
}  # fmt: skip


def test_titles_tell_what_continues_another_item() -> None:
    years = pa.array([year for year, _ in TITLES.values()], pa.int32())
    mask = Sequels(make_fields({"title": list(TITLES), "year": years})).mask
    assert dict(zip(TITLES, mask.tolist(), strict=True)) == {title: told for title, (_, told) in TITLES.items()}


def test_seasons_continue_others_without_any_year() -> None:
    titles = [
        "Haikyuu!!",
        "Haikyuu!! Second Season",
        "Gintama",
        "Gintama: Enchousen",
        "Mirai Nikki",
        "Mirai Nikki (TV)",
    ]
    assert Sequels(make_fields({"title": titles})).mask.tolist() == [False, True, False, True, False, False]


@pytest.mark.parametrize(("subject", "told"), [("sequels", True), ("Sequel", True), ("zombies", False), ("", False)])
def test_what_people_call_sequels(subject: str, told: bool) -> None:
    assert names_sequels(subject) is told
