"""Exports: what the models answer as files, whole whatever happens, and never of two models."""

from __future__ import annotations

import csv
import dataclasses
import json
import re
import shutil
import xml.etree.ElementTree
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from pyarrow import parquet

from engine.data.bins import Bin
from engine.data.dataset import Dataset
from engine.data.profile import Doubt, profile_of
from engine.data.results import FitReport, Overview
from engine.errors import CancelledError, DataError, ErrorKind, NotTrainedError, OptionError, UnsupportedError
from engine.runtime.job import Job, Progress
from engine.session import Session, Target
from engine.session.exports import lists
from engine.session.exports.report_page import report_page
from engine.storage.partial_result import PartialResult
from engine.workspace.dataset_store import Workspace
from tests.engine.conftest import make_dataset
from tests.engine.evaluation.test_runner import USERS, make
from tests.engine.search.fakes import FakeEncoder, vector_of

FORMATS = [".csv", ".jsonl", ".parquet"]
QUICK = {"embedding_dim": 4, "n_iter": 2}


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A workspace with two trained models, which each test gets a copy of."""
    folder = tmp_path_factory.mktemp("trained") / "data"
    Workspace(folder).add(make())
    session = Session(Workspace(folder), "made", device="cpu")
    session.models.train("als", QUICK)
    session.models.train("markov", {})
    return folder


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    workspace = Workspace(tmp_path / "data")
    workspace.add(make())
    return workspace


@pytest.fixture
def session(trained: Path, tmp_path: Path) -> Session:
    shutil.copytree(trained, tmp_path / "data")
    return Session(Workspace(tmp_path / "data"), "made", device="cpu")


@pytest.fixture
def small_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lists, "BLOCK_LISTS", 7)


def rows_of(path: Path) -> list[dict[str, Any]]:
    if path.suffix == ".parquet":
        found: list[dict[str, Any]] = parquet.read_table(path).to_pylist()
        return found
    if path.suffix == ".jsonl":
        return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    with open(path, encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def stop_after(done: int) -> Job:
    """A job that is cancelled as soon as so many lists are done."""

    def on_progress(progress: Progress) -> None:
        if progress.total and progress.done >= done:
            job.cancel()

    job = Job(on_progress)
    return job


@pytest.mark.parametrize("ending", FORMATS)
def test_recommendations_are_those_that_each_user_gets(session: Session, tmp_path: Path, ending: str) -> None:
    done = session.exports.recommendations(Target(tmp_path / f"r{ending}"), 3)
    rows = rows_of(tmp_path / f"r{ending}")
    assert (done.rows, done.lists, done.empty, done.model) == (len(rows), USERS, 0, "als")
    for user in (0, 11):
        found = [row for row in rows if int(row["user"]) == user]
        results = session.users.recommend(user, 3, "als").results
        assert [int(row["item_id"]) for row in found] == [result.item.item_id for result in results]
        assert [int(row["rank"]) for row in found] == [1, 2, 3]
        assert [row["title"] for row in found] == [result.item.title for result in results]
        assert all(not row["predicted_rating"] for row in found), "als predicts no ratings"


def test_predicted_ratings_are_on_the_scale_of_the_data(session: Session, tmp_path: Path) -> None:
    session.models.train("explicit", QUICK)
    session.exports.recommendations(Target(tmp_path / "r.parquet"), 4, "explicit", users=[3], filter_seen=False)
    results = session.users.recommend(3, 4, "explicit", filter_seen=False).results
    rows = rows_of(tmp_path / "r.parquet")
    assert [row["item_id"] for row in rows] == [result.item.item_id for result in results]
    expected = [result.predicted_rating for result in results]
    np.testing.assert_allclose([row["predicted_rating"] for row in rows], expected, rtol=1e-4)


def test_next_items_follow_the_whole_history(session: Session, tmp_path: Path) -> None:
    done = session.exports.next_items(Target(tmp_path / "n.parquet"), 2, users=[5, 2])
    rows = rows_of(tmp_path / "n.parquet")
    assert done.model == "markov"
    assert [row["user"] for row in rows] == [5, 5, 2, 2]
    history = [entry.item.internal_id for entry in reversed(session.users.history(5))]
    results = session.sequences.next_items(history, 2, "markov").results
    assert [row["item_id"] for row in rows[:2]] == [result.item.item_id for result in results]
    expected = [result.probability for result in results]
    np.testing.assert_allclose([row["probability"] for row in rows[:2]], expected, rtol=1e-4)


def test_neighbours_name_both_items(session: Session, tmp_path: Path) -> None:
    done = session.exports.neighbours(Target(tmp_path / "n.csv"), 2)
    rows = rows_of(tmp_path / "n.csv")
    assert done.lists == session.data.dataset.num_rated_items
    assert list(rows[0]) == ["item_id", "title", "rank", "neighbour_id", "neighbour_title", "score"]
    recommender = session.models.recommender("als")
    first = [row for row in rows if row["item_id"] == "4"]
    assert [row["title"] for row in first] == ["title 4"] * 2
    assert [int(row["neighbour_id"]) for row in first] == [
        result.item.item_id for result in recommender.similar_items(4, 2)
    ]


@pytest.mark.parametrize("ending", FORMATS)
def test_an_interrupted_export_goes_on_and_ends_with_the_same_bytes(
    session: Session, tmp_path: Path, small_blocks: None, ending: str
) -> None:
    whole, path = tmp_path / f"whole{ending}", tmp_path / f"r{ending}"
    session.exports.recommendations(Target(whole), 3)
    with pytest.raises(CancelledError):
        session.exports.recommendations(Target(path), 3, job=stop_after(20))
    assert not path.exists()
    assert session.exports.kept_after_interruption(path) == tmp_path / f".r{ending}.unfinished"
    said: list[str] = []
    done = session.exports.recommendations(Target(path), 3, job=Job(lambda progress: said.append(progress.stage)))
    assert done.continued == 21, "three whole blocks of seven"
    assert f"going on after 21 of {USERS} users" in said
    assert not done.discarded
    assert path.read_bytes() == whole.read_bytes()
    assert {one.name for one in tmp_path.iterdir()} == {"data", whole.name, path.name}


def test_a_damaged_block_is_computed_again(session: Session, tmp_path: Path, small_blocks: None) -> None:
    session.exports.recommendations(Target(tmp_path / "whole.csv"), 3)
    with pytest.raises(CancelledError):
        session.exports.recommendations(Target(tmp_path / "r.csv"), 3, job=stop_after(20))
    block = tmp_path / ".r.csv.unfinished" / "block-000000.npz"
    block.write_bytes(block.read_bytes()[:-40])
    assert session.exports.recommendations(Target(tmp_path / "r.csv"), 3).continued == 14
    assert (tmp_path / "r.csv").read_bytes() == (tmp_path / "whole.csv").read_bytes()


def again(session: Session, path: Path, **options: Any) -> Any:
    return session.exports.recommendations(Target(path), **{"k": 3, "job": None, **options})


@pytest.mark.parametrize(
    "change",
    [
        lambda session: session.models.train("als", {**QUICK, "n_iter": 3}),
        lambda session: session.workspace.add(make(seed=1), replace=True) and session.models.train("als", QUICK),
    ],
    ids=["another model", "other data"],
)
def test_lists_of_two_models_are_never_mixed(
    session: Session, tmp_path: Path, small_blocks: None, change: Callable[[Session], object]
) -> None:
    path = tmp_path / "r.csv"
    with pytest.raises(CancelledError):
        again(session, path, job=stop_after(20))
    change(session)
    second = Session(session.workspace, "made", device="cpu")
    if not any(state.trained for state in second.models.states("user")):
        second.models.train("als", QUICK)
    done = again(second, path)
    assert done.discarded
    assert done.continued == 0
    again(second, tmp_path / "fresh.csv")
    assert path.read_bytes() == (tmp_path / "fresh.csv").read_bytes()


@pytest.mark.parametrize("other", [{"k": 4}, {"filter_seen": False}, {"users": [*range(USERS - 1)]}])
def test_other_options_begin_anew(session: Session, tmp_path: Path, small_blocks: None, other: dict[str, Any]) -> None:
    with pytest.raises(CancelledError):
        again(session, tmp_path / "r.csv", job=stop_after(20))
    assert again(session, tmp_path / "r.csv", **other).discarded
    assert not list(tmp_path.glob(".r.csv*"))


def test_the_format_may_change_when_an_export_goes_on(session: Session, tmp_path: Path, small_blocks: None) -> None:
    """The ending belongs to the name, so another format is another file, which begins anew and disturbs nothing."""
    with pytest.raises(CancelledError):
        again(session, tmp_path / "r.csv", job=stop_after(20))
    assert again(session, tmp_path / "r.parquet").continued == 0
    assert again(session, tmp_path / "r.csv").continued == 21


def test_a_small_export_keeps_nothing(session: Session, tmp_path: Path) -> None:
    with pytest.raises(CancelledError):
        again(session, tmp_path / "r.csv", job=stop_after(0))
    assert session.exports.kept_after_interruption(tmp_path / "r.csv") is None
    assert {one.name for one in tmp_path.iterdir()} == {"data"}


def test_lists_are_no_longer_than_the_catalogue(session: Session, tmp_path: Path) -> None:
    done = again(session, tmp_path / "r.csv", k=10_000, users=[0], filter_seen=False)
    assert 0 < done.rows <= session.data.dataset.num_items


def test_no_user_and_users_who_know_everything_make_no_rows(workspace: Workspace, tmp_path: Path) -> None:
    session = Session(workspace, "made", device="cpu")
    session.models.train("popular", {})
    done = session.exports.recommendations(Target(tmp_path / "r.csv"), 3, users=[])
    assert (done.rows, done.lists, done.empty) == (0, 0, 0)
    assert (tmp_path / "r.csv").read_text() == "user,rank,item_id,title,score,predicted_rating\n"


@pytest.mark.parametrize("ending", [".txt", "", ".npy", ".csv.gz"])
def test_an_ending_that_is_no_format_is_refused(session: Session, tmp_path: Path, ending: str) -> None:
    with pytest.raises(OptionError, match=r"must end in \.csv, \.jsonl or \.parquet"):
        again(session, tmp_path / f"r{ending}")


def test_an_existing_file_is_replaced_only_on_request(session: Session, tmp_path: Path) -> None:
    path = tmp_path / "r.csv"
    path.write_text("mine")
    with pytest.raises(DataError, match="exists already") as caught:
        again(session, path)
    assert caught.value.kind is ErrorKind.FILE_EXISTS
    assert path.read_text() == "mine"
    session.exports.recommendations(Target(path, replace=True), 1)
    assert len(rows_of(path)) == USERS

    (tmp_path / "v.ids.csv").write_text("mine")
    with pytest.raises(DataError, match=r"v\.ids\.csv: exists already"):
        session.exports.factors(Target(tmp_path / "v.npy"))


def test_the_file_behind_a_link_is_replaced(session: Session, tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "r.csv").symlink_to(tmp_path / "elsewhere" / "real.csv")
    again(session, tmp_path / "r.csv")
    assert (tmp_path / "r.csv").is_symlink()
    assert (tmp_path / "elsewhere" / "real.csv").is_file()


@pytest.mark.parametrize(
    "name", ["no/folder/r.csv", "folder.csv", "nul\0.csv", "loop.csv", "x" * 300 + ".csv", "x" * 245 + ".csv"]
)
def test_a_place_that_cannot_be_written_is_named_before_the_work(session: Session, tmp_path: Path, name: str) -> None:
    (tmp_path / "folder.csv").mkdir()
    (tmp_path / "loop.csv").symlink_to(tmp_path / "loop.csv")
    with pytest.raises(DataError) as caught:
        again(session, tmp_path / name, job=Job(lambda progress: pytest.fail(f"began {progress.stage}")))
    assert str(caught.value).endswith(".")
    assert len(str(caught.value)) <= 400


def test_what_killed_exports_left_is_cleared_and_other_files_stay(session: Session, tmp_path: Path) -> None:
    for name in (".r.csv.0123abcd.part", ".other.csv.0123abcd.part"):
        (tmp_path / name).write_text("rest")
    again(session, tmp_path / "r.csv")
    assert {one.name for one in tmp_path.iterdir()} == {"data", "r.csv", ".other.csv.0123abcd.part"}


@pytest.mark.parametrize("ending", [".npy", ".jsonl", ".parquet"])
@pytest.mark.parametrize("side", ["items", "users"])
def test_predictions_follow_from_exported_factors(session: Session, tmp_path: Path, ending: str, side: Any) -> None:
    session.models.train("svd", QUICK)
    path = tmp_path / f"v{ending}"
    done = session.exports.factors(Target(path), "svd", side)
    factors = session.models.recommender("svd").model.factors()
    expected = (factors.items[1:], factors.item_biases[1:]) if side == "items" else (factors.users, factors.user_biases)
    if ending == ".npy":
        assert done.files == (str(path), str(tmp_path / "v.ids.csv"))
        rows = rows_of(tmp_path / "v.ids.csv")
        vectors = np.load(path, allow_pickle=False)
        assert [int(row["row"]) for row in rows] == list(range(len(vectors)))
    else:
        rows = rows_of(path)
        vectors = np.array([row["vector"] for row in rows], np.float32)
    np.testing.assert_array_equal(vectors, expected[0])
    np.testing.assert_array_equal(np.array([row["bias"] for row in rows], np.float32), expected[1])
    assert done.about["offset"] == factors.offset
    dataset = session.data.dataset
    ids = dataset.users.ids if side == "users" else dataset.items.id_map.ids[: len(rows)]
    assert [int(row["user" if side == "users" else "item_id"]) for row in rows] == ids.tolist()


def test_embeddings_have_a_row_for_each_item(
    workspace: Workspace, dataset: Dataset, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    workspace.add(dataset)
    session = Session(workspace, "tiny", device="cpu")
    monkeypatch.setattr(type(session.search), "_encoder", FakeEncoder())
    done = session.exports.embeddings(Target(tmp_path / "e.npy"))
    vectors = np.load(tmp_path / "e.npy", allow_pickle=False)
    assert (done.rows, done.model) == (5, "fake")
    np.testing.assert_allclose(vectors, [vector_of(text) for text in dataset.items.texts()], rtol=1e-5)
    assert [row["item_id"] for row in rows_of(tmp_path / "e.ids.csv")] == list(dataset.items.id_map.ids)

    session.exports.embeddings(Target(tmp_path / "e.parquet"))
    table = parquet.read_table(tmp_path / "e.parquet")
    assert table.schema.field("vector").type == pa.list_(pa.float32(), vectors.shape[1])
    np.testing.assert_array_equal(np.stack(table.column("vector").to_numpy()), vectors)


@pytest.mark.parametrize("ending", [".json", ".csv", ".jsonl", ".parquet"])
def test_reports_say_how_each_model_was_trained(session: Session, tmp_path: Path, ending: str) -> None:
    path = tmp_path / f"r{ending}"
    session.exports.reports(Target(path))
    rows = json.loads(path.read_text()) if ending == ".json" else rows_of(path)
    assert [row["model"] for row in rows] == ["als", "markov"]
    assert all(row["trained_at"] for row in rows)
    options = rows[0]["options"]
    assert (json.loads(options) if isinstance(options, str) else options)["n_iter"] == 2
    assert not any("path" in row for row in rows)


@pytest.mark.parametrize("ending", [".html", ".md"])
def test_a_report_for_people_is_one_page_of_the_data_and_the_evaluations(
    session: Session, tmp_path: Path, ending: str
) -> None:
    session.models.evaluate("popular")
    path = tmp_path / f"r{ending}"
    session.exports.reports(Target(path))
    text = path.read_text(encoding="utf-8")
    for words in ("users", "Trained models", "als", "markov", "popular (run", "ndcg@10"):
        assert words in text
    assert "<script" not in text
    assert not re.search(r"(src|href)=|@import|url\(", text), "nothing is loaded from elsewhere"
    if ending == ".html":
        assert text.count("<svg") == text.count("</svg>") > 2
        xml.etree.ElementTree.fromstring(re.search(r"<svg.*?</svg>", text, re.DOTALL)[0])


def test_no_text_of_the_data_is_obeyed_by_a_page() -> None:
    nasty = "<script>alert(1)</script> [x](javascript:y) \"'&"
    overview = Overview("n", nasty, "table", False, 1, 1, 1, 1, (1.0, 5.0), True)
    found = profile_of(make_dataset())
    found = dataclasses.replace(found, doubts=(Doubt("x", 1, 1, nasty),), ratings=(Bin(nasty, 1),))
    page = report_page(".html", overview, found, [(FitReport(nasty, "n", None, 1, {}, {}, None), None)], [])
    assert "<script" not in page
    markdown = report_page(".md", overview, found, [], [])
    assert "<script" not in markdown
    assert not re.search(r"(?<!\\)\]\(", markdown)


def test_a_model_that_cannot_do_it_is_refused_in_one_sentence(session: Session, tmp_path: Path) -> None:
    with pytest.raises(UnsupportedError, match=r"markov cannot give vectors of users and items; .*als.* can\."):
        session.exports.factors(Target(tmp_path / "v.npy"), "markov")
    with pytest.raises(UnsupportedError, match="markov cannot compare items"):
        session.exports.neighbours(Target(tmp_path / "n.csv"), 3, "markov")
    with pytest.raises(UnsupportedError, match="popular cannot compare items"):
        session.exports.neighbours(Target(tmp_path / "n.csv"), 3, "popular")  # which is not trained either
    assert {one.name for one in tmp_path.iterdir()} == {"data"}


def test_what_could_be_trained_is_named_where_nothing_is(workspace: Workspace, tmp_path: Path) -> None:
    session = Session(workspace, "made", device="cpu")
    session.models.train("popular", {})
    calls: list[Callable[[], object]] = [
        lambda: session.exports.factors(Target(tmp_path / "v.npy")),
        lambda: session.exports.neighbours(Target(tmp_path / "n.csv")),
        lambda: session.exports.next_items(Target(tmp_path / "n.csv")),
        lambda: session.exports.recommendations(Target(tmp_path / "r.csv"), 3, "als"),
    ]
    for call in calls:
        with pytest.raises(NotTrainedError) as caught:
            call()
        assert caught.value.kind is ErrorKind.UNTRAINED
        assert caught.value.dataset == "made"


def test_a_damaged_model_is_passed_over_with_a_note(session: Session, tmp_path: Path) -> None:
    session.models.train("svd", QUICK)
    (session.workspace.model_folder("made", "svd") / "model.safetensors").write_bytes(b"spoilt")
    done = session.exports.recommendations(Target(tmp_path / "r.csv"), 1)
    assert done.model == "als"
    assert "svd" in done.note


def test_a_plan_says_what_the_numbers_depend_on(session: Session, tmp_path: Path, small_blocks: None) -> None:
    with pytest.raises(CancelledError):
        again(session, tmp_path / "r.csv", job=stop_after(20))
    plan = json.loads((PartialResult(tmp_path / "r.csv", {}).folder / "plan.json").read_text())
    assert {"model", "checksum", "data", "device", "program", "ids", "k", "batch", "filter_seen"} <= plan.keys()
