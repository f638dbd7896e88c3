"""Everything that is stored can be checked, and a repair loses no data."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from engine.data.dataset import Dataset
from engine.errors import UnknownError
from engine.search.history import SearchHistory
from engine.search.map.item_map import ItemMap
from engine.search.map.map_file import write_map
from engine.search.semantic.store_check import check_store
from engine.search.semantic.vector_store import HASHES, VECTORS, VectorStore
from engine.session import Session
from engine.storage.paths import Paths, find_paths
from engine.workspace.check import Condition, Finding, check
from engine.workspace.dataset_store import Workspace
from tests.engine.search.fakes import FakeEncoder

TEXTS = [f"text {number}" for number in range(8)]


@pytest.fixture
def paths(home: Path) -> Paths:
    return find_paths()


@pytest.fixture
def workspace(paths: Paths, dataset: Dataset) -> Workspace:
    workspace = Workspace(paths.data)
    workspace.add(dataset)
    return workspace


@pytest.fixture
def vectors(workspace: Workspace) -> Path:
    encoder = FakeEncoder()
    store = VectorStore(workspace.embeddings_folder("tiny"), encoder.identity)
    store.embed(TEXTS, encoder)
    return store.folder


def found(workspace: Workspace, paths: Paths, *, repair: bool = False) -> dict[str, Finding]:
    return {finding.kind: finding for finding in check(workspace, paths, repair=repair)}


def conditions(workspace: Workspace, paths: Paths) -> set[Condition]:
    return {finding.condition for finding in check(workspace, paths)}


def test_what_is_whole_is_named_as_whole(workspace: Workspace, paths: Paths, vectors: Path) -> None:
    Session(workspace, "tiny").models.train("explicit", {"n_iter": 1})
    Session(workspace, "tiny").search.search("heat", 1, "keyword")
    workspace.make_current("tiny")
    write_map(workspace.map_file("tiny"), "", ItemMap(np.array([1]), np.zeros((1, 2), np.float32), (), 0, True))
    SearchHistory(paths.state, "tiny").remember("heat")
    findings = list(check(workspace, paths))
    assert {finding.condition for finding in findings} == {Condition.WHOLE}
    assert {finding.kind for finding in findings} == {
        *("data set", "table", "model", "embeddings", "search index", "run", "map", "state", "history", "cache"),
    }
    assert {finding.name for finding in findings if finding.kind == "table"} == {"items", "users", "interactions"}
    assert {finding.dataset for finding in check(workspace, paths, "tiny")} == {"tiny"}


def test_an_unknown_data_set_is_refused(workspace: Workspace, paths: Paths) -> None:
    with pytest.raises(UnknownError, match="there are tiny"):
        list(check(workspace, paths, "films"))


def test_a_damaged_table_is_named_and_moved_only_by_a_repair(workspace: Workspace, paths: Paths) -> None:
    path = next(workspace.dataset_folder("tiny").glob("users-*.parquet"))
    path.write_bytes(path.read_bytes()[:-9])
    assert [one.name for one in check(workspace, paths) if one.is_bad] == ["users"]
    assert workspace.names() == ["tiny"], "a check changes nothing"
    repaired = [one for one in check(workspace, paths, repair=True) if one.repair]
    assert "moved to" in repaired[0].repair
    assert workspace.names() == []
    assert conditions(workspace, paths) == {Condition.SET_ASIDE}


def test_a_damaged_model_is_moved_aside(workspace: Workspace, paths: Paths) -> None:
    Session(workspace, "tiny").models.train("explicit", {"n_iter": 1})
    path = workspace.model_folder("tiny", "explicit") / "model.safetensors"
    path.write_bytes(path.read_bytes()[:-1])
    assert found(workspace, paths)["model"].is_bad
    assert "moved to" in found(workspace, paths, repair=True)["model"].repair
    assert "model" not in found(workspace, paths)
    assert workspace.model_versions("tiny", "explicit").with_name("explicit.damaged-1").is_dir()


def test_a_damaged_cache_is_deleted_and_made_again(workspace: Workspace, paths: Paths) -> None:
    Session(workspace, "tiny").search.search("heat", 1, "keyword")
    path = workspace.dataset_folder("tiny") / "words.npz"
    whole = path.read_bytes()
    path.write_bytes(whole[:-30])
    assert found(workspace, paths)["search index"].is_bad
    assert "deleted" in found(workspace, paths, repair=True)["search index"].repair
    assert not path.exists()
    assert Session(workspace, "tiny").search.search("heat", 1, "keyword").results
    assert len(path.read_bytes()) == len(whole)


def test_a_damaged_map_is_deleted(workspace: Workspace, paths: Paths) -> None:
    workspace.map_file("tiny").write_bytes(b"no map")
    assert found(workspace, paths)["map"].is_bad
    assert "deleted" in found(workspace, paths, repair=True)["map"].repair
    assert not workspace.map_file("tiny").exists()


def spoil_row(folder: Path, row: int, value: float) -> None:
    mapped = np.load(folder / VECTORS, mmap_mode="r+")
    mapped[row] = value
    mapped.flush()


@pytest.mark.parametrize("value", [np.nan, np.inf, 1e30, 0.5])
def test_vectors_are_cut_where_they_are_not_of_unit_length(
    workspace: Workspace, paths: Paths, vectors: Path, value: float
) -> None:
    spoil_row(vectors, 5, value)
    assert "vector 6 of 8" in found(workspace, paths)["embeddings"].detail
    assert "cut to the 5 vectors" in found(workspace, paths, repair=True)["embeddings"].repair
    assert conditions(workspace, paths) == {Condition.WHOLE}
    encoder = FakeEncoder()
    store = VectorStore(workspace.embeddings_folder("tiny"), encoder.identity)
    assert store.embed(TEXTS, encoder).complete, "the others are embedded again"
    assert check_store(vectors).whole == len(TEXTS)


@pytest.mark.parametrize(("name", "kept"), [(VECTORS, 7), (HASHES, 7)])
def test_a_file_of_vectors_that_is_cut_off_keeps_its_whole_rows(
    workspace: Workspace, paths: Paths, vectors: Path, name: str, kept: int
) -> None:
    path = vectors / name
    path.write_bytes(path.read_bytes()[:-3])
    assert found(workspace, paths)["embeddings"].is_bad
    assert f"cut to the {kept} vectors" in found(workspace, paths, repair=True)["embeddings"].repair
    assert check_store(vectors).rows == kept


def test_vectors_of_which_nothing_is_left_are_moved_aside(workspace: Workspace, paths: Paths, vectors: Path) -> None:
    spoil_row(vectors, 0, 7.0)
    assert "moved to" in found(workspace, paths, repair=True)["embeddings"].repair
    assert not vectors.exists()


def test_settings_are_named_and_never_touched(workspace: Workspace, paths: Paths) -> None:
    paths.config.mkdir()
    (paths.config / "config.toml").write_text("embedding-model = 3")
    assert found(workspace, paths, repair=True)["settings"].is_bad
    assert (paths.config / "config.toml").read_text() == "embedding-model = 3"


def test_a_damaged_history_is_moved_aside(workspace: Workspace, paths: Paths) -> None:
    history = SearchHistory(paths.state, "tiny")
    history.remember("heat")
    path = paths.state / "searches" / "tiny.json"
    path.write_text("[1")
    assert history.list() == []
    assert "moved to" in found(workspace, paths, repair=True)["history"].repair
    assert path.with_name("tiny.json.damaged-1").is_file()


def test_files_that_a_person_writes_for_searches_are_checked_and_never_changed(
    workspace: Workspace, paths: Paths
) -> None:
    aliases = workspace.dataset_folder("tiny") / "aliases.csv"
    synonyms = paths.config / "synonyms.toml"
    title = workspace.open("tiny").items.titles()[0]
    aliases.write_text(f'item,alias\n"{title}",Another title\nnowhere,Nothing\n')
    paths.config.mkdir(parents=True, exist_ok=True)
    synonyms.write_text('groups = [["film", "movie"]]')
    findings = found(workspace, paths)
    assert findings["aliases"].detail == "further titles: 1; lines about no item: 1"
    assert findings["synonyms"].condition is Condition.WHOLE
    aliases.write_text("one value\n")
    synonyms.write_text("groups = 3")
    findings = found(workspace, paths, repair=True)
    for kind, path in (("aliases", aliases), ("synonyms", synonyms)):
        assert findings[kind].is_bad
        assert path.name in findings[kind].detail
        assert path.is_file()
