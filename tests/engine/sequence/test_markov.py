from __future__ import annotations

import numpy as np
import pytest

from engine import models
from engine.datasets import synthetic
from engine.errors import CancelledError, LearningError, NotTrainedError, OptionError
from engine.interactions import SequenceInteractions
from engine.runtime.job import Job
from engine.sequence.markov import MarkovModel

SMALL = SequenceInteractions([[1, 2, 3], [0, 1, 3]], num_items=5)


#: The options that count plain transitions.
PLAIN = {
    "lags": 1,
    "decay": 1.0,
    "ahead": 0.0,
    "alignment": 0.0,
    "sharpness": 1.0,
    "rarity": 0.0,
    "popularity": 0.0,
    "held_out": 0.0,
}


def counting(**options: float) -> MarkovModel:
    return MarkovModel(**{**PLAIN, **options})


def votes(model: MarkovModel, sequence: list[int], sequences: SequenceInteractions = SMALL) -> np.ndarray:
    """Return the votes of the model, without smoothing and in float32 precision."""
    model.fit(sequences)
    counts = np.bincount(sequences.sequences[sequences.sequences > 0], minlength=sequences.num_items)
    prior = model.smoothing * counts / counts.sum()
    return np.exp(model.scores(sequence)[0].double().numpy()) - prior


def test_transitions_counted_by_hand():
    """The vote of 2 → 3 is 1. The vote of 1 → 2 is .5. The vote of 1 → 3 is .5 · .5 over two lags and .5 over one."""
    counted = votes(counting(lags=2, decay=0.5), [1, 2])
    np.testing.assert_allclose(counted, [0, 0, 0.5, 1.75, 0], atol=1e-6)


def test_places_where_items_agree_count_for_more():
    """In the first row both items come before 3, with 1.25² votes. The other rows have one of them, with .5² votes."""
    counted = votes(counting(lags=2, decay=0.5, sharpness=2), [1, 2])
    np.testing.assert_allclose(counted, [0, 0, 0.25, 1.25**2 + 0.25, 0], atol=1e-6)


def test_looking_ahead_counts_what_stands_before_too():
    counted = votes(counting(decay=1.0, ahead=0.5), [2])
    np.testing.assert_allclose(counted, [0, 0.5, 0, 1, 0], atol=1e-6)


def test_the_same_order_counts_for_more():
    """In the first row, 1 and 2 come before 3 as in the query sequence. In the second row, 1 is at another distance."""
    counted = votes(counting(lags=2, alignment=0.5), [1, 2])
    np.testing.assert_allclose(counted, [0, 0, 1, 1.5 + 1.5 + 1, 0], atol=1e-6)


def test_rare_items_tell_more_and_popular_ones_are_held_back():
    even, rare = (votes(counting(rarity=one), [1]) for one in (0.0, 1.0))
    np.testing.assert_allclose(rare, even / 2, atol=1e-6)
    held = votes(counting(popularity=1.0), [1])
    np.testing.assert_allclose(held, even / [1, 2, 1, 2, 1], atol=1e-6)


def test_only_the_last_items_are_looked_at_and_rows_do_not_run_into_each_other():
    counted = votes(counting(), [2, 3])
    np.testing.assert_allclose(counted, 0, atol=1e-6)


def test_weights_count():
    weighted = SequenceInteractions([[1, 2], [1, 3]], num_items=4, weights=[[1.0, 1.0], [1.0, 0.25]])
    model = counting(smoothing=1e-6)
    model.fit(weighted)
    np.testing.assert_allclose(model.probabilities([1])[2:], [0.8, 0.2], atol=1e-3)


def test_what_was_never_chosen_comes_last_and_nothing_known_means_popularity():
    model = MarkovModel(smoothing=0.5)
    model.fit(SMALL)
    scores = model.predict([1, 2])
    assert np.isfinite(scores).all()
    assert scores[[0, 4]].max() < scores[1:4].min()
    for nothing in ([], [0, 0], [4]):
        np.testing.assert_allclose(model.probabilities(np.array(nothing, dtype=int)), [0, 0.4, 0.2, 0.4, 0], atol=1e-6)


