"""The people, keywords and further names that The Movies Dataset has about films."""

from __future__ import annotations

import gzip
from pathlib import Path
from typing import Any

import pytest

from engine.data.dataset import Dataset
from engine.datasets import read
from engine.errors import DataError
from engine.search import SearchIndex

from .conftest import Write, assert_accounted, zipped

METADATA = """belongs_to_collection,genres,id,imdb_id,original_title,production_companies,production_countries,spoken_languages,tagline,title
"{'id': 10194, 'name': 'Toy Story Collection', 'poster_path': None}","[{'id': 16, 'name': 'Animation'}]",862,tt1,Toy Story,"[{'name': 'Pixar Animation Studios', 'id': 3}]","[{'iso_3166_1': 'US', 'name': 'United States of America'}]","[{'iso_639_1': 'en', 'name': 'English'}]",,Toy Story
,[],9,tt2,La vita,[],"[{'iso_3166_1': 'IT', 'name': 'Italy'}]",[],An unforgettable fable,Life Is Beautiful
0.065736,[],,tt3,Third,False,6.0,[],,Third
"""  # noqa: E501
LINKS = "movieId,imdbId,tmdbId\n1,1,862\n2,2,9\n3,3,\n"
CAST = [
    {"cast_id": 14, "character": "Woody {voice} 'x'", "gender": 2, "name": name, "order": 0, "profile_path": None}
    for name in ("Tom Hanks", "Tim Allen", "Don Rickles", "Jim Varney", "Wallace Shawn", "John Ratzenberger")
]
CREW = [
    {"credit_id": "52", "department": "Directing", "id": 7879, "job": "Director", "name": "John Lasseter"},
    {"credit_id": "53", "department": "Writing", "id": 7, "job": "Screenplay", "name": 'Director O\'Brien "Conan"'},
]
KEYWORDS = "id,keywords\n862,\"[{'id': 931, 'name': 'jealousy'}, {'id': 4290, 'name': 'toy'}]\"\n9,[]\n"


def credits_of(*rows: tuple[Any, Any, Any]) -> str:
    def quoted(value: Any) -> str:
        return '"' + str(value).replace('"', '""') + '"'

    return "".join(",".join(map(quoted, row)) + "\n" for row in [("cast", "crew", "id"), *rows])


CREDITS = credits_of((CAST, CREW, 862), ([], [], 9))


def metadata_of(dataset: Dataset, movie: int) -> dict[str, Any]:
    return dict(dataset.items[dataset.items.id_map.encode_one(movie)].metadata)


def test_names_in_the_metadata_are_kept_and_searched(write: Write) -> None:
    films = read("x", items=write("movies_metadata.csv", METADATA), links=write("links.csv", LINKS))
    toys = metadata_of(films, 1)
    assert toys["belongs_to_collection"] == "Toy Story Collection"
    assert toys["production_companies"] == ["Pixar Animation Studios"]
    assert toys["production_countries"] == ["United States of America"]
    assert toys["spoken_languages"] == ["English"]
    assert films.items[films.items.id_map.encode_one(1)].text == "Toy Story. Animation"
    broken = metadata_of(films, 3)
    assert not {"belongs_to_collection", "production_companies", "production_countries"} & set(broken)
    index = SearchIndex(films.items)
    for query, title in (
        ("pixar", "Toy Story"),
        ("toy story collection", "Toy Story"),
        ("italy", "Life Is Beautiful"),
        ("unforgettable fable", "Life Is Beautiful"),
    ):
        assert index.search(query, 1, "keyword").results[0].item.title == title


@pytest.mark.parametrize("form", ["folder", "archive", "beside", "packed beside"])
def test_credits_and_keywords_are_read_where_they_are_given(tmp_path: Path, form: str) -> None:
    texts = {
        "movies_metadata.csv": METADATA,
        "links.csv": LINKS,
        "credits.csv": CREDITS,
        "keywords.csv": KEYWORDS,
    }
    if form == "archive":
        films = read("x", source=zipped(tmp_path / "archive.zip", texts))
    else:
        for name, text in texts.items():
            if form == "packed beside" and name == "credits.csv":
                (tmp_path / "credits.csv.gz").write_bytes(gzip.compress(text.encode()))
            else:
                (tmp_path / name).write_text(text)
        if form == "folder":
            films = read("x", source=tmp_path)
        else:
            films = read("x", items=tmp_path / "movies_metadata.csv", links=tmp_path / "links.csv")
    assert films.kind == "movies"
    toys = metadata_of(films, 1)
    assert toys["director"] == ["John Lasseter"]
    assert toys["cast"] == ["Tom Hanks", "Tim Allen", "Don Rickles", "Jim Varney", "Wallace Shawn"]
    assert toys["keywords"] == ["jealousy", "toy"]
    assert not {"director", "cast", "keywords"} & set(metadata_of(films, 2))
    assert {one["role"] for one in films.source["files"]} == {"items", "links", "credits", "keywords"}
    assert_accounted(films)


def test_what_credits_cannot_give_is_counted_and_said(tmp_path: Path) -> None:
    rows = [
        (CAST, CREW, "862.0"),
        ([], [], 862),
        ("[{'name': ", "__import__('os')", 9),
        (CAST, CREW, 77),
        ([], [], "x"),
    ]
    (tmp_path / "credits.csv").write_text(credits_of(*rows))
    (tmp_path / "movies_metadata.csv").write_text(METADATA)
    (tmp_path / "links.csv").write_text(LINKS)
    films = read("x", source=tmp_path)
    assert metadata_of(films, 1)["director"] == ["John Lasseter"]
    assert films.skipped == {
        "film that is not in the catalogue": 1,
        "film that the file has twice": 1,
        "no number of a film": 1,
    }
    assert any("credits.csv: 2 lists of names cannot be read" in note for note in films.source["notes"])
    assert_accounted(films)


def test_credits_without_their_columns_are_an_error_that_names_them(tmp_path: Path) -> None:
    (tmp_path / "credits.csv").write_text("id,actors\n862,[]\n")
    (tmp_path / "movies_metadata.csv").write_text(METADATA)
    (tmp_path / "links.csv").write_text(LINKS)
    with pytest.raises(DataError, match=r"credits\.csv.*cast") as caught:
        read("x", source=tmp_path)
    assert len(str(caught.value)) <= 400
