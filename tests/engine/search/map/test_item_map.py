"""The map of a catalogue: neighbours lie together, whatever the vectors are."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.spatial import cKDTree

from engine.data.id_map import IdMap
from engine.data.items import ItemTable
from engine.errors import CancelledError, NotTrainedError
from engine.runtime.job import Job, Progress
from engine.search.map import item_map
from engine.search.map.item_map import ItemMap, MapSource, draft_map, refined_map
from engine.search.map.regions import k_means

GENRES = ("Western", "Horror", "Comedy", "War")


def catalogue(vectors: npt.NDArray[np.float32], genres: list[list[str]] | None = None, **options: object) -> MapSource:
    count = len(vectors)
    table = pa.table(
        {
            "title": [f"Film {number}" for number in range(count)],
            "year": pa.array([2000] * count, pa.int32()),
            "genres": pa.array(genres or [[]] * count, pa.list_(pa.string())),
            "text": [f"zeppelin number{number % 7}" for number in range(count)],
        }
    )
    items = ItemTable(IdMap([f"i{number}" for number in range(count)], first=1), table)
    return MapSource(items, np.arange(count), vectors, np.arange(count)[::-1], **options)  # type: ignore[arg-type]


def clustered(count: int, groups: int = 4, dim: int = 16) -> tuple[npt.NDArray[np.float32], npt.NDArray[np.int64]]:
    random = np.random.RandomState(3)
    labels = np.arange(count) % groups
    vectors = random.normal(size=(groups, dim))[labels] * 2 + random.normal(size=(count, dim))
    return (vectors / np.linalg.norm(vectors, axis=1, keepdims=True)).astype(np.float32), labels


def kept_neighbours(one: ItemMap, vectors: npt.NDArray[np.float32], k: int = 10) -> float:
    """The share of the nearest neighbours that are among the nearest ones on the map."""
    cosines = vectors @ vectors.T
    np.fill_diagonal(cosines, -1)
    nearest = np.argsort(-cosines, axis=1)[:, :k]
    places = np.empty(len(vectors), dtype=int)
    places[one.items - 1] = np.arange(len(one.items))
    _, found = cKDTree(one.points).query(one.points[places], k + 1)
    found = one.items[found] - 1
    return float(np.mean([len(set(a) & set(b)) / k for a, b in zip(nearest, found, strict=True)]))


def test_the_refined_map_keeps_many_more_neighbours_than_the_draft() -> None:
    vectors, _ = clustered(400)
    made = catalogue(vectors)
    draft, refined = draft_map(made), refined_map(made)
    assert (draft.refined, refined.refined) == (False, True)
    assert kept_neighbours(refined, vectors) > 1.5 * kept_neighbours(draft, vectors)


def test_items_of_a_group_lie_together_and_name_their_region() -> None:
    vectors, labels = clustered(240)
    made = refined_map(catalogue(vectors, [[GENRES[label]] for label in labels]))
    coarse = [region for region in made.regions if region.scale == 0]
    assert {name for region in coarse for name in region.name.split(" · ")} == set(GENRES)
    for region in coarse:
        near = np.argsort(((made.points - [region.x, region.y]) ** 2).sum(axis=1))[:5]
        assert {GENRES[labels[made.items[one] - 1]] for one in near} <= set(region.name.split(" · "))


def test_without_genres_words_name_the_regions() -> None:
    vectors, labels = clustered(210, 7)
    made = catalogue(vectors)
    planets = ["mercury", "venus", "earth", "mars", "jupiter", "saturn", "uranus"]
    texts = pa.array([f"a journey to {planets[label]}" for label in labels])
    table = made.items.table.set_column(made.items.table.column_names.index("text"), "text", texts)
    found = draft_map(replace(made, items=ItemTable(made.items.id_map, table)))
    named = {word for region in found.regions for word in region.name.split(" · ")}
    assert named & set(planets)
    assert not named & {"journey", "film"}


def test_the_same_vectors_give_the_same_map() -> None:
    vectors, _ = clustered(150)
    first, second = refined_map(catalogue(vectors)), refined_map(catalogue(vectors))
    np.testing.assert_array_equal(first.points, second.points)
    assert first.regions == second.regions


def test_the_best_known_items_come_first() -> None:
    vectors, _ = clustered(30)
    assert draft_map(catalogue(vectors)).items.tolist() == list(range(1, 31))


@pytest.mark.parametrize("make", [draft_map, refined_map])
@pytest.mark.parametrize("count", [1, 2, 3, 5])
def test_a_few_items_have_a_map(make: object, count: int) -> None:
    vectors, _ = clustered(count)
    made = make(catalogue(vectors))  # type: ignore[operator]
    assert len(np.unique(made.points, axis=0)) == count
    assert np.isfinite(made.points).all()
    assert np.abs(made.points).max() <= 1


@pytest.mark.parametrize("make", [draft_map, refined_map])
def test_equal_vectors_are_told_apart(make: object) -> None:
    vectors = np.tile(clustered(1)[0], (60, 1))
    made = make(catalogue(vectors))  # type: ignore[operator]
    assert len(np.unique(made.points, axis=0)) == 60
    assert np.isfinite(made.points).all()


@pytest.mark.parametrize("make", [draft_map, refined_map])
def test_items_without_a_usable_vector_are_counted_and_left_out(make: object) -> None:
    vectors, _ = clustered(40)
    vectors[3], vectors[5], vectors[7, 2] = np.nan, 0.0, np.inf
    made = catalogue(vectors)
    made.rows[11] = -1
    found = make(made)  # type: ignore[operator]
    assert found.num_missing == 4
    assert set(range(1, 41)) - set(found.items.tolist()) == {4, 6, 8, 12}
    assert np.isfinite(found.points).all()


def test_hidden_items_are_neither_on_the_map_nor_missing() -> None:
    vectors, _ = clustered(20)
    found = draft_map(catalogue(vectors, hidden=np.arange(20) == 4))
    assert 5 not in found.items
    assert found.num_missing == 0


def test_nothing_embedded_is_said() -> None:
    made = catalogue(clustered(5)[0])
    made.rows[:] = -1
    with pytest.raises(NotTrainedError, match="embedded first"):
        draft_map(made)


def test_items_beyond_the_landmarks_lie_among_their_neighbours(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(item_map, "LANDMARKS", 120)
    vectors, labels = clustered(240)
    made = refined_map(catalogue(vectors))
    assert sorted(made.items.tolist()) == list(range(1, 241))
    middles = np.stack([made.points[labels[made.items - 1] == label].mean(axis=0) for label in range(4)])
    later = made.items > 120
    nearest = ((made.points[later][:, None] - middles) ** 2).sum(axis=2).argmin(axis=1)
    assert np.mean(nearest == labels[made.items[later] - 1]) > 0.9


def test_a_refinement_reports_and_can_be_stopped() -> None:
    seen: list[Progress] = []

    def report(progress: Progress) -> None:
        seen.append(progress)
        if progress.stage == "laying out the map" and progress.done == 5:
            job.cancel()

    job = Job(report)
    with pytest.raises(CancelledError):
        refined_map(catalogue(clustered(60)[0]), job)
    assert (seen[-1].done, seen[-1].total) == (5, 300)


@settings(deadline=None, max_examples=25)
@given(count=st.integers(1, 40), dim=st.integers(1, 5), seed=st.integers(0, 99), copies=st.booleans())
def test_any_vectors_give_a_draft_within_the_map(count: int, dim: int, seed: int, copies: bool) -> None:
    random = np.random.RandomState(seed)
    vectors = random.normal(size=(count, dim)).astype(np.float32)
    if copies:
        vectors[: count // 2] = vectors[0]
    vectors[random.rand(count) < 0.1] = 0
    made = catalogue(vectors)
    if not vectors.any():
        return
    found = draft_map(made)
    assert len(found.items) + found.num_missing == count
    assert np.isfinite(found.points).all()
    assert np.abs(found.points).max() <= 1.0001


def test_many_points_are_grouped_by_where_they_lie():
    random = np.random.RandomState(3)
    middles = np.array([[0, 0], [9, 0], [0, 9], [9, 9]], dtype=np.float32)
    blob = np.repeat(np.arange(4), 3_000)
    points = middles[blob] + random.normal(size=(len(blob), 2)).astype(np.float32)
    labels = k_means(points, 4, seed=0, job=Job())
    assert labels.shape == blob.shape
    assert (labels == k_means(points, 4, seed=0, job=Job())).all(), "the same points give the same groups"
    for number in range(4):
        most = np.bincount(labels[blob == number]).max()
        assert most > 0.99 * 3_000
    assert len(np.unique(labels)) == 4