def test_shapes_padding_and_probabilities():
    model = MarkovModel()
    model.fit(SMALL)
    one = model.predict([1, 2])
    assert one.shape == (5,)
    np.testing.assert_array_equal(one, model.predict([0, 0, 1, 2]))
    np.testing.assert_array_equal(one[[3, 1]], model.predict([1, 2], [3, 1]))
    many = model.predict([[1, 2], [0, 3]])
    np.testing.assert_array_equal(many[0], one)
    assert model.predict([[1, 2], [0, 3]], [3, 1]).shape == (2, 2)
    assert model.probabilities([[1, 2], [0, 3]]).sum(1) == pytest.approx([1, 1])


def test_a_stored_model_says_the_same(tmp_path):
    model = models.create("markov", ahead="0.5", device="cpu")
    model.fit(SMALL)
    model.save(tmp_path / "model", {"note": 1})
    again = models.load(tmp_path / "model")
    np.testing.assert_array_equal(again.predict([[1, 2], [0, 3]]), model.predict([[1, 2], [0, 3]]))
    assert again.options() == model.options()
    assert again.metadata == {"note": 1}


def test_fitting_again_forgets():
    model = MarkovModel()
    model.fit(SMALL)
    before = model.predict([1])
    model.fit(SequenceInteractions([[3, 1, 4]]))
    assert model.predict([1]).argmax() == 4
    model.fit(SMALL)
    np.testing.assert_array_equal(model.predict([1]), before)


def test_one_item_and_single_steps_are_sane():
    model = MarkovModel()
    model.fit(SequenceInteractions([[1], [1]]))
    assert model.probabilities([1])[1] == 1
    model.fit(SequenceInteractions([[2], [1], [1]]))
    assert model.predict([2]).argmax() == 1


def test_whether_order_is_strict_is_found_on_people_held_out():
    """The order is strict: an item determines the next item, but not the previous one."""
    strict = synthetic.generate_sequential(num_items=50, order=1, random_state=np.random.RandomState(1)).to_sequence(
        100
    )
    model = MarkovModel(random_state=1)
    model.fit(strict)
    assert model.counting[1] == 0
    model = MarkovModel(held_out=0.0)
    model.fit(strict)
    assert model.counting == (model.decay, model.ahead, model.sharpness)


@pytest.mark.parametrize("options", [{"lags": 0}, {"decay": 0.0}, {"sharpness": 0.5}, {"smoothing": 0.0}])
def test_impossible_options_are_named(options):
    with pytest.raises(OptionError, match=next(iter(options))):
        MarkovModel(**options)


def test_misuse_is_said_plainly():
    with pytest.raises(LearningError, match="no sequences"):
        MarkovModel().fit(SequenceInteractions(np.zeros((2, 3), dtype=int)))
    with pytest.raises(NotTrainedError):
        MarkovModel().predict([1])
    model = MarkovModel()
    model.fit(SMALL)
    with pytest.raises(ValueError, match="item id 9"):
        model.predict([9])
    job = Job()
    job.cancel()
    with pytest.raises(CancelledError):
        model.fit(SMALL, job=job)
    with pytest.raises(NotTrainedError):
        model.predict([1])


@pytest.mark.parametrize("sharpness", [1, 1.5, 2, 2.5, 4.0, 8.0, 1.7, 30.0])
def test_the_evidence_of_a_place_is_raised_to_the_sharpness(sharpness: float) -> None:
    """See :func:`test_places_where_items_agree_count_for_more`, where the sharpness is 2."""
    counted = votes(counting(lags=2, decay=0.5, sharpness=sharpness), [1, 2])
    expected = [0, 0, 0.5**sharpness, 1.25**sharpness + 0.5**sharpness, 0]
    np.testing.assert_allclose(counted, expected, rtol=1e-4, atol=1e-6)
