"""The operations that change stored things, and what is stored, as the next start of the program finds it."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from engine import models
from engine.data.dataset import Dataset
from engine.data.id_map import IdMap
from engine.data.items import ItemTable
from engine.data.runs import RunRecord
from engine.data.user_index import UserIndex
from engine.datasets.build.merge import merge
from engine.errors import CancelledError
from engine.evaluation.config import EvaluationConfig
from engine.interactions import Interactions
from engine.models import Capabilities, ModelSpec, Option, Range
from engine.profiles.store import ProfileStore
from engine.runtime.job import Job, Progress
from engine.search.encoder.model_files import Stamps
from engine.search.history import SearchHistory
from engine.search.map.item_map import ItemMap
from engine.search.map.map_file import read_map, write_map
from engine.search.semantic.vector_store import VectorStore, hash_texts
from engine.session import Session, Target
from engine.session.check import check_all
from engine.session.exports import lists
from engine.session.exports.text_file import write_text
from engine.session.open_dataset import OpenDataset
from engine.workspace import stored_interactions
from engine.workspace.by_user import load as load_by_user
from engine.workspace.checkpoints import CheckpointStore, Request
from engine.workspace.dataset_moves import rename, restore, throw_away
from engine.workspace.dataset_store import Workspace
from engine.workspace.layout import BY_USER
from engine.workspace.model_store import ModelStore
from engine.workspace.pins import read_pins
from engine.workspace.run_store import RunStore
from engine.workspace.trash import trashed
from tests.engine.search.fakes import FakeEncoder, vector_of
from tui.remembered import read_theme, write_theme
from tui.settings.template import write_template

NAME = "films"
TEXTS = [f"text number {number}" for number in range(10)]
#: How many of the texts are embedded before an operation.
EMBEDDED = 3
_USERS, _ITEMS = 24, 10


class Constant:
    """A model that predicts one number, for a search for good options that takes no time."""

    def __init__(self, level: float = 1.0, random_state: int = 0) -> None:
        self.level = level

    def fit(self, interactions: Interactions, verbose: bool = False) -> None:
        self.num_items = interactions.num_items

    def predict(self, user_ids: Any, item_ids: Any = None) -> np.ndarray:
        return np.full(self.num_items if item_ids is None else len(item_ids), self.level, np.float32)


CONSTANT = ModelSpec(
    "constant",
    "",
    f"{__name__}:Constant",
    Capabilities("user", needs=("ratings",), predicts_ratings=True, stores=False),
    {"level": Option(1.0, "", search=Range(1.0, 5.0)), "random_state": Option(0, "")},
)


def films(seed: int = 0, name: str = NAME, *, more_users: int = 0) -> Dataset:
    """A data set; one of another seed has other ratings, and one of more users other ids."""
    draw, users = np.random.RandomState(seed), _USERS + more_users
    rows = len(user_ids := np.repeat(np.arange(users), 5))
    item_ids = np.concatenate([1 + draw.permutation(_ITEMS)[:5] for _ in range(users)])
    item_ids[:_ITEMS] = np.arange(1, _ITEMS + 1)
    return Dataset(
        name=name,
        kind="table",
        title="Films",
        items=ItemTable(
            IdMap([f"film-{number}" for number in range(_ITEMS)], first=1, name="item"),
            pa.table(
                {
                    "title": [f"Film {number}" for number in range(_ITEMS)],
                    "year": pa.array([2000] * _ITEMS, pa.int32()),
                    "genres": [["Drama"]] * _ITEMS,
                    "text": TEXTS,
                }
            ),
        ),
        users=IdMap(np.arange(100, 100 + users), name="user"),
        interactions=Interactions(
            user_ids.astype(np.int32),
            item_ids.astype(np.int32),
            ratings=draw.randint(1, 6, rows).astype(np.float32),
            timestamps=np.arange(rows),
            num_users=users,
            num_items=_ITEMS + 1,
        ),
    )


@dataclass(frozen=True)
class Operation:
    """A change of what is stored.

    Attributes
    ----------
    run
        Makes the change in a home folder.
    steps_between
        Whether an interrupted run may leave a part of the change, such as some of the texts embedded.
    optional
        Whether it is no error if the change cannot be stored.
    cleared_by_repeating
        Whether it writes to a folder that a person chose, so that the next start does not know of left-overs there,
        and the next operation on the folder clears them.
    """

    run: Callable[[Path], object]
    steps_between: bool = False
    optional: bool = False
    cleared_by_repeating: bool = False


def workspace_in(home: Path) -> Workspace:
    return Workspace(home / "data")


def new_home_in(home: Path) -> Path:
    """A home folder that an operation makes."""
    return home / "second"


def vector_store(home: Path, version: str = "1", name: str = NAME) -> VectorStore:
    return VectorStore(workspace_in(home).embeddings_folder(name), FakeEncoder(version=version).identity)


def update(home: Path) -> None:
    """Append other ratings, some of them of new users, to the data set."""
    workspace = workspace_in(home)
    before = workspace.manifest(NAME)
    merged = merge(workspace.open(NAME), films(1, more_users=2), 1)
    workspace.add(merged.dataset, replace=True, updates=[merged.update], before=before)


def train(home: Path, model: str, **options: Any) -> None:
    Session(workspace_in(home), NAME, device="cpu").models.train(model, options)


def keep_training(home: Path, epochs: int) -> None:
    """Keep a training that was interrupted after so many epochs."""

    def cancel_at(progress: Progress) -> None:
        if progress.values.get("epoch", 0) >= epochs:
            job.cancel()

    job, options = Job(cancel_at), {"n_iter": 4, "embedding_dim": 4}
    model = models.create("explicit", device="cpu", random_state=np.random.RandomState(0), **options)
    with suppress(CancelledError):
        model.fit(films().interactions, job=job)
    workspace = workspace_in(home)
    CheckpointStore(workspace, NAME).save(model, Request(options, 0, False, ""))


def profiles_of(home: Path) -> ProfileStore:
    return ProfileStore(home / "data")


def choose(home: Path, model: str) -> None:
    Session(workspace_in(home), NAME, device="cpu").runs.set_default("user", model)


def tune(home: Path, trials: int, name: str = NAME) -> None:
    config = EvaluationConfig(protocol="random")
    Session(workspace_in(home), name, device="cpu").models.tune("constant", trials, config)


def runs_of_other(home: Path) -> RunStore:
    """The runs of the data set on which no operation trains."""
    return RunStore(workspace_in(home), "other")


def record_run(home: Path) -> None:
    run = RunRecord(0, "evaluate", "finished", "popular", "other", "2026-01-01T00:00:00+00:00")
    runs_of_other(home).add(run, {"users": np.arange(3)})


def save(path: Path, seed: int) -> None:
    model = models.create("popular", device="cpu")
    model.fit(films(seed).interactions)
    model.save(path)


def search(home: Path) -> None:
    Session(workspace_in(home), NAME, device="cpu").search.search("film", 3, "keyword")


def rate(home: Path, item: int, rating: float) -> None:
    Session(workspace_in(home), NAME, device="cpu").me.rate(item, rating)


def own_ratings(home: Path) -> list[tuple[str, str, float | None]]:
    """The ratings of the people who use the program, which belong to no data set."""
    store = profiles_of(home)
    return [(name, entry.title, entry.rating) for name in store.names() for entry in store.read(name).entries]


def export_file(home: Path) -> Path:
    """What a person has exported elsewhere."""
    return home.parent / "export.csv"


def import_own(home: Path) -> None:
    Session(workspace_in(home), NAME, device="cpu").me.import_file(export_file(home))


def export_own(home: Path) -> None:
    Session(workspace_in(home), NAME, device="cpu").me.export(Target(exports_in(home) / "me.csv", replace=True))


def repair(home: Path) -> None:
    """Delete the spoilt search index; what goes wrong meanwhile is part of what is found."""
    assert list(check_all(repair=True))


def export_list(home: Path) -> None:
    """Write a short list, as the tabs do."""
    write_text(Target(exports_in(home) / "list.csv", replace=True), "rank,title\n1,Film 1\n", (".csv",))


def settings(home: Path) -> None:
    write_template(home / "config" / "config.toml")


def lay_out(home: Path) -> None:
    """Keep a map of the items."""
    found = ItemMap(np.arange(1, 4), np.eye(3, 2, dtype=np.float32), (), _ITEMS - 3, refined=True)
    write_map(workspace_in(home).map_file(NAME), "a source", found)


def sort_by_user(home: Path) -> None:
    """Ask for one user of a data set that counts as large."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(stored_interactions, "LARGE", 1)
        OpenDataset(workspace_in(home), "other").user_index.items(0)


