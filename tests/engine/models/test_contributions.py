"""Tests of fold-in, explanations and similar items, from the models to the recommender and the session."""

from __future__ import annotations

import numpy as np
import pytest

from engine import models
from engine.data.dataset import Dataset
from engine.errors import OptionError, RecsysError, UnknownError, UnsupportedError
from engine.factorization.explicit import ExplicitFactorizationModel
from engine.factorization.implicit import ImplicitFactorizationModel
from engine.factorization.representations import BilinearNet
from engine.interactions import Interactions
from engine.recommender import Recommender
from tests.engine.test_recommender import Scored


def recommender(dataset: Dataset, name: str, **options: object) -> Recommender:
    rates = "ratings" in models.get(name).needs
    model = models.create(name, device="cpu", random_state=1, **options)
    model.fit(dataset.rated() if rates else dataset.interactions)
    return Recommender(dataset, model, rating_range=(1.0, 5.0) if rates else None)


def ids(results: list) -> list:
    return [result.item.item_id for result in results]


class Weighed(Scored):
    """A model in which the item with the internal id n adds n to each score, except the first one, which lowers it."""

    def contributions(self, items, ratings, item):
        parts = np.where(np.asarray(items) == 1, -1.0, np.asarray(items))
        return np.tile(parts, (len(item), 1)) if np.ndim(item) else parts

    def fold_in(self, items, ratings=None):
        self.asked = list(items), None if ratings is None else list(ratings)
        return self.scores

    def similarities(self, item):
        return np.array([9, 0.5, 0.0, 0.7, 0.6], dtype=np.float32)


def test_an_explanation_names_what_speaks_for_an_item(dataset: Dataset) -> None:
    explained = Recommender(dataset, Weighed(0, 1, 2, 3, 4)).explain(10, "heat")  # knows alien, solaris, stalker
    assert ids(explained) == ["stalker", "solaris"], "alien speaks against it"
    assert [result.score for result in explained] == [4, 3]
    assert ids(Recommender(dataset, Weighed(0)).explain(10, "stalker", k=1)) == ["solaris"], "not the item itself"


def test_a_recommendation_says_because_of_what(dataset: Dataset) -> None:
    first = Recommender(dataset, Weighed(0, 1, 2, 3, 4)).recommend(10)[0]
    assert (first.item.item_id, first.reason) == ("heat", "because of Stalker and Solaris")
    assert Recommender(dataset, Scored(0, 1, 2, 3, 4)).recommend(10)[0].reason == ""
    assert recommender(dataset, "popular").recommend(10)[0].reason == "", "everybody gets the same"


def test_what_cannot_be_explained_is_said(dataset: Dataset) -> None:
    with pytest.raises(RecsysError, match="cannot say what"):
        Recommender(dataset, Scored(0)).explain(10, "heat")
    weighed = Recommender(dataset, Weighed(0))
    with pytest.raises(RecsysError, match="Nobody has rated 'Unseen'"):
        weighed.explain(10, "unseen")
    with pytest.raises(UnknownError, match="no user 99"):
        weighed.explain(99, "heat")
    with pytest.raises(UnknownError, match="no item 'nothing'"):
        weighed.explain(10, "nothing")


def test_a_new_person_is_asked_about_by_what_they_gave(dataset: Dataset) -> None:
    model = Weighed(0, 1, 2, 3, 4)
    rated = Recommender(dataset, model, rating_range=(1.0, 5.0)).fold_in({"stalker": 5, "unseen": 4, "alien": 2.5})
    assert model.asked == ([4, 1], [5, 2.5]), "nobody has rated the third"
    assert set(ids(rated)) == {"solaris", "heat"}
    assert rated[0].reason == "because of Stalker"
    Recommender(dataset, model, rating_range=(1.0, 5.0)).fold_in(["heat"])
    assert model.asked == ([2], [5]), "what is liked counts as rated as high as can be"
    assert ids(Recommender(dataset, model).fold_in(["heat"], k=1)) == ["stalker"]
    assert model.asked == ([2], None)


def test_a_new_person_that_no_model_can_place_is_told_why(dataset: Dataset) -> None:
    rated = Recommender(dataset, Weighed(0, 1, 2, 3, 4), rating_range=(1.0, 5.0))
    for wrong in (7, float("nan")):
        with pytest.raises(OptionError, match="of 'heat' is not between 1 and 5"):
            rated.fold_in({"heat": wrong})
    with pytest.raises(UnknownError, match="nothing"):
        rated.fold_in(["nothing"])
    with pytest.raises(RecsysError, match="Nobody has rated any"):
        rated.fold_in(["unseen"])
    with pytest.raises(RecsysError, match="only for the users"):
        Recommender(dataset, Scored(0)).fold_in(["heat"])


