"""Which column of a catalogue names pictures that lie beside it, and what a data set keeps of that."""

from __future__ import annotations

from pathlib import Path

import pytest

from engine.data.pictures import PictureColumn, is_picture_name, is_relative_picture_name
from engine.datasets import read
from engine.datasets.ingest import add
from engine.workspace.dataset_store import Workspace


def catalogue(folder: Path, header: str, *rows: str) -> Path:
    path = folder / "items.csv"
    path.write_text("\n".join((header, *rows)) + "\n", encoding="utf-8")
    (folder / "posters").mkdir()
    (folder / "posters" / "1.png").write_bytes(b"")
    return path


def pictures(path: Path, **options: object) -> PictureColumn | None:
    return PictureColumn.of_source(read("own", "table", items=path, **options).source)


@pytest.mark.parametrize("column", ["poster", "Image", "cover", "thumbnail", "picture", "file_of_it"])
def test_a_column_of_pictures_is_found_by_its_name_or_its_values(tmp_path: Path, column: str) -> None:
    path = catalogue(tmp_path, f"id,title,{column}", "1,Heat,posters/1.png", "2,Rififi,posters/2.JPG", "3,Solaris,")
    assert pictures(path) == PictureColumn(column, str(tmp_path.resolve()))


def test_addresses_are_no_pictures_and_a_column_of_files_goes_before_them(tmp_path: Path) -> None:
    path = catalogue(tmp_path, "id,title,poster,file", "1,Heat,https://example.org/1.png,posters/1.png")
    assert pictures(path) == PictureColumn("file", str(tmp_path.resolve()))
    path.write_text("id,title,poster\n1,Heat,https://example.org/1.png\n")
    assert pictures(path) is None


def test_names_of_which_no_file_is_there_are_no_pictures_unless_they_are_mapped(tmp_path: Path) -> None:
    path = catalogue(tmp_path, "id,title,poster", "1,Heat,elsewhere/1.png", "2,Rififi,/posters/1.png")
    dataset = read("own", "table", items=path)
    assert PictureColumn.of_source(dataset.source) is None
    assert (
        "items.csv: the files that poster names are not beside it, so no pictures are shown."
        in (dataset.source["notes"])
    )
    assert pictures(path, mapping={"image": "poster"}) == PictureColumn("poster", str(tmp_path.resolve()))
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "elsewhere" / "1.png").write_bytes(b"")
    assert pictures(path) == PictureColumn("poster", str(tmp_path.resolve()))
    assert pictures(path, mapping={"image": ""}) is None, "an empty name turns the guess off"


def test_the_column_and_the_folder_are_stored(tmp_path: Path) -> None:
    folder = tmp_path / "films"
    folder.mkdir()
    workspace = Workspace(tmp_path / "home")
    add(workspace, "own", items=catalogue(folder, "id,title,poster", "1,Heat,posters/1.png"), kind="table")
    stored = workspace.manifest("own").source
    assert PictureColumn.of_source(stored) == PictureColumn("poster", str(folder.resolve()))
    assert workspace.open("own").items[1].metadata["poster"] == "posters/1.png"


@pytest.mark.parametrize("entry", [None, "poster", {}, {"column": "", "folder": "/x"}, {"column": 3, "folder": "/x"}])
def test_a_source_that_states_no_pictures_has_none(entry: object) -> None:
    assert PictureColumn.of_source({}) is None
    assert PictureColumn.of_source({"pictures": entry}) is None


def test_what_is_the_name_of_a_picture() -> None:
    names = ["a.png", "a/b.JPEG", " c.webp ", "./d.gif", "/e.jpg", "http://x/f.png", "//x/g.png", "h.svg", "", None, 7]
    assert list(map(is_picture_name, names)) == [True] * 5 + [False] * 6
    assert list(map(is_relative_picture_name, names)) == [True] * 4 + [False] * 7
    assert not is_relative_picture_name("C:\\posters\\a.png")
