"""Updates: what is appended to a stored data set, and what of it still serves."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from engine.datasets import read
from engine.datasets.build.merge import merge
from engine.datasets.ingest import add, update
from engine.errors import DataError, ErrorKind, OptionError, RecsysError
from engine.session import Session
from engine.session.exports.target import Target
from engine.what_if import Edit
from engine.workspace.dataset_store import Workspace

ITEMS = (
    "sku,name,about\n10,Ten,ten things\n11,Eleven,eleven\n12,Twelve,twelve\n13,Thirteen,unrated\n14,Fourteen,unrated\n"
)
LOG = "uid,sku,stars,seconds\n1,10,4,1500000000\n1,11,5,1500000001\n2,10,3,1500000002\n2,12,2,1500000003\n"
NEW = (
    "uid,sku,stars,seconds\n"
    "1,10,2,1600000000\n"  # changed
    "2,12,2,1600000001\n"  # repeated
    "2,10,1,1400000000\n"  # older than what is stored
    "3,13,5,1600000002\n"  # a new user, and an item that nobody had rated
    "3,99,5,1600000003\n"  # an item that is not in the catalogue
    "3,,5,1600000004\n"
)
MAPPING = {"user": "uid", "rating": "stars", "time": "seconds", "text": ["name", "about"]}


@pytest.fixture
def files(tmp_path: Path) -> Path:
    for name, text in (("items", ITEMS), ("log", LOG), ("new", NEW)):
        (tmp_path / f"{name}.csv").write_text(text)
    return tmp_path


@pytest.fixture
def workspace(files: Path) -> Workspace:
    workspace = Workspace(files / "data")
    add(workspace, "shop", ratings=files / "log.csv", items=files / "items.csv", mapping=MAPPING)
    return workspace


def _log(workspace: Workspace) -> list[tuple[Any, ...]]:
    log, _ = workspace.open("shop").to_pandas()
    return sorted(zip(log["user"], log["item"], log["rating"], strict=True))


def test_what_is_new_is_appended_and_the_latest_rating_counts(workspace: Workspace, files: Path) -> None:
    before = workspace.open("shop")
    done, overview = update(workspace, "shop", ratings=files / "new.csv")
    after = workspace.open("shop")
    assert _log(workspace) == [(1, 10, 2), (1, 11, 5), (2, 10, 3), (2, 12, 2), (3, 13, 5), (3, 99, 5)]
    assert (done.added, done.changed, done.repeated, done.outdated) == (2, 1, 1, 1)
    assert (done.new_users, done.new_items, overview.num_interactions) == (1, 1, 6)
    assert after.skipped == {"no item id": 1}
    # What was known keeps its number, and the facts of an item are those of the catalogue.
    assert after.users.ids[:2].tolist() == before.users.ids.tolist()
    assert after.items.id_map.ids[:3].tolist() == before.items.id_map.ids[:3].tolist()
    assert after.items.titles() == ["Ten", "Eleven", "Twelve", "Thirteen", "99", "Fourteen"]
    assert after.user_updates is not None
    assert after.user_updates.tolist() == [1, 1, 1]
    assert workspace.manifest("shop").updates == (done,)


def test_an_update_gives_what_reading_all_at_once_gives(workspace: Workspace, files: Path) -> None:
    update(workspace, "shop", ratings=files / "new.csv")
    (files / "all.csv").write_text(LOG + NEW.partition("\n")[2])
    add(workspace, "whole", ratings=files / "all.csv", items=files / "items.csv", mapping=MAPPING)
    whole, items = workspace.open("whole").to_pandas()
    rows = sorted(zip(whole["user"], whole["item"], whole["rating"], strict=True))
    assert rows == _log(workspace)
    updated = workspace.open("shop").to_pandas()[1]
    columns = ["title", "text"]
    assert updated.set_index("id")[columns].to_dict() == items.set_index("id")[columns].to_dict()


def test_items_get_new_facts_and_the_others_keep_theirs(workspace: Workspace, files: Path) -> None:
    (files / "more.csv").write_text("sku,name,about\n11,Eleven again,eleven\n14,Fourteen,unrated\n15,Fifteen,new\n")
    done, _ = update(workspace, "shop", items=files / "more.csv")
    assert (done.new_items, done.changed_items, done.added) == (1, 1, 0)
    assert workspace.open("shop").items.titles() == ["Ten", "Eleven again", "Twelve", "Thirteen", "Fourteen", "Fifteen"]


def test_titles_in_a_log_take_no_facts_from_the_catalogue(workspace: Workspace, files: Path) -> None:
    (files / "titled.csv").write_text("uid,sku,title,stars,seconds\n3,10,Ten,5,1600000000\n3,98,New,5,1600000001\n")
    before = workspace.open("shop").items.texts()[0]
    done, _ = update(workspace, "shop", ratings=files / "titled.csv")
    items = workspace.open("shop").items
    assert (done.changed_items, done.new_items) == (0, 1)
    assert items.texts()[0] == before == "Ten. ten things"
    assert "New" in items.titles()


def test_items_meet_the_catalogue_as_numbers_as_in_the_log_that_it_was_read_with(files: Path) -> None:
    (files / "items.csv").write_text("sku,title\n007,Seven\n008,Eight\nx9,Nine\n")
    (files / "log.csv").write_text("user_id,sku,rating,timestamp\n1,7,4,1500000000\n")
    workspace = Workspace(files / "data")
    add(workspace, "shop", ratings=files / "log.csv", items=files / "items.csv")
    (files / "new.csv").write_text("user_id,sku,rating,timestamp\n2,7,4,1600000000\n2,8,4,1600000001\n")
    done, _ = update(workspace, "shop", ratings=files / "new.csv")
    assert done.new_items == 0
    assert workspace.open("shop").items.titles() == ["Seven", "Eight", "Nine"]
    assert "2 item ids meet the catalogue" in str(workspace.manifest("shop").source["notes"])


@pytest.mark.parametrize(
    ("log", "said"),
    [
        ("u9,c,3\nu8,b,1\n", []),
        ("u9,c,3\nu8,f,1\n", ["1 items of the interactions are not in the catalogue, of 2; their id is their title."]),
        ("u9,c,3\nu8,x,1\n", ["1 items of the interactions are not in the catalogue, of 2; their id is their title."]),
        (
            "u9,x,3\n",
            [
                "WARNING: none of the 1 items of the interactions is in the catalogue, which has ids such as e, while "
                "the interactions have x; another column may hold the ids."
            ],
        ),
    ],
)
def test_items_of_the_stored_catalogue_are_known_to_an_update(tmp_path: Path, log: str, said: list[str]) -> None:
    for name, text in (
        ("k", "user,item,rating\nu1,a,3\nu2,b,4\nu2,f,1\n"),
        ("ki", "id,title\na,Apple\nb,Bean\nc,Corn\n"),
        ("k3", f"user,item,rating\n{log}"),
        ("ki3", "id,title\ne,Egg\n"),
    ):
        (tmp_path / f"{name}.csv").write_text(text)
    workspace = Workspace(tmp_path / "data")
    add(workspace, "k", ratings=tmp_path / "k.csv", items=tmp_path / "ki.csv")
    before = workspace.manifest("k").source["notes"]
    done, _ = update(workspace, "k", ratings=tmp_path / "k3.csv", items=tmp_path / "ki3.csv")
    assert [note for note in done.notes if "catalogue" in note] == said
    assert workspace.manifest("k").source["notes"] == [*before, *done.notes]


def test_nothing_changes_where_it_is_only_tried(workspace: Workspace, files: Path) -> None:
    before = workspace.manifest("shop")
    _, overview = update(workspace, "shop", ratings=files / "new.csv", store=False)
    assert overview.num_users == 3
    assert workspace.manifest("shop") == before


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("uid,sku,seconds\n1,10,1600000000\n", "stars"),
        ("uid,sku,stars\n1,10,3\n", "seconds"),
        ("uid,sku,stars,seconds\nanna,10,3,1600000000\n", "text in what is to be appended, such as 'anna'"),
        ("uid,sku,stars,seconds\n", "no rows"),
    ],
)
def test_a_file_that_does_not_fit_changes_nothing(workspace: Workspace, files: Path, text: str, said: str) -> None:
    (files / "bad.csv").write_text(text)
    before = workspace.manifest("shop")
    with pytest.raises(DataError, match=said):
        update(workspace, "shop", ratings=files / "bad.csv")
    assert workspace.manifest("shop") == before


def test_the_demo_and_an_update_without_files_are_refused(workspace: Workspace, files: Path) -> None:
    add(workspace, "demo")
    with pytest.raises(DataError, match="simulated"):
        update(workspace, "demo", ratings=files / "new.csv")
    with pytest.raises(OptionError, match="No file"):
        update(workspace, "shop")


def test_another_change_meanwhile_is_not_lost(
    workspace: Workspace, files: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened = Workspace.open

    def open_late(self: Workspace, name: str) -> Any:
        found = opened(self, name)
        monkeypatch.setattr(Workspace, "open", opened)
        update(workspace, "shop", ratings=files / "new.csv")
        return found

    monkeypatch.setattr(Workspace, "open", open_late)
    with pytest.raises(DataError, match="changed meanwhile"):
        update(workspace, "shop", ratings=files / "log.csv")
    assert len(_log(workspace)) == 6


def test_models_of_before_go_on_and_new_ratings_are_folded_in(workspace: Workspace, files: Path) -> None:
    for model in ("als", "popular"):
        Session(workspace, "shop", device="cpu").models.train(model)
    before = Session(workspace, "shop", device="cpu").users.recommend(2, 3, "als")
    (files / "one.csv").write_text("uid,sku,stars,seconds\n1,12,2,1600000000\n3,10,5,1600000002\n3,99,5,1600000003\n")
    update(workspace, "shop", ratings=files / "one.csv")
    session = Session(workspace, "shop", device="cpu")
    state = {one.name: one for one in session.models.states()}["als"]
    assert (state.trained, state.before_update) == (True, True)
    unchanged = session.users.recommend(2, 3, "als")
    assert [(one.item.item_id, one.score) for one in unchanged.results] == [
        (one.item.item_id, one.score) for one in before.results
    ]
    assert unchanged.note == "als is from before the last update"
    new = session.users.recommend(3, 3, "als")
    assert {one.item.item_id for one in new.results} == {11, 12}
    assert "folded in" in new.note
    with pytest.raises(RecsysError, match="trained before anybody rated '99'"):
        session.users.explain(3, 99, "als")
    session.models.train("als")
    assert not Session(workspace, "shop", device="cpu").users.recommend(3, 3, "als").note


def test_what_an_update_leaves_out_and_does_not_use_is_told(workspace: Workspace, files: Path) -> None:
    text = "uid,sku,stars,seconds,mood\n4,10,5,1600000009,good\n4,,5,1600000010,bad\n"
    (files / "more.csv").write_text(text)
    done, _ = update(workspace, "shop", ratings=files / "more.csv")
    assert done.counts() == {"new interaction": 1, "new user": 1, "rows left out (no item id)": 1}
    assert any("not used: mood" in note for note in done.notes)
    assert workspace.manifest("shop").updates == (done,)


def test_an_update_whose_columns_are_called_otherwise_is_refused(workspace: Workspace, files: Path) -> None:
    (files / "more.csv").write_text("uid,sku,score,seconds\n4,10,5,1600000009\n")
    with pytest.raises(
        DataError, match=r"no column 'stars'.*: the columns of an update are called as those of 'shop'\.$"
    ):
        update(workspace, "shop", ratings=files / "more.csv")


def test_a_strength_weighs_the_same_in_the_data_set_and_in_its_updates(tmp_path: Path) -> None:
    log = "user,item,plays\na,x,1\na,y,10\nb,x,100\n"
    more = "user,item,plays\nc,x,10\nc,y,1000\nc,z,10\n"
    for name, text in (("log", log), ("more", more)):
        (tmp_path / f"{name}.csv").write_text(text)
    workspace = Workspace(tmp_path / "data")
    roles = {"user": "user", "item": "item", "weight": "plays"}
    add(workspace, "songs", ratings=tmp_path / "log.csv", mapping=roles)
    update(workspace, "songs", ratings=tmp_path / "more.csv")
    stored = workspace.open("songs")
    weights = stored.interactions.weights
    assert weights is not None
    users, items = (
        stored.users.ids[stored.interactions.user_ids],
        stored.items.id_map.ids[stored.interactions.item_ids - 1],
    )
    of = {pair: float(weight) for *pair, weight in zip(users, items, weights, strict=True) for pair in [tuple(pair)]}
    assert of["c", "x"] == pytest.approx(of["a", "y"])
    assert of["c", "z"] == pytest.approx(of["a", "y"])
    assert of["c", "y"] > of["b", "x"]


def test_lists_for_all_are_not_made_by_a_model_that_lacks_interactions(workspace: Workspace, files: Path) -> None:
    Session(workspace, "shop", device="cpu").models.train("als")
    (files / "one.csv").write_text("uid,sku,stars,seconds\n1,12,2,1600000000\n")
    update(workspace, "shop", ratings=files / "one.csv")
    exports = Session(workspace, "shop", device="cpu").exports
    with pytest.raises(RecsysError, match="does not know all of its users, items and interactions"):
        exports.recommendations(Target(files / "lists.csv"), model="als")
    assert not (files / "lists.csv").exists()


def test_vectors_of_a_model_of_before_are_those_of_the_users_that_it_knows(workspace: Workspace, files: Path) -> None:
    Session(workspace, "shop", device="cpu").models.train("als")
    update(workspace, "shop", ratings=files / "new.csv")
    exports = Session(workspace, "shop", device="cpu").exports
    written = exports.factors(Target(files / "users.parquet"), "als", "users")
    assert (written.rows, written.note) == (2, "als is from before the last update")
    assert exports.factors(Target(files / "items.parquet"), "als", "items").rows == 3


def test_a_profile_with_an_item_that_is_new_to_the_model_is_continued(workspace: Workspace, files: Path) -> None:
    Session(workspace, "shop", device="cpu").models.train("markov")
    update(workspace, "shop", ratings=files / "new.csv")
    session = Session(workspace, "shop", device="cpu")
    known, new, other = (session.data.dataset.items.id_map.encode_one(one) for one in (10, 13, 11))
    session.me.rate(known, 5.0)
    session.me.rate(new, 4.0)
    assert {one.item.item_id for one in session.own_answers.next_items(3, "markov").results} <= {11, 12}
    assert session.own_answers.next_what_if([Edit(other)], 3, "markov").method == "markov"
    with pytest.raises(RecsysError, match="trained before anybody rated"):
        session.own_answers.next_what_if([Edit(new)], 3, "markov")


def test_a_sequence_with_an_item_that_is_new_to_the_model_is_continued(workspace: Workspace, files: Path) -> None:
    Session(workspace, "shop", device="cpu").models.train("markov")
    update(workspace, "shop", ratings=files / "new.csv")
    session = Session(workspace, "shop", device="cpu")
    known, new = (session.data.dataset.items.id_map.encode_one(one) for one in (10, 13))
    answer = session.sequences.next_items([known, new], 3, "markov")
    assert [one.item.item_id for one in answer.results] == [
        one.item.item_id for one in session.sequences.next_items([known], 3, "markov").results
    ]
    assert answer.note == "markov is from before the last update and does not know 1 of the 2 items, which is left out"
    with pytest.raises(RecsysError, match="trained before anybody rated"):
        session.sequences.next_items([new], 3, "markov")


def test_a_model_of_before_several_updates_folds_in_all_of_them(workspace: Workspace, files: Path) -> None:
    Session(workspace, "shop", device="cpu").models.train("als")
    for number, user in enumerate((1, 2)):
        (files / "one.csv").write_text(f"uid,sku,stars,seconds\n{user},13,2,{1600000000 + number}\n")
        update(workspace, "shop", ratings=files / "one.csv")
        if number == 0:
            Session(workspace, "shop", device="cpu").models.train("popular")
    users = Session(workspace, "shop", device="cpu").users
    assert all("folded in" in users.recommend(user, 2, "als").note for user in (1, 2))
    assert ["folded in" in users.recommend(user, 2, "popular").note for user in (1, 2)] == [False, True]


@pytest.mark.parametrize("model", ["als", "explicit", "svd"])
def test_training_goes_on_from_the_model_of_before(workspace: Workspace, files: Path, model: str) -> None:
    def train(**options: Any) -> Any:
        session = Session(workspace, "shop", device="cpu")
        fresh = options.pop("fresh", False)
        report = session.models.train(model, {"embedding_dim": 4, "n_iter": 1, **options}, fresh=fresh)
        answer = session.users.recommend(1, 5, model, filter_seen=False)
        return report.about.get("start"), [(one.item.item_id, one.score) for one in answer.results]

    assert train()[0] is None
    update(workspace, "shop", ratings=files / "new.csv")
    start, warm = train()
    assert (start, len(warm)) == ("earlier", 5)
    assert train()[0] is None, "there is nothing new to learn from"
    other = train(fresh=True)[1]
    assert warm != other
    update(workspace, "shop", ratings=files / "new.csv")
    assert train(fresh=True)[0] is None
    update(workspace, "shop", ratings=files / "new.csv")
    assert train(embedding_dim=5)[0] == "options"


def test_times_that_only_tell_an_order_go_on(files: Path) -> None:
    workspace = Workspace(files / "data")
    mapping = {"user": "uid", "rating": "stars", "time": "#row"}
    add(workspace, "shop", ratings=files / "log.csv", mapping=mapping)
    update(workspace, "shop", ratings=files / "new.csv")
    log = workspace.open("shop").interactions
    assert log.timestamps is not None
    assert (np.diff(log.timestamps) > 0).all()
    # Without dates the last row of a pair counts, whatever else the file says of time.
    assert (2, 10, 1) in _log(workspace)


def test_a_catalogue_takes_its_first_log_as_it_is(files: Path) -> None:
    mapping = {"user": "uid", "rating": "stars", "time": "#row"}
    catalogue = read("shop", "table", items=files / "items.csv", mapping={"text": ["name", "about"]})
    log = read("shop", "table", ratings=files / "log.csv", mapping=mapping)
    whole = merge(catalogue, log, 1).dataset
    assert whole.interactions.ratings is not None
    assert not whole.has_dates, "the numbers of the rows are no dates"
    assert not [note for note in whole.source["notes"] if "of the update are not used" in note]


def _dated(folder: Path, name: str, *dates: str) -> Path:
    """A log of one interaction for each date."""
    path = folder / f"{name}.csv"
    rows = "".join(f"u{number},a,{number + 1},{day}\n" for number, day in enumerate(dates))
    path.write_text(f"user,item,rating,date\n{rows}")
    return path


def _days(workspace: Workspace) -> list[str]:
    times = workspace.open("x").interactions.timestamps
    assert times is not None
    return sorted(str(one) for one in times.astype("datetime64[s]").astype("datetime64[D]"))


@pytest.mark.parametrize(("known", "day"), [("25.12.2023", "2025-06-05"), ("12.25.2023", "2025-05-06")])
def test_the_order_of_day_and_month_of_a_data_set_serves_its_updates(tmp_path: Path, known: str, day: str) -> None:
    workspace = Workspace(tmp_path / "data")
    add(workspace, "x", ratings=_dated(tmp_path, "old", known, "01.02.2023"))
    done, _ = update(workspace, "x", ratings=_dated(tmp_path, "new", "05.06.2025"))
    assert day in _days(workspace)
    assert any("were read with the" in note for note in done.notes)


def test_the_order_that_was_found_goes_before_the_one_that_was_given(tmp_path: Path) -> None:
    workspace = Workspace(tmp_path / "data")
    add(workspace, "x", ratings=_dated(tmp_path, "old", "25.12.2023"), day_first=False)
    update(workspace, "x", ratings=_dated(tmp_path, "new", "2.1.2024", "05.06.2025"))
    assert _days(workspace) == ["2024-01-02", "2025-06-05"]


def test_an_update_of_unclear_dates_asks_where_the_data_set_does_not_tell(tmp_path: Path) -> None:
    workspace = Workspace(tmp_path / "data")
    add(workspace, "x", ratings=_dated(tmp_path, "old", "2023-12-25"))
    new = _dated(tmp_path, "new", "05.06.2025")
    with pytest.raises(DataError) as caught:
        update(workspace, "x", ratings=new)
    assert (caught.value.kind, caught.value.row, caught.value.column) == (ErrorKind.UNCLEAR_DATES, 2, "date")
    assert _days(workspace) == ["2023-12-25"]
    update(workspace, "x", ratings=new, day_first=True)
    assert _days(workspace) == ["2025-06-05"]


def test_what_is_said_with_an_update_goes_before_what_the_data_set_tells(tmp_path: Path) -> None:
    workspace = Workspace(tmp_path / "data")
    add(workspace, "x", ratings=_dated(tmp_path, "old", "25.12.2023"))
    update(workspace, "x", ratings=_dated(tmp_path, "new", "05.06.2025"), day_first=False)
    assert _days(workspace) == ["2025-05-06"]


def test_files_that_differ_in_their_order_of_day_and_month_tell_none(tmp_path: Path) -> None:
    workspace = Workspace(tmp_path / "data")
    both = [_dated(tmp_path, "one", "25.12.2023"), _dated(tmp_path, "other", "12.25.2023")]
    add(workspace, "x", ratings=both)
    with pytest.raises(DataError, match="day or with the month first"):
        update(workspace, "x", ratings=_dated(tmp_path, "new", "05.06.2025"))


def test_the_dates_of_new_items_are_read_as_those_of_the_catalogue(tmp_path: Path) -> None:
    old, new = tmp_path / "old.csv", tmp_path / "new.csv"
    old.write_text("id,title,released\n1,A,12/25/2023\n2,B,01/02/2023\n")
    new.write_text("id,title,released\n3,C,05/06/2025\n")
    workspace = Workspace(tmp_path / "data")
    add(workspace, "x", items=old)
    update(workspace, "x", items=new)
    assert [str(one) for one in workspace.open("x").items.table["released"].to_pylist()] == [
        "2023-12-25",
        "2023-01-02",
        "2025-05-06",
    ]


def test_the_order_of_the_first_log_of_a_catalogue_serves_the_next(tmp_path: Path) -> None:
    (tmp_path / "items.csv").write_text("id,title\na,Apple\nb,Bean\n")
    workspace = Workspace(tmp_path / "data")
    add(workspace, "x", items=tmp_path / "items.csv")
    update(workspace, "x", ratings=_dated(tmp_path, "old", "25.12.2023"))
    update(workspace, "x", ratings=_dated(tmp_path, "new", "05.06.2025"))
    assert "2025-06-05" in _days(workspace)


def test_ratings_of_stored_anime_are_kept_where_the_new_catalogue_lacks_them(tmp_path: Path) -> None:
    head = "anime_id,name,genre,type,episodes,rating,members\n"
    for name, text in (
        ("anime", head + "1,One,Action,TV,12,8.0,100\n2,Two,Drama,TV,24,7.0,50\n"),
        ("rating", "user_id,anime_id,rating\n1,1,8\n"),
        ("anime2", head + "3,Three,Comedy,TV,6,6.5,10\n"),
        ("rating2", "user_id,anime_id,rating\n1,2,9\n2,1,7\n2,3,6\n2,4,5\n"),
    ):
        (tmp_path / f"{name}.csv").write_text(text)
    workspace = Workspace(tmp_path / "data")
    add(workspace, "a", kind="anime", ratings=tmp_path / "rating.csv", items=tmp_path / "anime.csv")
    done, _ = update(workspace, "a", ratings=tmp_path / "rating2.csv", items=tmp_path / "anime2.csv")
    after = workspace.open("a")
    log, _ = after.to_pandas()
    rated = sorted(zip(log["user"], log["item"], log["rating"], strict=True))
    assert rated == [(1, 1, 8), (1, 2, 9), (2, 1, 7), (2, 3, 6)]
    titles = dict(zip(after.items.id_map.ids.tolist(), after.items.titles(), strict=True))
    assert titles == {1: "One", 2: "Two", 3: "Three"}
    assert done.skipped == {"rating of an anime that is not in the catalogue": 1}
    assert not [note for note in done.notes if "not in the catalogue" in note]