def export(home: Path, k: int) -> None:
    """Write recommendations in two blocks, as those of many users."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(lists, "BLOCK_LISTS", _USERS // 2)
        target = Target(exports_in(home) / "r.parquet", replace=True)
        Session(workspace_in(home), NAME, device="cpu").exports.recommendations(target, k, "popular")


def export_vectors(home: Path) -> None:
    target = Target(exports_in(home) / "v.npy", replace=True)
    Session(workspace_in(home), NAME, device="cpu").exports.factors(target, "explicit")


def exports_in(home: Path) -> Path:
    """A folder that a person has made for exports."""
    return home / "exports"


def state(home: Path) -> None:
    workspace_in(home).make_current("other")
    write_theme(home / "state", "recsys-light")
    SearchHistory(home / "state", NAME).remember("second search")
    Stamps(home / "cache").sha256(home.parent / "weights")


def first_state(home: Path) -> None:
    write_theme(home / "state", "recsys-light")
    SearchHistory(home / "state", NAME).remember("first search")


def build(home: Path) -> None:
    """What every operation begins with."""
    workspace = workspace_in(home)
    workspace.add(films())
    workspace.add(films(3, "other"))
    workspace.add(films(4, "removed"))
    throw_away(workspace, "removed")
    workspace.make_current(NAME)
    train(home, "popular")
    train(home, "explicit", n_iter=1, embedding_dim=4)
    vector_store(home).embed(TEXTS[:EMBEDDED], FakeEncoder())
    tune(home, 1)
    record_run(home)
    record_run(home)
    runs_of_other(home).remove([2])
    keep_training(home, 1)
    save(home / "saved", 0)
    exports_in(home).mkdir()
    export(home, 1)
    rate(home, 1, 3.0)
    SearchHistory(home / "state", NAME).remember("first search")
    write_theme(home / "state", "recsys-dark")
    search(home)
    (workspace.dataset_folder(NAME) / "words.npz").write_bytes(b"spoilt")
    (home.parent / "weights").write_bytes(b"weights")
    export_file(home).write_text("title,rating\nFilm 4,4\nFilm 1,2\nUnheard of,5\n")


OPERATIONS: Mapping[str, Operation] = {
    "add": Operation(lambda home: workspace_in(home).add(films(1, "new"))),
    "add to a new home": Operation(lambda home: workspace_in(new_home_in(home)).add(films(1))),
    "replace": Operation(lambda home: workspace_in(home).add(films(1), replace=True)),
    "replace with other ids": Operation(lambda home: workspace_in(home).add(films(1, more_users=2), replace=True)),
    "update": Operation(update),
    "remove": Operation(lambda home: workspace_in(home).remove(NAME)),
    "throw away": Operation(lambda home: throw_away(workspace_in(home), NAME)),
    "rename": Operation(lambda home: rename(workspace_in(home), "other", "renamed")),
    "restore": Operation(lambda home: restore(workspace_in(home), "removed")),
    "embed more": Operation(
        lambda home: vector_store(home).embed(TEXTS, FakeEncoder(), batch_size=4), steps_between=True
    ),
    "embed first": Operation(
        lambda home: vector_store(home, "2").embed(TEXTS[:4], FakeEncoder(version="2"), batch_size=2),
        steps_between=True,
    ),
    "embed another set": Operation(
        lambda home: vector_store(home, name="other").embed(TEXTS[:4], FakeEncoder(), batch_size=2), steps_between=True
    ),
    "train again": Operation(lambda home: train(home, "popular", half_life=30)),
    "train first": Operation(lambda home: train(home, "baseline")),
    "tune": Operation(lambda home: tune(home, 2), steps_between=True),
    "tune another set": Operation(lambda home: tune(home, 1, "other"), steps_between=True),
    "evaluate": Operation(
        lambda home: Session(workspace_in(home), NAME, device="cpu").models.evaluate("popular"), optional=True
    ),
    "record a run": Operation(record_run),
    "write a note": Operation(lambda home: runs_of_other(home).annotate(1, "a note")),
    "remove a run": Operation(lambda home: runs_of_other(home).remove([1])),
    "restore a run": Operation(lambda home: runs_of_other(home).restore([2])),
    "keep a training": Operation(lambda home: keep_training(home, 2)),
    "make a profile": Operation(lambda home: profiles_of(home).make("ann")),
    "rename a profile": Operation(lambda home: profiles_of(home).rename("me", "bea")),
    "remove a profile": Operation(lambda home: profiles_of(home).move_to_trash("me")),
    "choose a model": Operation(lambda home: choose(home, "explicit")),
    "pin an item": Operation(lambda home: Session(workspace_in(home), NAME).pins.mark("film-1", "pinned")),
    "save a model": Operation(lambda home: save(home / "new", 1), cleared_by_repeating=True),
    "save a model again": Operation(lambda home: save(home / "saved", 1), cleared_by_repeating=True),
    "export again": Operation(lambda home: export(home, 2), cleared_by_repeating=True),
    "export vectors": Operation(export_vectors, cleared_by_repeating=True),
    "profile": Operation(lambda home: Session(workspace_in(home), NAME).profiles.profile(), optional=True),
    "sort by user": Operation(sort_by_user, optional=True),
    "rate": Operation(lambda home: rate(home, 2, 5.0)),
    "rate again": Operation(lambda home: rate(home, 1, 5.0)),
    "import own ratings": Operation(import_own),
    "export own ratings": Operation(export_own, cleared_by_repeating=True),
    "export a list": Operation(export_list, cleared_by_repeating=True),
    "write the settings": Operation(settings),
    "lay out the items": Operation(lay_out, optional=True),
    "repair": Operation(repair, optional=True),
    "search": Operation(search, steps_between=True, optional=True),
    "state": Operation(state, steps_between=True, optional=True),
    "state of a new home": Operation(lambda home: first_state(new_home_in(home)), steps_between=True, optional=True),
}


def open_again(home: Path) -> dict[str, Any]:
    """What is found by the next start, to which nothing may be refused."""
    workspace = workspace_in(home)
    found: dict[str, Any] = {"current": workspace.current(), "theme": read_theme(home / "state")}
    found["trash"] = [one.name for one in trashed(workspace.folder)]
    found["searches"] = SearchHistory(home / "state", NAME).list()
    found["own ratings"] = own_ratings(home)
    if (config := home / "config" / "config.toml").exists():
        found["settings"] = config.read_text()
    found["profiles"], found["removed profiles"] = profiles_of(home).names(), sorted(profiles_of(home).trashed())
    for name in workspace.names():
        dataset = workspace.open(name)
        found[name] = _digest(dataset)
        by_user = workspace.dataset_folder(name) / BY_USER
        table = str(workspace.manifest(name).files["interactions"]["sha256"])
        if by_user.exists() and (loaded := load_by_user(by_user, table, _no_need)):
            found[f"{name}/by user"] = loaded[0].sorted_column("item_ids").tolist()
        models_of = ModelStore(workspace, workspace.manifest(name))
        found[f"{name}/default"] = models_of.default("user")
        for one in models_of.states():
            if one.trained:
                scores = models_of.load(one.name, "cpu").predict(0)
                found[f"{name}/{one.name}"] = dict(one.options), scores.round(4).tolist()
        if unfinished := (kept := CheckpointStore(workspace, name)).find("explicit", ""):
            assert not unfinished.damage
            found[f"{name}/training"] = unfinished.epoch, kept.load("explicit", "cpu").predict(0).round(4).tolist()
        found[f"{name}/pins"] = read_pins(workspace.dataset_folder(name))
        found[f"{name}/trials"] = len(trials_of(workspace.dataset_folder(name) / "tuning"))
        if (map_file := workspace.map_file(name)).exists():
            found[f"{name}/map"] = read_map(map_file).points.tolist()
    if "other" in found:
        stored = runs_of_other(home).list()
        assert not stored.damage
        found["removed runs"] = len(runs_of_other(home).list(removed=True).runs)
        found["notes"] = [run.note for run in stored.runs if run.values and runs_of_other(home).values(run)]
    for name, version in ((NAME, "1"), (NAME, "2"), ("other", "1")):
        if name in found and (store := vector_store(home, version, name)).folder.exists():
            found[f"{name}/embedded {version}"] = _embedded(store)
    if new_home_in(home).exists():
        found |= {f"second {name}": value for name, value in open_again(new_home_in(home)).items() if value}
    for name in ("saved", "new"):
        if (home / name / "model.json").exists():
            found[name] = _saved(home / name)
    for names in (("r.parquet",), ("v.npy", "v.ids.csv"), ("me.csv",), ("list.csv",)):
        if (exports_in(home) / names[0]).exists():
            found[names[0]] = [hashlib.sha256((exports_in(home) / name).read_bytes()).hexdigest() for name in names]
    return found


def _no_need() -> UserIndex:
    raise AssertionError("the interactions by user are damaged")


def go_on(home: Path) -> None:
    """What a person does next works."""
    workspace = workspace_in(home)
    workspace.add(films(2), replace=True)
    train(home, "popular")
    vector_store(home).embed(TEXTS, FakeEncoder())
    tune(home, 2)
    save(home / "saved", 2)
    export(home, 3)


def trials_of(folder: Path) -> list[dict[str, Any]]:
    """The finished trials in the journals of a folder; a last line that is cut off counts as none."""
    lines = [line for path in folder.glob("*.journal") for line in path.read_bytes().split(b"\n")[:-1]]
    # Operation 6 of the journal sets the state of a trial, and 1 is the state of a trial that is complete.
    return [one for one in map(json.loads, lines) if one.get("op_code") == 6 and one.get("state") == 1]


#: Parts of names that are new each time.
_RANDOM = re.compile(r"(?<=-)[0-9a-f]{12}(?=$|\.parquet)|\d{8}T\d{12}Z(?=\.trash)")
#: Files that another process may be waiting for, so that they are never deleted; and a marker.
_LASTING = re.compile(r".*(\.lock|\.begun)")


def stored_files(home: Path) -> set[str]:
    """The files and folders, but for those that stay on purpose, and with the random parts of their names left out.

    A run is recorded after what it is about is stored, and need not be. So only those that an operation is about count.
    """
    found = set()
    for path in home.rglob("*"):
        if not path.is_dir() and not _LASTING.fullmatch(path.name):
            parts = [_RANDOM.sub("#", part) for part in path.relative_to(home).parts]
            if parts[-2] == "runs" and parts[-3] != "other" and re.fullmatch(r"\d+\.(json|npz)", parts[-1]):
                continue
            if parts[0] in ("saved", "new") or "training" in parts:
                parts[-1] = re.sub(r"model-[0-9a-f]{12}", "model", parts[-1])
            found.add("/".join(parts))
    return found


def _digest(dataset: Dataset) -> str:
    digest, log = hashlib.sha256(), dataset.interactions
    for column in (log.user_ids, log.item_ids, log.ratings, log.timestamps, dataset.users.ids):
        digest.update(np.ascontiguousarray(column).tobytes())
    digest.update("".join(dataset.items.titles()).encode())
    return digest.hexdigest()


def _embedded(store: VectorStore) -> int:
    rows, vectors = store.rows(hash_texts(TEXTS)), store.vectors()
    for text, row in zip(TEXTS, rows, strict=True):
        if row >= 0:
            np.testing.assert_array_equal(vectors[row], vector_of(text))
    assert not store.damage
    return int((rows >= 0).sum())


def _saved(folder: Path) -> Any:
    return models.load(folder, device="cpu").predict(0).round(4).tolist()
