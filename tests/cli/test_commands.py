"""The commands on a small table: what they print, where, and with which exit status."""

from __future__ import annotations

import io
import json
import sys
from pathlib import Path

import pytest

from tests.engine.search.fakes import save_tiny_model

from .conftest import Run


def test_paths_are_all_under_the_home(run: Run, home: Path) -> None:
    places = json.loads(run("paths", "--json").out)
    assert set(places) == {"config", "data", "cache", "state", "log", "reports"}
    assert all(place.startswith(str(home)) for place in places.values())
    assert str(home / "data") in run("paths").out


def test_add_info_list_and_remove(run: Run, films: str) -> None:
    info = json.loads(run("datasets", "info", films, "--json").out)
    assert {"name", "kind", "num_users", "num_items", "num_interactions", "skipped", "source"} <= set(info)
    assert (info["num_users"], info["num_items"], info["num_interactions"]) == (4, 5, 9)
    assert [one["name"] for one in json.loads(run("datasets", "list", "--json").out)] == ["films"]
    assert "films" in run("datasets", "list").out
    assert run("datasets", "remove", films).status == 0
    assert json.loads(run("datasets", "list", "--json").out) == []


def test_a_data_set_is_renamed_removed_and_restored(run: Run, films: str) -> None:
    assert json.loads(run("datasets", "rename", films, "movies", "--json").out)["name"] == "movies"
    assert json.loads(run("datasets", "remove", "movies", "--json").out) == {"removed": "movies", "for_good": False}
    assert [one["name"] for one in json.loads(run("datasets", "trash", "--json").out)] == ["movies"]
    assert "movies" in run("datasets", "trash").out
    assert json.loads(run("datasets", "restore", "movies", "--as", "films", "--json").out)["name"] == "films"
    assert [one["name"] for one in json.loads(run("datasets", "list", "--json").out)] == ["films"]
    missing = run("datasets", "restore", "movies")
    assert missing.status == 1
    assert "the trash is empty" in missing.err
    run("datasets", "remove", films)
    assert run("datasets", "trash", "--empty").status == 0
    assert json.loads(run("datasets", "trash", "--json").out) == []


def test_info_has_the_profile_on_request(run: Run, films: str) -> None:
    assert "profile" not in json.loads(run("datasets", "info", films, "--json").out)
    for _ in range(2):  # computed, and then read from its file
        profile = json.loads(run("datasets", "info", films, "--profile", "--json").out)["profile"]
        assert {"ratings", "times", "users", "items", "popular", "unpopular", "doubts", "sparsity"} <= set(profile)
        assert sum(one["count"] for one in profile["ratings"]) == profile["num_ratings"] == 9
    shown = run("datasets", "info", films, "--profile").out
    for words in ("Density: 56.250%", "Most popular", "median", "━━━"):
        assert words in shown


def test_a_taken_name_needs_replace(run: Run, films: str, files: tuple[Path, Path]) -> None:
    ratings, items = files
    again = ("datasets", "add", films, "--ratings", ratings, "--items", items)
    refused = run(*again)
    assert refused.status == 1
    assert "--replace" in refused.err
    assert run(*again, "--replace").status == 0


def test_keyword_search_needs_no_embeddings(run: Run, films: str) -> None:
    results = json.loads(run("search", "solaris", "--mode", "keyword", "--json").out)
    assert results[0]["item_id"] == "solaris"
    assert {"rank", "item_id", "title", "score", "year", "genres", "metadata"} <= set(results[0])
    assert results[0]["reason"] == "the title"
    assert "Why" in run("search", "solaris", "--mode", "keyword").out


def test_search_wants_one_kind_of_question(run: Run, films: str) -> None:
    assert run("search").status == 2
    assert run("search", "robots", "--queries", "-").status == 2
    assert run("search", "robots", "--by", "taste").status == 2


def test_an_untrained_model_is_said_with_the_command_that_trains_it(run: Run, films: str) -> None:
    for words in (("recommend", "ann"), ("next", "Alien")):
        outcome = run(*words)
        assert outcome.status == 1
        assert "recsys-tui train" in outcome.err
        assert outcome.out == ""


