"""The stored data sets as the app lists, previews, adds and changes them; and completions of paths."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from engine.errors import CancelledError, DataError
from engine.session import Job, NewDataset
from engine.session.path_completion import complete_path
from engine.session.stored_datasets import DatasetService
from engine.workspace.dataset_store import Workspace
from engine.workspace.layout import MANIFEST
from tests.engine.conftest import make_dataset

ROWS = "who,what,stars,mood\n" + "".join(f"u{n % 3},film {n % 4},{n % 5 + 1},dark\n" for n in range(12))


@pytest.fixture
def service(tmp_path: Path) -> DatasetService:
    workspace = Workspace(tmp_path / "data")
    for name in ("tiny", "other"):
        workspace.add(make_dataset(name))
    return DatasetService(workspace, "tiny")


@pytest.fixture
def log(tmp_path: Path) -> Path:
    path = tmp_path / "log.csv"
    path.write_text(ROWS)
    return path


def test_a_damaged_data_set_is_listed_and_hides_no_other(service, tmp_path):
    (tmp_path / "data" / "datasets" / "other" / MANIFEST).write_text("{")
    damaged, whole = service.stored()
    assert (damaged.name, damaged.overview, bool(damaged.damage)) == ("other", None, True)
    assert (whole.name, whole.is_open) == ("tiny", True)


def test_a_table_without_known_columns_gives_its_columns_to_choose_from(service, log):
    draft = service.preview(NewDataset("new", str(log)))
    assert draft.preview is None
    assert draft.columns == ("who", "what", "stars", "mood")
    assert draft.problem
    mapped = service.preview(NewDataset("new", str(log), "", {"user": "who", "item": "what"}))
    assert mapped.preview is not None
    assert mapped.preview.overview.num_users == 3
    assert mapped.roles["rating"] == "stars"  # guessed
    assert mapped.roles["user"] == "who"
    assert len(mapped.preview.interactions) == 5


def test_nothing_is_stored_by_a_preview_and_all_by_adding(service, log):
    new = NewDataset("new", str(log), "", {"user": "who", "item": "what", "rating": ""})
    service.preview(new)
    assert [one.name for one in service.stored()] == ["other", "tiny"]
    assert service.add(new) == "new"
    (stored,) = (one for one in service.stored() if one.name == "new")
    assert stored.overview.rating_range is None


def test_a_catalogue_may_be_in_a_file_of_its_own(service, log, tmp_path):
    items = tmp_path / "films.csv"
    items.write_text("id,title\n" + "".join(f"film {n},The Film {n}\n" for n in range(4)))
    draft = service.preview(NewDataset("new", str(log), str(items), {"user": "who", "item": "what"}))
    assert draft.preview.items[0]["title"] == "The Film 0"
    assert {"who", "id", "title"} <= set(draft.columns)


def test_a_catalogue_whose_ids_have_an_unusual_name_is_read_once_they_are_named(service, log, tmp_path):
    items = tmp_path / "films.csv"
    items.write_text("Nr,Titel,Erscheinungsjahr\n" + "".join(f"film {n},The Film {n},199{n}\n" for n in range(4)))
    new = NewDataset("new", str(log), str(items), {"user": "who", "item": "what"})
    draft = service.preview(new)
    assert (draft.preview, draft.missing) == (None, "id")
    assert (draft.roles["user"], draft.roles["rating"], draft.roles["id"]) == ("who", "stars", "")
    assert draft.samples["Nr"] == ("film 0", "film 1", "film 2")
    draft = service.preview(replace(new, mapping={**new.mapping, "id": "Nr"}))
    assert draft.preview.items[0]["title"] == "The Film 0"
    assert (draft.roles["title"], draft.roles["year"]) == ("Titel", "Erscheinungsjahr")


def test_usual_names_in_other_languages_are_known_and_decimals_may_have_a_comma(service, tmp_path):
    log = tmp_path / "wertungen.csv"
    log.write_text("Nutzer;FilmNr;Sterne;Datum\nanna;1;4,5;31.12.2023\nbernd;2;3,0;30.12.2023\nbernd;1;2,5;1.1.2024\n")
    draft = service.preview(NewDataset("new", str(log)))
    assert [draft.roles[role] for role in ("user", "item", "rating", "time")] == ["Nutzer", "FilmNr", "Sterne", "Datum"]
    assert draft.preview.overview.rating_range == (2.5, 4.5)
    assert draft.samples["Sterne"] == ("4,5", "3,0", "2,5")


def test_what_is_not_there_is_said(service, tmp_path):
    with pytest.raises(DataError, match="nothing"):
        service.preview(NewDataset("new", str(tmp_path / "nothing.csv")))


def test_a_preview_can_be_cancelled(service, log):
    job = Job()
    job.cancel()
    with pytest.raises(CancelledError):
        service.preview(NewDataset("new", str(log), "", {"user": "who", "item": "what"}), job)


def test_the_demo_is_added_by_its_name(service):
    assert service.add(NewDataset("demo", "demo")) == "demo"
    with pytest.raises(DataError, match="when it is added"):
        service.preview(NewDataset("demo", "demo"))
    with pytest.raises(DataError, match="keeps its name"):
        service.add(NewDataset("mine", "ml-100k"))


def test_removing_renaming_and_restoring(service):
    with pytest.raises(DataError, match="is open"):
        service.remove("tiny")
    service.remove("other")
    assert service.removed() == ["other"]
    assert service.restore("other") == "other"
    assert service.rename("other", "another") == "another"
    assert [one.name for one in service.stored()] == ["another", "tiny"]


def test_paths_are_completed_folders_first(tmp_path):
    for name in ("Films", "films-old", ".hidden"):
        (tmp_path / name).mkdir()
    for name in ("films.csv", "films.py", "FILMS.parquet", "other.csv", ".secret.csv"):
        (tmp_path / name).touch()
    at = f"{tmp_path}/"
    assert complete_path(f"{at}fi") == [f"{at}Films/", f"{at}films-old/", f"{at}films.csv", f"{at}FILMS.parquet"]
    assert f"{at}.hidden/" not in complete_path(at)
    assert complete_path(f"{at}.") == [f"{at}.hidden/", f"{at}.secret.csv"]
    assert complete_path(f"{at}nothing/x") == []
    assert complete_path("a\0b") == []
    assert len(complete_path(at, 2)) == 2


def test_the_home_folder_is_written_as_typed(tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path))
    (tmp_path / "log.csv").touch()
    assert complete_path("~/lo") == ["~/log.csv"]


def test_published_names_are_completed(service):
    assert service.complete("ml-1") == ["ml-100k", "ml-1m"]


def test_dates_that_do_not_tell_their_order_are_asked_about(tmp_path: Path, service: DatasetService) -> None:
    log, more = tmp_path / "log.csv", tmp_path / "more.csv"
    log.write_text("user,item,rating,day\nu1,a,4,03/04/2024\nu2,b,5,05/06/2024\n")
    more.write_text("user,item,rating,day\nu3,a,4,07/08/2024\n")
    mapping = {"time": "day"}
    open_ = service.preview(NewDataset("dated", str(log), "", mapping))
    assert (open_.preview, open_.unclear_dates) == (None, ("day",))
    assert (open_.roles["user"], open_.roles["item"], open_.roles["time"]) == ("user", "item", "day")
    said = NewDataset("dated", str(log), "", mapping, day_first=True)
    draft = service.preview(said)
    assert draft.unclear_dates == ()
    assert draft.preview is not None
    assert draft.preview.interactions[0]["time"].startswith("2024-04-03")
    service.add(said)
    update = service.preview(NewDataset("dated", str(more), is_update=True, day_first=False))
    assert update.preview is not None
    assert update.unclear_dates == ()
