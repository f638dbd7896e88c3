"""The export commands: files for other programs, and one document about what was written."""

from __future__ import annotations

import csv
import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from engine.models import list_ranker
from engine.session.exports import lists
from tests.cli.conftest import ITEMS, RATINGS, Run
from tui.cli import main
from tui.spreadsheet import defused

FORMULA = '=HYPERLINK("http://pwned.example")'


@pytest.fixture(scope="module")
def trained_home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home with the small table and two trained models, which each test gets a copy of."""
    home, folder = tmp_path_factory.mktemp("home"), tmp_path_factory.mktemp("files")
    (folder / "ratings.csv").write_text(RATINGS)
    (folder / "items.csv").write_text(ITEMS)
    files = ("--ratings", str(folder / "ratings.csv"), "--items", str(folder / "items.csv"))
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("RECSYS_TUI_HOME", str(home))
        assert main(["datasets", "add", "films", "--kind", "table", *files]) == 0
        assert main(["train", "als", "-d", "films", "--set", "n_iter=2"]) == 0
        assert main(["train", "markov", "-d", "films", "--set", "lags=2"]) == 0
    return home


@pytest.fixture
def trained(trained_home: Path, home: Path) -> str:
    shutil.copytree(trained_home, home, dirs_exist_ok=True)
    return "films"


def rows_of(path: Path) -> list[dict[str, str]]:
    with open(path, encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


@pytest.mark.parametrize(
    ("what", "name", "model", "rows"),
    [
        ("recommendations", "x.csv", "als", 7),
        ("next", "x.jsonl", "markov", 7),
        ("neighbours", "x.parquet", "als", None),
        ("model", "x.npy", "als", 4),
        ("report", "x.json", None, 2),
    ],
)
def test_json_says_what_was_written(
    run: Run, trained: str, tmp_path: Path, what: str, name: str, model: str | None, rows: int | None
) -> None:
    outcome = run("export", what, "-d", trained, "--out", tmp_path / name, "--json")
    assert outcome.status == 0, outcome.err
    said = json.loads(outcome.out)
    assert (said["kind"], said["dataset"], said["model"]) == (what, trained, model)
    assert said["path"] == said["files"][0] == str(tmp_path / name)
    assert all(Path(file).is_file() for file in said["files"])
    assert said["format"] == name.partition(".")[2]
    assert rows in (None, said["rows"])


def test_a_person_reads_one_line(run: Run, trained: str, tmp_path: Path) -> None:
    outcome = run("export", "recommendations", "-d", trained, "--out", tmp_path / "r.csv", "-k", 1)
    assert outcome.out == f"{tmp_path / 'r.csv'}: 4 rows of 4 users, by als\n"
    assert [row["user"] for row in rows_of(tmp_path / "r.csv")] == ["ann", "bob", "cyd", "dan"]


def test_users_come_from_a_file_or_standard_input(run: Run, process: Run, trained: str, tmp_path: Path) -> None:
    (tmp_path / "users.txt").write_text("\ufeffdan\r\n\nann\r\ndan\n")
    words = ("export", "recommendations", "-d", trained, "-k", 1)
    outcome = run(*words, "--users", tmp_path / "users.txt", "--out", tmp_path / "r.csv")
    assert outcome.status == 0
    assert "every user is exported once; 1 lines repeat an id" in outcome.err
    assert [row["user"] for row in rows_of(tmp_path / "r.csv")] == ["dan", "ann"]
    outcome = process(*words, "--users", "-", "--out", tmp_path / "s.csv", stdin="cyd\n")
    assert outcome.status == 0, outcome.err
    assert [row["user"] for row in rows_of(tmp_path / "s.csv")] == ["cyd"]


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"ann\nzoe\n", "line 2: there is no user 'zoe' in this data set."),
        (b"\n \n", "holds no ids of users; write one on each line."),
        (b"ann\n\xff\n", "line 2: is not UTF-8 text; save it as UTF-8."),
    ],
)
def test_a_wrong_file_of_users_is_refused_with_its_line(
    run: Run, trained: str, tmp_path: Path, content: bytes, sentence: str
) -> None:
    (tmp_path / "users.txt").write_bytes(content)
    words = ("export", "next", "-d", trained, "--users", tmp_path / "users.txt", "--out", tmp_path / "n.csv")
    outcome = run(*words)
    assert outcome.status == 1
    assert outcome.err.endswith(f"{sentence}\n")
    assert not (tmp_path / "n.csv").exists()


@pytest.mark.parametrize(
    ("words", "status", "sentence"),
    [
        (("recommendations", "--out", "{}/r.txt"), 2, "must end in .csv, .jsonl or .parquet"),
        (("recommendations", "--out", "{}/no/r.csv"), 1, "does not exist: create it first."),
        (("recommendations", "--out", "{}/there.csv"), 1, "choose another name, or add --replace."),
        (("model", "--out", "{}/v.csv"), 2, "must end in .jsonl, .npy or .parquet"),
        (("model", "--out", "{}/v.npy", "-m", "markov"), 1, "markov cannot give vectors of users and items"),
        (("neighbours", "--out", "{}/n.csv", "-m", "markov"), 1, "markov cannot compare items"),
        (("next", "--out", "{}/n.csv", "-m", "als"), 1, "answers another kind of question"),
        (("recommendations", "--out", "{}/r.csv", "-m", "svd"), 1, "`recsys-tui train svd -d films` trains one."),
        (("recommendations", "--out", "{}/r.csv", "-m", "nosuch"), 1, "nosuch"),
        (("recommendations",), 2, "Missing option '--out'"),
        (("embeddings", "--out", "{}/e.npy", "-k", "3"), 2, "No such option"),
    ],
)
def test_what_cannot_be_is_refused_in_one_sentence(
    run: Run, trained: str, tmp_path: Path, words: tuple[str, ...], status: int, sentence: str
) -> None:
    (tmp_path / "there.csv").write_text("mine")
    outcome = run("export", *(word.format(tmp_path) for word in words), "-d", trained)
    assert outcome.status == status
    assert sentence in outcome.err
    assert outcome.out == ""
    assert (tmp_path / "there.csv").read_text() == "mine"
    assert {one.name for one in tmp_path.iterdir()} == {"there.csv"}


def test_a_spreadsheet_runs_no_cell_of_an_export(run: Run, tmp_path: Path) -> None:
    ratings, items = tmp_path / "ratings.csv", tmp_path / "items.csv"
    with open(ratings, "w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["user", "item", "rating", "timestamp"])
        writer.writerows((user, item, 1 + item, item) for user in ("@ann", "-5", "bob") for item in range(3))
    with open(items, "w", newline="") as file:
        csv.writer(file).writerows([["id", "title"], ["0", FORMULA], ["1", "\t=1+1"], ["2", "Heat"]])
    assert run("datasets", "add", "hostile", "--kind", "table", "--ratings", ratings, "--items", items).status == 0
    assert run("train", "als", "-d", "hostile", "--set", "n_iter=1").status == 0
    calls = {
        "r.csv": ("recommendations", "--include-seen"),
        "n.csv": ("neighbours",),
        "v.npy": ("model",),
        "report.csv": ("report",),
    }
    for name, (what, *words) in calls.items():
        assert run("export", what, *words, "-d", "hostile", "--out", tmp_path / name).status == 0
    for name in ("r.csv", "n.csv", "v.ids.csv", "report.csv"):
        cells = [cell for row in rows_of(tmp_path / name) for cell in row.values()]
        assert cells
        assert all(defused(cell) == cell for cell in cells)
    assert {row["user"] for row in rows_of(tmp_path / "r.csv")} == {"'@ann", "-5", "bob"}
    assert f"'{FORMULA}" in {row["title"] for row in rows_of(tmp_path / "r.csv")}

    words = ("export", "recommendations", "--include-seen", "-d", "hostile", "--raw-cells", "--replace")
    assert run(*words, "--out", tmp_path / "r.csv").status == 0
    assert {row["user"] for row in rows_of(tmp_path / "r.csv")} == {"@ann", "-5", "bob"}
    assert FORMULA in {row["title"] for row in rows_of(tmp_path / "r.csv")}


def test_an_interrupt_ends_with_130_and_says_what_is_kept(
    run: Run, trained: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lists, "BLOCK_LISTS", 1)
    words = ("export", "recommendations", "-d", trained, "--out", tmp_path / "r.csv", "-k", 1)
    compute, computed = list_ranker.rank_block, []

    def interrupted(*given: object) -> object:
        computed.append(given)
        if len(computed) == 3:
            raise KeyboardInterrupt
        return compute(*given)  # type: ignore[arg-type]

    monkeypatch.setattr(list_ranker, "rank_block", interrupted)
    outcome = run(*words)
    assert outcome.status == 130
    kept = tmp_path / ".r.csv.unfinished"
    assert f"What was computed is kept in {kept}: the same command goes on with it." in outcome.err
    assert not (tmp_path / "r.csv").exists()

    outcome = run(*words)
    assert outcome.status == 0
    assert "2 of 4 users were taken over from an interrupted export." in outcome.err
    assert len(rows_of(tmp_path / "r.csv")) == 4
    assert not kept.exists()


def test_the_example_of_the_guide_ranks_as_the_model_does(
    run: Run, trained: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    for side in ("items", "users"):
        assert run("export", "model", "-d", trained, "-m", "als", "--of", side, "--out", f"{side}.parquet").status == 0
    page = Path(__file__).parents[2] / "docs" / "export.md"
    names: dict[str, Any] = {}
    exec(page.read_text(encoding="utf-8").partition("```python\n")[2].partition("```")[0], names)
    outcome = run("recommend", names["users"]["user"][0], "-d", trained, "-m", "als", "--include-seen", "--json")
    expected = [result["item_id"] for result in json.loads(outcome.out)]
    assert [names["items"]["item_id"][int(row)].as_py() for row in names["best"]] == expected