def test_likeness_is_the_models_own_where_it_has_one(dataset: Dataset) -> None:
    assert ids(Recommender(dataset, Weighed(0)).similar_items("alien")) == ["solaris", "stalker"], "heat has none"


@pytest.mark.parametrize("name", ["explicit", "implicit", "svd", "als", "ease", "knn"])
def test_every_model_with_likeness_compares_items(dataset: Dataset, name: str) -> None:
    found = ids(recommender(dataset, name).similar_items("alien"))
    assert "alien" not in found
    assert set(found) <= {"heat", "solaris", "stalker"}


@pytest.mark.parametrize("name", ["baseline", "popular"])
def test_models_that_compare_nothing_say_so(dataset: Dataset, name: str) -> None:
    with pytest.raises(RecsysError, match=f"{name} does not compare items"):
        recommender(dataset, name).similar_items("alien")


@pytest.mark.parametrize("name", [name for name in models.available() if models.get(name).task == "user"])
def test_every_model_of_users_places_a_new_person(dataset: Dataset, name: str) -> None:
    one = recommender(dataset, name)
    results = one.fold_in({"stalker": 5.0, "alien": 4.0})
    assert set(ids(results)) == {"heat", "solaris"}
    assert len(ids(one.fold_in(["stalker"]))) == 3
    assert len(one.fold_in([])) == 4, "somebody of whom nothing is known gets what suits all"
    assert set(ids(one.explain(10, "heat"))) <= {"alien", "solaris", "stalker"}


# -- the two models of Spotlight --------------------------------------------------------------------------------
@pytest.fixture(scope="module")
def tastes() -> Interactions:
    """Interactions of 60 users with 40 items. Each user likes either the even or the odd items."""
    state = np.random.RandomState(0)
    users = np.repeat(np.arange(60), 25)
    items = 1 + state.randint(0, 40, len(users))
    liked = items % 2 == users % 2
    ratings = np.where(liked, 5.0, 2.0) + state.normal(0, 0.3, len(users))
    return Interactions(users, items, ratings.astype(np.float32), num_users=60, num_items=41)


@pytest.mark.parametrize("loss", ["regression", "poisson"])
def test_explicit_places_a_known_users_history_where_the_user_is(tastes: Interactions, loss: str) -> None:
    model = ExplicitFactorizationModel(loss=loss, n_iter=40, batch_size=64, l2=1e-4, random_state=1)
    model.fit(tastes)
    mine = tastes.user_ids == 4
    items, position = np.unique(tastes.item_ids[mine], return_inverse=True)
    ratings = np.bincount(position, tastes.ratings[mine]) / np.bincount(position)
    folded, own = model.fold_in(items, ratings)[1:], model.predict(4)[1:]
    assert np.corrcoef(folded, own)[0, 1] > 0.9
    new = model.fold_in([2, 4, 1, 3], [5, 5, 2, 2])[5:]
    assert new[1::2].min() > new[::2].max(), "who likes even items is recommended even ones"
    parts = model.contributions([2, 4, 1, 3], [5, 5, 2, 2], 10)
    assert parts.sum() > 0


@pytest.mark.parametrize("loss", ["bpr", "adaptive_hinge"])
def test_implicit_places_a_new_person_by_their_taste(tastes: Interactions, loss: str) -> None:
    chosen = tastes.select(tastes.ratings > 3.5)
    model = ImplicitFactorizationModel(loss=loss, n_iter=20, batch_size=64, random_state=1)
    model.fit(chosen)
    new = model.fold_in([2, 4, 6])[7:]
    assert new[1::2].mean() > new[::2].mean() + new.std()
    parts = model.contributions([2, 4, 6, 1], None, [10, 11])
    assert parts[0, :3].mean() > 0 > parts[1, :3].mean()
    assert model.item_vectors().shape == (41, 32)


def test_a_model_around_its_authors_net_cannot_place_anybody(tastes: Interactions) -> None:
    class Own(BilinearNet):
        pass

    model = ExplicitFactorizationModel(representation=Own(60, 41, 4), n_iter=1, random_state=1)
    model.fit(tastes)
    with pytest.raises(UnsupportedError, match="custom representation Own"):
        model.fold_in([1], [5])
