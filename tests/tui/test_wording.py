"""What a person at a terminal reads of an error: the engine's sentence, and the flag or command that helps."""

from __future__ import annotations

from pathlib import Path

import pytest

from engine.datasets import read
from engine.datasets.ingest import add
from engine.datasets.releases import RELEASES
from engine.errors import DataError, ErrorKind, LearningError, NotTrainedError, OptionError, RecsysError, UnknownError
from engine.workspace.dataset_store import Workspace
from tui.wording import describe, evaluate_command, train_command, unnamed_suggestions


def shown(**files: object) -> str:
    with pytest.raises(RecsysError) as caught:
        read("x", **files)  # type: ignore[arg-type]
    sentence = describe(caught.value)
    assert "\n" not in sentence
    assert sentence.endswith(".")
    assert ".." not in sentence
    return sentence


@pytest.fixture
def ratings(tmp_path: Path) -> Path:
    path = tmp_path / "data.csv"
    path.write_text("a,b\n1,2\n")
    return path


def test_an_error_without_a_kind_is_shown_as_it_is() -> None:
    assert describe(DataError("The disk is full.")) == "The disk is full."


def test_files_that_are_missing_or_too_many(tmp_path: Path, ratings: Path) -> None:
    assert "; name a file in it, or give" not in shown(ratings=ratings)
    assert "with --from" in shown(ratings=tmp_path)
    anime = shown(kind="anime")
    assert "--items anime.csv" in anime
    assert "--ratings rating.csv" in anime
    assert "--from" in anime
    for kind in ("movielens", "recbole", "table"):
        assert "--ratings" in shown(kind=kind)
    assert shown(kind="movies", items=ratings).endswith("give --links links.csv too.")
    assert shown(kind="movies", links=ratings).endswith("give --items movies_metadata.csv too.")
    assert "leave out --ratings, or name the folder with --from" in shown(kind="demo", ratings=ratings)


def test_what_kind_they_are(tmp_path: Path, ratings: Path) -> None:
    unclear = shown(ratings=ratings)
    assert "--kind" in unclear
    assert "--map" in unclear
    assert "movielens, movies, myanimelist" in shown(kind="movie", ratings=ratings)
    assert "--kind" in shown(kind="movie", ratings=ratings)
    assert "--kind table" in shown(kind="recbole", ratings=ratings)
    for name in ("a.inter", "b.inter"):
        (tmp_path / name).write_text("user_id:token\titem_id:token\n1\t2\n")
    assert shown(kind="recbole", source=tmp_path).endswith("name one of them with --ratings.")


def test_which_columns_a_table_has(ratings: Path) -> None:
    assert "--map, such as user=a,item=b" in shown(kind="table", ratings=ratings)
    assert "--map" in shown(kind="table", ratings=ratings, mapping={"usr": "a"})
    assert "--map" not in shown(kind="movielens", ratings=ratings)


def test_a_data_set_without_files_or_with_a_used_name(tmp_path: Path, ratings: Path) -> None:
    workspace = Workspace(tmp_path / "data")
    with pytest.raises(OptionError) as caught:
        add(workspace, "films")
    sentence = describe(caught.value)
    for word in ("--items", "--ratings", "--from", "demo", *RELEASES):
        assert word in sentence
    ratings.write_text("user,item\n1,2\n")
    add(workspace, "films", ratings=ratings)
    with pytest.raises(DataError) as taken:
        add(workspace, "films", ratings=ratings)
    assert describe(taken.value) == (
        "A data set named 'films' is already stored: choose another name, or add --replace."
    )
    with pytest.raises(RecsysError) as unknown:
        workspace.manifest("film")
    assert describe(unknown.value) == (
        "There is no data set named 'film' (there are films): `recsys-tui datasets add` adds one."
    )


