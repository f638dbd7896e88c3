from __future__ import annotations

import subprocess
import sys
from importlib.metadata import EntryPoint

import pytest

from engine import models
from engine.errors import DataError, OptionError, UnknownError, UnsupportedError
from engine.models import registry


def test_the_registry_is_there_without_torch():
    program = (
        "import sys; from engine import models\n"
        "assert {'explicit', 'implicit', 'sequence', 'popular'} <= set(models.available())\n"
        "assert models.describe()['explicit'].needs == ('ratings',)\n"
        "assert models.describe()['sequence'].options['representation'].default == 'cnn'\n"
        "assert not {'torch', 'scipy', 'pandas', 'pyarrow'} & set(sys.modules), sorted(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", program], check=True)


@pytest.mark.parametrize("name", models.available())
def test_every_option_of_the_registry_is_one_of_the_class(name):
    model = models.create(name, device="cpu")
    for option, value in model.options().items():
        if option in models.get(name).options:
            assert value == models.get(name).options[option].default


def test_options_come_as_text_from_the_command_line():
    model = models.create("sequence", n_iter="3", l2="1e-4", exclude_known="no", representation="lstm", device="cpu")
    assert (model.n_iter, model.l2, model.exclude_known, model.representation) == (3, 1e-4, False, "lstm")


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"n_iters": 3}, "n_iters.*n_iter, batch_size"),
        ({"n_iter": "many"}, "n_iter must be a whole number, not 'many'"),
        ({"l2": "strong"}, "l2 must be a number"),
        ({"center": "perhaps"}, "center must be true or false"),
        ({"loss": "hinge"}, "regression, poisson, logistic"),
        ({"n_iter": "0"}, "n_iter.*0"),
        ({"device": "toaster"}, "toaster"),
    ],
)
def test_a_wrong_option_is_named_with_what_would_be_right(options, words):
    with pytest.raises(OptionError, match=words):
        models.create("explicit", **options)


def test_an_unknown_model_is_named_with_what_was_probably_meant():
    with pytest.raises(UnknownError, match="explizit") as caught:
        models.create("explizit")
    assert "explicit" in caught.value.suggestions


@pytest.fixture(autouse=True)
def read_anew():
    """Clear the registry, which is read once a process, before and after a test."""
    registry.describe.cache_clear()
    yield
    registry.describe.cache_clear()


class FromElsewhere:
    """A model that gives every item the same score."""

    def __init__(self, strength: float = 1.0, random_state: object = None) -> None:
        self.strength = strength

    def fit(self, interactions: object) -> None: ...

    def predict(self, user_ids: object, item_ids: object = None) -> float:
        return self.strength


def test_a_class_of_another_package_joins_by_its_entry_point(monkeypatch):
    point = EntryPoint("elsewhere", f"{__name__}:FromElsewhere", registry.ENTRY_POINTS)
    monkeypatch.setattr(registry, "entry_points", lambda group: [point] if group == registry.ENTRY_POINTS else [])
    assert models.available()[-1] == "elsewhere"
    spec = models.describe()["elsewhere"]
    assert (spec.task, spec.description) == ("user", "A model that gives every item the same score.")
    assert models.create("elsewhere", strength="2.5").predict(1) == 2.5


def test_a_broken_package_leaves_the_other_models_usable(monkeypatch):
    point = EntryPoint("broken", "no_such_package:Model", registry.ENTRY_POINTS)
    monkeypatch.setattr(registry, "entry_points", lambda group: [point])
    assert "no_such_package" in models.describe()["broken"].description
    assert models.create("explicit", device="cpu").name == "explicit"
    with pytest.raises(DataError, match="no_such_package"):
        models.create("broken")


def test_a_model_that_cannot_be_distributed_is_refused_with_those_that_can():
    for name in ("als", "explicit", "sequence", "attention"):
        registry.require_distributed(models.get(name))
    with pytest.raises(UnsupportedError, match="that of als, attention, bayesian, explicit, implicit or sequence can"):
        registry.require_distributed(models.get("svd"))
