"""The factors of a factorisation, whose predictions follow from them by the stated formula."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from torch import nn

from engine import models
from engine.errors import UnsupportedError
from engine.factorization.explicit import ExplicitFactorizationModel
from engine.interactions import Interactions
from engine.models.factors import Factors
from tests.engine.evaluation.test_runner import make

LINKS = {"identity": lambda score: score, "exp": np.exp, "sigmoid": lambda score: 1 / (1 + np.exp(-score))}


def predictions(factors: Factors) -> Any:
    biases = factors.user_biases[:, None] + factors.item_biases
    return LINKS[factors.link](factors.offset + factors.users @ factors.items.T + biases)


@pytest.mark.parametrize(("loss", "link"), [("regression", "identity"), ("poisson", "exp"), ("logistic", "sigmoid")])
def test_the_predictions_of_each_loss_follow_from_the_factors(loss: str, link: str) -> None:
    log = make().interactions
    assert log.ratings is not None
    ratings = np.where(log.ratings > 3, 1.0, -1.0) if loss == "logistic" else log.ratings
    model = ExplicitFactorizationModel(loss, embedding_dim=4, n_iter=2, random_state=0)
    model.fit(Interactions(log.user_ids, log.item_ids, ratings.astype(np.float32), num_items=log.num_items))
    factors = model.factors()
    assert factors.link == link
    np.testing.assert_allclose(predictions(factors)[3, 1:], model.predict(3)[1:], rtol=1e-4, atol=1e-4)


def test_ratings_far_from_zero_are_given_in_their_own_unit() -> None:
    log = make().interactions
    assert log.ratings is not None
    for name in ("svd", "explicit", "bayesian"):
        model: Any = models.create(
            name, embedding_dim=4, n_iter=3, random_state=0, **{"burn_in": 1} if name == "bayesian" else {}
        )
        model.fit(Interactions(log.user_ids, log.item_ids, 20 * log.ratings, num_items=log.num_items))
        factors = model.factors()
        assert 20 < factors.offset < 100
        np.testing.assert_allclose(predictions(factors)[3, 1:], model.predict(3)[1:], rtol=1e-3)


def test_predictions_that_are_no_function_of_the_scores_have_no_factors() -> None:
    model: Any = models.create("bayesian", likelihood="ordinal", embedding_dim=2, n_iter=2, burn_in=1, random_state=0)
    model.fit(make().interactions)
    assert not model.capabilities.factorizes
    with pytest.raises(UnsupportedError, match="bayesian has no vectors"):
        model.factors()


def test_a_network_of_the_caller_has_no_factors() -> None:
    class Net(nn.Module):
        pass

    with pytest.raises(UnsupportedError, match="BilinearNet"):
        ExplicitFactorizationModel(representation=Net()).factors()