@pytest.mark.parametrize(
    ("error", "remedy"),
    [
        (
            NotTrainedError("als is not trained yet.", kind=ErrorKind.UNTRAINED, name="als", dataset="films"),
            "als is not trained yet: `recsys-tui train als -d films` trains one.",
        ),
        (
            OptionError("No CUDA here.", kind=ErrorKind.NO_DEVICE, name="cuda", choices=("cpu", "auto")),
            "No CUDA here: use --device cpu or auto.",
        ),
        (
            DataError("x: get it.", kind=ErrorKind.NOT_DOWNLOADED, name="ml-1m", file="ml-1m.zip"),
            "x: get it; then run `recsys-tui datasets add ml-1m --from ml-1m.zip`.",
        ),
        (
            LearningError(
                "als needs 9 GB, and only 2 GB is free.",
                kind=ErrorKind.NOT_ENOUGH_MEMORY,
                suggestions=("embedding_dim=32", "double=false"),
                choices=("popular", "implicit"),
            ),
            "als needs 9 GB, and only 2 GB is free: add --set embedding_dim=32 or --set double=false, or train popular "
            "or implicit instead.",
        ),
        (
            OptionError("popular has none.", kind=ErrorKind.NOTHING_TO_TUNE, name="popular", dataset="films"),
            "popular has none: `recsys-tui train popular` is all there is to do.",
        ),
        (
            DataError("a.zip: is large; unpack it.", kind=ErrorKind.TOO_LARGE, file="a.zip"),
            "a.zip: is large; unpack it; --max-size 20GB would allow 20 GB.",
        ),
        (
            DataError("It needs psycopg.", kind=ErrorKind.MISSING_PACKAGE, name="psycopg"),
            'It needs psycopg: run `pip install "recsys-tui[database]"`, or `pip install psycopg` where recsys-tui was '
            "installed from a checkout.",
        ),
        (
            DataError("/mnt: there is no such folder.", kind=ErrorKind.STORAGE_FAILED, file="/mnt"),
            "/mnt: there is no such folder; --storage names another place.",
        ),
        (
            RecsysError("Tuning needs optuna.", kind=ErrorKind.MISSING_PACKAGE, name="optuna"),
            'Tuning needs optuna: run `pip install "recsys-tui[tune]"`, or `pip install optuna` where recsys-tui was '
            "installed from a checkout.",
        ),
    ],
)
def test_remedies(error: RecsysError, remedy: str) -> None:
    assert describe(error) == remedy


def test_every_kind_of_error_can_be_described_with_the_fewest_facts() -> None:
    for kind in ErrorKind:
        assert describe(RecsysError("It failed.", kind=kind)).startswith("It failed")


def test_commands_are_quoted_for_a_shell() -> None:
    options = {"n_iter": 3, "loss": "bpr"}
    assert train_command("als", "films", {}) == "recsys-tui train als -d films"
    assert train_command("als", "films", options) == "recsys-tui train als -d films --set 'n_iter=3 loss=bpr'"
    assert evaluate_command("als", "films", options, "user", 7) == (
        "recsys-tui evaluate als -d films --protocol user --seed 7 --set 'n_iter=3 loss=bpr'"
    )


def test_a_suggestion_is_said_once() -> None:
    assert unnamed_suggestions(UnknownError("There is no title like 'haet'.", ("Heat", "Hate"))) == ("Heat", "Hate")
    assert unnamed_suggestions(UnknownError("There is no title like 'haet'; closest: Heat.", ("Heat",))) == ()
    assert unnamed_suggestions(UnknownError("There is no user 7.")) == ()


def test_a_sentence_with_its_remedy_is_short_whatever_is_named_in_it(tmp_path: Path) -> None:
    (tmp_path / "log.csv").write_text(f"{'[' * 3000},{'{' * 3000}\n1,2\n")
    sentence = shown(kind="table", ratings=tmp_path / "log.csv")
    assert "such as 'user=#1,item=#2'" in sentence
    assert len(sentence) <= 400
    error = DataError("x" * 390, kind=ErrorKind.UNCLEAR_KIND)
    assert len(describe(error)) == 400
    assert describe(error).endswith("or another kind by --kind.")


def test_what_is_said_in_the_app_names_no_flag_that_it_does_not_have() -> None:
    from tui.wording import _REMEDIES, _REMEDIES_IN_APP

    assert set(_REMEDIES_IN_APP) <= set(_REMEDIES)
    taken = DataError("A data set named 'films' is already stored.", kind=ErrorKind.DATASET_EXISTS)
    assert describe(taken).endswith("add --replace.")
    assert "--" not in describe(taken, in_app=True)
    assert "remove or rename that one" in describe(taken, in_app=True)
    kinds = (ErrorKind.MISSING_COLUMN, ErrorKind.UNCLEAR_KIND, ErrorKind.UNCLEAR_DATES, ErrorKind.FILE_EXISTS)
    for kind in kinds:
        assert "--" not in describe(DataError("It is so.", kind=kind, name="table"), in_app=True)