def test_train_then_recommend_what_is_unseen(run: Run, films: str) -> None:
    report = json.loads(run("train", "explicit", "--set", "n_iter=2", "--json").out)
    assert report["model"] == "explicit"
    assert report["seconds"]["fit"] >= 0
    assert Path(report["path"]).is_dir()

    results = json.loads(run("recommend", "ann", "--json").out)
    assert [result["item_id"] for result in results] == ["stalker"]
    assert 2 <= results[0]["predicted_rating"] <= 5
    assert len(json.loads(run("recommend", "ann", "--include-seen", "--json").out)) == 4

    assert results[0]["std"] is None
    assert "because of" in results[0]["reason"]
    assert run("train", "bayesian", "--set", "n_iter=4 burn_in=1").status == 0
    assert json.loads(run("recommend", "ann", "--model", "bayesian", "--json").out)[0]["std"] > 0
    assert "±" in run("recommend", "ann", "--model", "bayesian").out

    listed = {one["name"]: one for one in json.loads(run("models", "list", "--json").out)}
    assert listed["explicit"]["trained"]
    assert listed["explicit"]["datasets"] == ["films"]
    assert not listed["sequence"]["trained"]


def test_a_dry_run_says_the_memory_and_trains_nothing(run: Run, films: str) -> None:
    said = json.loads(run("train", "als", "--dry-run", "--json").out)
    assert said["model"] == "als"
    assert said["dataset"] == films
    assert said["needed"] > 0
    assert said["fits"] is True
    assert said["settings"] == said["models"] == []
    larger = json.loads(run("train", "als", "--set", "embedding_dim=4096", "--dry-run", "--json").out)
    assert larger["needed"] > said["needed"]
    text = run("train", "als", "--dry-run").out
    assert "needs" in text
    assert "free" in text
    listed = {one["name"]: one for one in json.loads(run("models", "list", "--json").out)}
    assert not listed["als"]["trained"]
    assert run("train", "als", "--set", "nonsense=1", "--dry-run").status == 2


def test_a_training_that_cannot_fit_is_refused_in_one_sentence(
    run: Run, films: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("engine.runtime.memory.available", lambda device=None: 17_000_000)
    outcome = run("train", "als", "--set", "embedding_dim=100000")
    assert outcome.status == 1
    assert outcome.out == ""
    sentence = outcome.err.strip().splitlines()[-1]
    assert "needs about" in sentence
    assert "17 MB is free" in sentence
    assert "--set embedding_dim=" in sentence
    assert len(sentence) <= 400
    dry = run("train", "als", "--set", "embedding_dim=100000", "--dry-run")
    assert dry.status == 0
    assert "does not fit: add --set embedding_dim=" in dry.out


def test_train_then_tell_what_comes_next(run: Run, films: str) -> None:
    assert run("train", "sequence", "--set", "n_iter=2").status == 0
    outcome = run("next", "alein", "solaris", "--json")
    results = json.loads(outcome.out)
    assert {result["item_id"] for result in results} == {"heat", "stalker"}
    assert sum(result["probability"] for result in results) <= 1 + 1e-6
    assert "taken as Alien" in outcome.err


def test_by_its_text_an_item_that_nobody_rated_is_recommended_and_gone_on_from(run: Run, films: str) -> None:
    assert run("train", "attention", "-d", films, "--set", "texts=true n_iter=2", "--device", "cpu").status == 0
    following = json.loads(run("next", "Solaris", "-d", films, "--model", "attention", "--json").out)
    assert {result["item_id"] for result in following} == {"alien", "heat", "stalker", "primer"}
    assert run("next", "Primer", "-d", films, "--model", "attention").status == 0
    assert run("train", "markov", "-d", films).status == 0
    assert "nobody has rated it" in run("next", "Primer", "-d", films, "--model", "markov").err


def test_a_title_nobody_rated_is_said_to_be_so(run: Run, films: str) -> None:
    outcome = run("next", "Primer")
    assert outcome.status == 1
    assert "nobody has rated it" in outcome.err


@pytest.mark.parametrize(
    ("words", "status", "said"),
    [
        (("recommend", "nobody"), 1, "nobody"),
        (("next", "Zzzzzz"), 1, "Zzzzzz"),
        (("search", ""), 1, "empty"),
        (("search", "x", "-d", "nowhere"), 1, "no data set named 'nowhere'"),
        (("search", "x", "--queries", "y"), 2, "or else --queries"),
        (("train", "nonsense"), 1, "nonsense"),
        (("train", "explicit", "--set", "nonsense=1"), 2, "nonsense"),
        (("train", "explicit", "--set", "n_iter=many"), 2, "n_iter"),
        (("train", "explicit", "--set", "n_iter"), 2, "KEY=VALUE"),
        (("evaluate", "explicit", "--protocol", "psychic"), 2, "psychic"),
        (("datasets", "info", "nowhere"), 1, "nowhere"),
        (("datasets", "add", "../x"), 1, "cannot be a data set's name"),
        (("datasets", "add", "unheard-of"), 2, "unheard-of"),
        (("frobnicate",), 2, "frobnicate"),
    ],
)
def test_what_cannot_be_served_gets_one_plain_sentence(
    run: Run, films: str, words: tuple[str, ...], status: int, said: str
) -> None:
    outcome = run(*words)
    assert outcome.status == status
    assert said in outcome.err
    assert "Traceback" not in outcome.err
    assert outcome.out == ""


@pytest.mark.parametrize("query", ["🤖" * 3, "word " * 2000, "\x1b[31mred\x07"])
def test_odd_queries_are_answered(run: Run, films: str, query: str) -> None:
    outcome = run("search", query, "--mode", "keyword", "--json")
    assert outcome.status == 0
    assert isinstance(json.loads(outcome.out), list)


def test_data_never_reaches_the_terminal_as_commands(run: Run, tmp_path: Path) -> None:
    items = tmp_path / "items.csv"
    items.write_text("id,title,text\n1,\x1b[31mred\x07,red film\n")
    assert run("datasets", "add", "nasty", "--items", items).status == 0
    outcome = run("search", "red", "--mode", "keyword")
    assert outcome.status == 0
    assert "\x1b" not in outcome.out + outcome.err
    assert "\x07" not in outcome.out + outcome.err


def test_evaluate_says_protocol_seed_and_metrics(run: Run, films: str) -> None:
    outcome = run("evaluate", "explicit", "--protocol", "random", "--seed", 3, "--set", "n_iter=2", "--json")
    assert outcome.status == 0, outcome.err
    report = json.loads(outcome.out)
    assert {"model", "dataset", "protocol", "seed", "metrics", "seconds", "num_test"} <= set(report)
    assert report["seed"] == 3
    assert report["num_test"] == 2
    assert {"rmse", "mae"} <= set(report["metrics"])
    assert set(report["seconds"]) == {"fit", "evaluate"}


@pytest.mark.parametrize("fault", ["missing", "folder", "empty", "column", "rating", "encoding"])
def test_bad_files_leave_nothing_behind(run: Run, tmp_path: Path, home: Path, fault: str) -> None:
    path = tmp_path / "bad.csv"
    match fault:
        case "folder":
            path.mkdir()
        case "empty":
            path.touch()
        case "column":
            path.write_text("who,what,how\n1,2,3\n")
        case "rating":
            path.write_text("user,item,rating\n1,2,good\n")
        case "encoding":
            path.write_bytes(b"user,item,rating\nJos\x8f,2,3\n")
    outcome = run("datasets", "add", "bad", "--kind", "table", "--ratings", path)
    assert outcome.status == 1
    assert "bad.csv" in outcome.err
    assert outcome.err.strip().count("\n") == 0 or fault in ("rating", "encoding")
    assert json.loads(run("datasets", "list", "--json").out) == []
    assert not list((home / "data").rglob("*.parquet"))


def test_a_nan_rating_and_a_duplicate_pair_are_left_out_and_counted(run: Run, tmp_path: Path) -> None:
    path = tmp_path / "ratings.csv"
    path.write_text("user,item,rating,timestamp\n1,2,NaN,1\n1,3,4,2\n1,3,5,3\n2,3,1,4\n")
    outcome = run("datasets", "add", "odd", "--kind", "table", "--ratings", path, "--json")
    assert outcome.status == 0, outcome.err
    info = json.loads(outcome.out)
    assert info["num_interactions"] == 2
    assert sum(info["skipped"].values()) == 2


def test_models_are_listed_before_there_is_any_data_and_beside_a_damaged_set(run: Run, home: Path, films: str) -> None:
    (home / "data" / "datasets" / films / "manifest.json").write_text("{")
    outcome = run("models", "list", "--json")
    assert outcome.status == 0
    assert "damaged" in outcome.err
    assert {"explicit", "sequence"} <= {model["name"] for model in json.loads(outcome.out)}
    outcome = run("models", "list", "--json")  # now nothing is stored at all
    assert (outcome.status, outcome.err) == (0, "")
    assert not any(model["trained"] or model["datasets"] for model in json.loads(outcome.out))


def test_negative_ids_are_no_options(run: Run, tmp_path: Path) -> None:
    path = tmp_path / "ratings.csv"
    path.write_text("user,item,rating,time\n-1,-5,3,1\n-1,2,4,2\n2,-5,5,1\n2,3,1,2\n")
    assert run("datasets", "add", "below", "--ratings", path).status == 0
    assert run("train", "explicit", "--set", "n_iter=1").status == 0
    outcome = run("recommend", "-1", "-d", "below", "-k", "1", "--json")
    assert outcome.status == 0, outcome.err
    assert [one["item_id"] for one in json.loads(outcome.out)] == [3]
    assert run("recommend", "--", "-1").status == 0
    assert run("recommend", "-1", "-k", "-5").status == 2
    assert run("recommend", "--bogus").status == 2
    assert "recsys-tui train" in run("next", "-5", "2").err  # both were found


def test_what_is_wrong_with_a_search_is_said_before_anything_is_embedded(
    run: Run, films: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("engine.session.search.SearchService.embed", lambda *_: pytest.fail("this takes minutes"))
    assert "no item 'nothing'" in run("search", "--like", "nothing").err
    assert run("search", "--like", "alien", "--mode", "keyword").status == 2
    for name in (tmp_path, tmp_path / "missing.txt"):
        outcome = run("search", "--queries", name)
        assert outcome.status == 1
        assert f"{name}: cannot be read" in outcome.err


def test_a_blank_query_line_has_an_empty_list_of_its_own(run: Run, films: str, tmp_path: Path) -> None:
    queries = tmp_path / "queries.txt"
    queries.write_bytes("\ufeffalien\r\n\r\nheat".encode())
    outcome = run("search", "--queries", queries, "--mode", "keyword", "-k", "1")
    assert [[one["item_id"] for one in json.loads(line)] for line in outcome.out.splitlines()] == [
        ["alien"],
        [],
        ["heat"],
    ]
    queries.write_bytes(b"alien\ncaf\xe9\n")
    outcome = run("search", "--queries", queries, "--mode", "keyword")
    assert outcome.status == 1
    assert "not UTF-8" in outcome.err


def test_many_queries_are_answered_as_each_alone_is(run: Run, films: str, tmp_path: Path) -> None:
    lines = ["robots " * number + "in space" for number in range(1, 40)]
    queries = tmp_path / "queries.txt"
    queries.write_text("\n".join(lines))
    options = ("--mode", "semantic", "-k", "2", "--embedding-model", save_tiny_model(tmp_path / "model"))
    together = run("search", "--queries", queries, *options)
    assert together.status == 0
    answers = [[one["item_id"] for one in json.loads(line)] for line in together.out.splitlines()]
    assert len(answers) == len(lines)
    for place in (0, 20, 38):
        alone = json.loads(run("search", lines[place], *options, "--json").out)
        assert [one["item_id"] for one in alone] == answers[place]


def test_the_embedding_model_is_the_one_asked_for_else_the_one_set(
    run: Run, films: str, home: Path, tmp_path: Path
) -> None:
    asked, chosen = save_tiny_model(tmp_path / "asked", 1), save_tiny_model(tmp_path / "chosen", 2)
    (home / "config").mkdir(parents=True, exist_ok=True)
    (home / "config" / "config.toml").write_text(f"embedding-model = '{chosen}'")
    for options in ((), ("--embedding-model", asked)):
        assert run("search", "alien", "--mode", "semantic", *options).status == 0
    manifests = sorted((home / "data").rglob("embeddings/*/manifest.json"))
    models = {json.loads(path.read_text())["model"]["name"] for path in manifests}
    assert models == {str(asked), str(chosen)}

    outcome = run("search", "alien", "--embedding-model", "nobody/knows-it", "--mode", "semantic")
    assert outcome.status == 1
    assert "'nobody/knows-it' is not on this machine" in outcome.err


def test_a_model_without_ratings_shows_its_scores(run: Run, films: str) -> None:
    assert run("train", "implicit", "--set", "n_iter=1").status == 0
    assert "Score" in run("recommend", "cyd").out
    assert json.loads(run("recommend", "cyd", "--json").out)[0]["predicted_rating"] is None


def test_a_seed_that_no_generator_takes_is_wrong_usage(run: Run, films: str) -> None:
    assert run("train", "explicit", "--seed", "99999999999999999999").status == 2
    assert run("evaluate", "explicit", "--seed", "-1").status == 2


def test_a_number_that_is_none_is_null_in_json(capsys: pytest.CaptureFixture[str]) -> None:
    from tui.output import print_json

    print_json({"rmse": float("nan"), "values": [1.5, float("inf")]})
    assert json.loads(capsys.readouterr().out) == {"rmse": None, "values": [1.5, None]}


def test_of_equal_titles_the_more_popular_is_found_first(run: Run, tmp_path: Path) -> None:
    ratings, items = tmp_path / "ratings.csv", tmp_path / "items.csv"
    ratings.write_text("user,item,rating\n1,first,3\n1,second,4\n2,second,4\n")
    items.write_text("id,title\nfirst,Hamlet\nsecond,Hamlet\n")
    assert run("datasets", "add", "danes", "--ratings", ratings, "--items", items).status == 0
    found = json.loads(run("search", "hamlet", "--mode", "keyword", "--json").out)
    assert [one["item_id"] for one in found] == ["second", "first"]


def test_the_model_that_answers_is_named_beside_json_too(run: Run, films: str) -> None:
    assert run("train", "implicit", "--set", "n_iter=1").status == 0
    outcome = run("recommend", "ann", "--json")
    assert json.loads(outcome.out)
    assert outcome.err == "by implicit\n"


def test_a_narrow_window_cuts_titles_but_no_ids_or_figures(monkeypatch: pytest.MonkeyPatch) -> None:
    from rich.console import Console

    from tui import output

    monkeypatch.setattr("rich.console.Console", lambda **_: Console(width=40, color_system=None, file=sys.stdout))
    written = io.StringIO()
    monkeypatch.setattr(sys, "stdout", written)
    row = ("1", "A title of a length that no narrow window has room for", "an-id-to-copy")
    output.print_table(("#", "Title", "Id"), [row], cut=(1,), right=(0,))
    line = written.getvalue().splitlines()[-1]
    assert line.startswith("1 ")
    assert "an-id-to-copy" in line
    assert "…" in line


def found(outcome: object) -> list[str]:
    return [result["item_id"] for result in json.loads(outcome.out)]  # type: ignore[attr-defined]


def test_filters_on_the_command_line(run: Run, films: str) -> None:
    def search(*words: str) -> list[str]:
        return found(run("search", *words, "--mode", "keyword", "--json"))

    assert search("genre:crime") == ["heat"]
    assert set(search('genre:"science fiction"', "-genre:horror")) == {"solaris", "stalker", "primer"}
    assert search("-genre:horror", "a", "crew", "year:<1990") == []
    assert search("men", "-k", "1", "year:1979..1980") == ["stalker"]
    assert set(search("rating:>=4", "year:1970s")) == {"solaris", "alien", "stalker"}


def test_a_wrong_filter_is_explained_before_anything_is_embedded(
    run: Run, films: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("engine.session.search.SearchService.embed", lambda *_: pytest.fail("this takes minutes"))
    outcome = run("search", "monster", "gerne:horror")
    assert outcome.status in (1, 2)
    assert outcome.out == ""
    assert "There is no field 'gerne' to filter by: perhaps genre?" in outcome.err
    assert "perhaps Horror?" in run("search", "genre:horor").err
    assert found(run("search", "genre:crime", "--json")) == ["heat"]  # nor do filters alone need it


def test_a_line_with_a_wrong_filter_does_not_stop_the_other_lines(run: Run, films: str, tmp_path: Path) -> None:
    queries = tmp_path / "queries.txt"
    queries.write_text("planet genre:sience\ngenre:horror\n")
    outcome = run("search", "--queries", queries, "--mode", "keyword", "-k", "1")
    assert [[one["item_id"] for one in json.loads(line)] for line in outcome.out.splitlines()] == [[], ["alien"]]
    assert "line 1: No item has genre:sience" in outcome.err
    assert "1 of 2 lines could not be understood" in outcome.err
    assert outcome.status == 2


def test_items_like_another_by_taste_need_no_embedding(run: Run, films: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("engine.session.search.SearchService.embed", lambda *_: pytest.fail("this takes minutes"))
    outcome = run("search", "--like", "alien", "--by", "taste", "--json")
    assert found(outcome) == ["solaris"]
    assert "by taste" in outcome.err
    assert found(run("search", "--like", "alien", "--by", "taste", "--json", "genre:crime")) == []


def test_a_model_that_is_not_there_takes_nothing_away_but_the_meaning(run: Run, films: str) -> None:
    def search(*words: str) -> object:
        return run("search", *words, "--embedding-model", "nosuch", "--json")

    by_words = search("planet", "--mode", "keyword")
    assert found(by_words) == ["solaris"]
    assert "nosuch" not in by_words.err  # type: ignore[attr-defined]
    joined = search("planet")
    assert found(joined) == ["solaris"]
    assert "By keyword only: The embedding model 'nosuch' is not on this machine" in joined.err.replace("by k", "By k")  # type: ignore[attr-defined]
    assert found(search("--like", "alien", "--by", "taste")) == ["solaris"]
    refused = search("planet", "--mode", "semantic")
    assert refused.status == 1  # type: ignore[attr-defined]
    assert refused.err.count("nosuch") == 1  # type: ignore[attr-defined]


def test_where_there_is_no_room_genres_and_reasons_are_left_out(monkeypatch: pytest.MonkeyPatch) -> None:
    from rich.console import Console

    from tui import output

    rows = [("1", "A title of a length that is not unusual", "Drama, Comedy", "an-id-as-long-as-they-are", "why it is")]
    for width, left in ((120, "Genres Why"), (79, "Why"), (60, ""), (45, "")):
        written = io.StringIO()
        narrow = Console(width=width, color_system=None, file=written)
        monkeypatch.setattr("rich.console.Console", lambda narrow=narrow, **_: narrow)
        output.print_table(("#", "Title", "Genres", "Id", "Why"), rows, cut=(1, 2, 4), right=(0,), spare=(2, 4))
        heading = written.getvalue().splitlines()[0].split()
        assert [one for one in heading if one in ("Genres", "Why")] == left.split()
        assert "Title" in heading


def test_an_empty_list_says_why(run: Run, tmp_path: Path) -> None:
    ratings, items = tmp_path / "seen.csv", tmp_path / "items.csv"
    ratings.write_text("user,item,rating\nann,1,5\nann,2,3\nbob,1,4\n")
    items.write_text("item,title,year\n1,Alpha,1999\n2,Beta,2001\n")
    assert run("datasets", "add", "seen", "--ratings", ratings, "--items", items).status == 0
    assert run("train", "baseline", "-d", "seen").status == 0
    outcome = run("recommend", "ann", "-d", "seen")
    assert outcome.status == 0
    assert "ann already knows every item" in outcome.err
    assert "--include-seen" in outcome.err
    as_json = run("recommend", "ann", "-d", "seen", "--json")
    assert as_json.out.strip() == "[]"
    assert "already knows every item" in as_json.err
    outcome = run("search", "year:1999 -year:1999", "-d", "seen", "--mode", "keyword")
    assert "no item fits all of year" in outcome.err
    outcome = run("search", "zzzz", "-d", "seen", "--mode", "keyword")
    assert "no item has words like 'zzzz'" in outcome.err


def test_further_titles_outlive_a_replaced_data_set_and_info_names_their_file(
    run: Run, films: str, files: tuple[Path, Path], home: Path
) -> None:
    info = json.loads(run("datasets", "info", films, "--json").out)
    assert (info["aliases"], info["synonyms"]) == (None, None)
    (aliases,) = (Path(line.split("read from ")[1]) for line in run("datasets", "info", films).out.splitlines()
                  if "further titles would be" in line)  # fmt: skip
    synonyms = home / "config" / "synonyms.toml"
    synonyms.parent.mkdir(parents=True, exist_ok=True)
    synonyms.write_text('groups = [["film", "movie"]]')
    aliases.write_text("item,alias\n")
    ratings, items = files
    assert run("datasets", "add", films, "--ratings", ratings, "--items", items, "--replace").status == 0
    info = json.loads(run("datasets", "info", films, "--json").out)
    assert (info["aliases"], info["synonyms"]) == (str(aliases), str(synonyms))
    assert f"further titles are read from {aliases}" in run("datasets", "info", films).out


@pytest.mark.parametrize(
    "words", [("search", "monster"), ("recommend", "ann"), ("search", "monster", "--mode", "keyword")]
)
@pytest.mark.parametrize("place", [0, -1])
def test_a_device_that_is_not_there_is_refused(
    run: Run, films: str, monkeypatch: pytest.MonkeyPatch, words: tuple[str, ...], place: int
) -> None:
    import torch

    assert run("train", "ease", "-d", films).status == 0
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    given = ("--device", "cuda")
    refused = run(*given, *words, "-d", films) if place == 0 else run(*words, "-d", films, *given)
    assert (refused.status, refused.out) == (2, "")
    assert refused.err == "This machine has no CUDA device that torch can use: use --device cpu or auto.\n"
    assert run(*words, "-d", films).status == 0
