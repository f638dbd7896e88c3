"""The part of the fake session that the Models tab asks: model cards, runs and comparisons."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from engine.data.comparison import (
    ComparedModel,
    Comparison,
    DifferentUser,
    HeadToHead,
    ListedItem,
    Outcome,
    PairedTest,
    SideBySide,
    Standing,
)
from engine.data.id_map import ExternalId
from engine.data.model_cards import ModelCard, OptionCard
from engine.data.runs import RunKind, RunRecord, diff
from engine.data.study import SearchedOption, Study, Trial, TrialState
from engine.errors import OptionError
from engine.session import EvaluationConfig, Job, Progress, StoredRuns

if TYPE_CHECKING:
    from tests.tui.fake import FakeSession

OPTIONS = (
    OptionCard("n_iter", 10, "number of epochs", (), "5 to 50"),
    OptionCard("learning_rate", 0.01, "learning rate of Adam", (), "0.0001 to 0.1"),
    OptionCard("loss", "regression", "what is minimised", ("regression", "poisson")),
)


def make_run(number: int, kind: RunKind, model: str, **fields: Any) -> RunRecord:
    """A run as it would be recorded."""
    metrics = {"rmse": 0.9 + number / 100, "ndcg@10": 0.2 + number / 100, "coverage@10": 0.5 - number / 100}
    return replace(
        RunRecord(
            number,
            kind,
            "finished",
            model,
            "fake",
            "2025-11-21T22:00:00+00:00",
            {"n_iter": 10 + number, "learning_rate": 0.01, "loss": "regression"},
            42,
            {"fit": 1.5, "total": 2.0},
            protocol="random" if kind != "train" else None,
            settings={"k": 10},
            metrics=metrics if kind == "evaluate" else {},
            intervals={"ndcg@10": (0.18, 0.25)} if kind == "evaluate" else {},
            losses=(1.0, 0.7, 0.6, 0.55) if kind == "train" else (),
            data="now",
        ),
        **fields,
    )


def make_study(model: str, ended: int, wanted: int, metric: str = "rmse") -> Study:
    """A search of which some trials have ended: the fifth diverges, every third is pruned, and one runs."""
    losses = ("regression", "poisson")
    space = {"learning_rate": SearchedOption(0.0001, 0.1, True), "loss": SearchedOption(choices=losses)}
    trials = []
    for number in range(min(ended + 1, wanted)):
        options = {"learning_rate": 0.0001 * 2 ** (number % 10), "loss": losses[number % 2]}
        state: TrialState = "diverged" if number == 4 else "pruned" if number % 3 == 2 else "finished"
        value = 0.9 - 0.02 * (number % 7)
        if number == ended:
            trials.append(Trial(number, "running", options))
        elif state == "diverged":
            trials.append(Trial(number, state, options, None, 0.5))
        else:
            trials.append(Trial(number, state, options, value, 2.5, number == 0))
    importance = {"learning_rate": 0.75, "loss": 0.25} if ended >= 10 else {}
    return Study(
        model, metric, metric == "rmse", "random", 42, wanted, {}, space, tuple(trials), len(trials), importance
    )


class FakeCards:
    """Cards of the fake session's models."""

    def __init__(self, fake: FakeSession) -> None:
        self._fake = fake

    def list(self, *, memory: bool = True) -> list[ModelCard]:
        self._fake.enter("cards", memory)
        needed, free = (48_000_000, 8_000_000_000) if memory else (None, None)
        return [
            ModelCard(state, ("ratings",), (), OPTIONS, needed, free, 1.5, self._fake.unfinished.get(state.name))
            for state in self._fake.models.states()
        ]

    def read(self, model: str, values: Mapping[str, str]) -> dict[str, Any]:
        self._fake.enter("read_options", model, dict(values))
        found: dict[str, Any] = {}
        for option in OPTIONS:
            text = values.get(option.name, "").strip()
            if text:
                try:
                    found[option.name] = type(option.default)(text)
                except ValueError:
                    raise OptionError(f"{option.name} must be a number, not {text!r}.") from None
        return found


class FakeRuns:
    """Runs in memory."""

    def __init__(self, fake: FakeSession) -> None:
        self._fake = fake
        self.stored: dict[int, RunRecord] = {}
        self.removed: dict[int, RunRecord] = {}
        self.damage: tuple[str, ...] = ()

    def add(self, kind: RunKind, model: str, **fields: Any) -> RunRecord:
        number = max([0, *self.stored, *self.removed]) + 1
        run = self.stored[number] = make_run(number, kind, model, **fields)
        return run

    def list(self, *, removed: bool = False) -> StoredRuns:
        self._fake.enter("runs")
        runs = self.removed if removed else self.stored
        return StoredRuns(tuple(runs[number] for number in sorted(runs)), self.damage)

    def is_current(self, run: RunRecord) -> bool:
        return run.data == "now"

    def diff(self, first: int, second: int) -> dict[str, tuple[Any, Any]]:
        return diff(self.stored[first], self.stored[second])

    def annotate(self, number: int, note: str) -> RunRecord:
        run = self.stored[number] = replace(self.stored[number], note=note)
        return run

    def remove(self, numbers: Iterable[int]) -> None:
        for number in numbers:
            self.removed[number] = self.stored.pop(number)

    def restore(self, numbers: Iterable[int]) -> None:
        for number in numbers:
            self.stored[number] = self.removed.pop(number)

    def promote(self, number: int) -> str:
        self._fake.enter("promote", number)
        return self.stored[number].model


#: The models of sequences among those that the fake session measures.
SEQUENCE_MODELS = ("sequence", "markov")


class FakeComparison:
    """Comparisons in which the later run is better, and told apart only from the third on."""

    def __init__(self, fake: FakeSession) -> None:
        self._fake = fake

    def compare(
        self,
        names: Sequence[str],
        config: EvaluationConfig | None = None,
        options: Mapping[str, Mapping[str, Any]] | None = None,
        job: Job | None = None,
    ) -> Comparison:
        assert config is not None
        self._fake.enter("compare_models", tuple(names), config.protocol, job=job)
        return self.compare_runs([self._fake.runs.add("evaluate", name).id for name in names])

    def compare_runs(self, numbers: Sequence[int], metric: str | None = None) -> Comparison:
        self._fake.enter("compare_runs", tuple(numbers))
        runs = [self._fake.runs.stored[number] for number in sorted(numbers, reverse=True)]
        labels = [f"{run.model} #{run.id}" for run in runs]
        standing: Standing = "tied" if len(runs) == 2 else "best"
        models = [
            ComparedModel(
                label, run, True, {"ndcg@10": standing if place < len(runs) - 1 or standing == "tied" else ""}
            )
            for place, (label, run) in enumerate(zip(labels, runs, strict=True))
        ]
        test = PairedTest(labels[0], labels[1], "ndcg@10", 0.01, (-0.01, 0.03), 0.3, 0.3, 0.5, 0.5, 30, 25, 5, "tie")
        return Comparison(
            tuple(models),
            "ndcg@10",
            {"ndcg@10": (test,)},
            60,
            of_sequences=all(run.model in SEQUENCE_MODELS for run in runs),
        )

    def prove(self, study: Study, job: Job | None = None) -> Comparison:
        self._fake.enter("prove", study.model, study.best_options, job=job)
        runs = [self._fake.runs.add("evaluate", model) for model in (study.model, "sequence")]
        self._fake.runs.add("train", study.model)
        if job is not None:
            job.report(Progress("compared", detail=tuple(run.id for run in runs)))
        return self.compare_runs([run.id for run in runs])

    def side_by_side(self, comparison: Comparison, user: ExternalId) -> SideBySide:
        self._fake.enter("side_by_side", user)
        items = self._fake.items
        rows = [items[2 * place : 2 * place + 5] for place, _ in enumerate(comparison.models)]
        listed = [item.internal_id for row in rows for item in row]
        held_out = items[3]
        lists = {
            model.label: tuple(
                ListedItem(rank, item, item is held_out, listed.count(item.internal_id) > 1)
                for rank, item in enumerate(row, 1)
            )
            for model, row in zip(comparison.models, rows, strict=True)
        }
        return SideBySide(user, (held_out,), lists)

    def side_by_side_after(self, comparison: Comparison, items: Sequence[int], job: Job | None = None) -> SideBySide:
        self._fake.enter("side_by_side_after", tuple(items))
        after = tuple(self._fake.items[number - 1] for number in items)
        lists = {
            model.label: tuple(
                ListedItem(rank, item, False, place == 0)
                for rank, item in enumerate(self._fake.items[4 + place : 8 + place], 1)
            )
            for place, model in enumerate(comparison.models)
        }
        return SideBySide(None, (), lists, after)

    def head_to_head(
        self, comparison: Comparison, k: int = 10, count: int = 50, job: Job | None = None
    ) -> Sequence[HeadToHead]:
        self._fake.enter("head_to_head", tuple(model.label for model in comparison.models), job=job)
        users = (DifferentUser(7, 0, 1, 0), DifferentUser(12, 2, 0, 0), DifferentUser("a long name of a user", 9, 1, 1))
        figures = (k, 60, Outcome(12, 9, 20, 19, 0.05, (-0.1, 0.2), 0.664), 0.664)
        labels = [model.label for model in comparison.models]
        return [
            HeadToHead(first, second, *figures, "tie" if place == 0 else "better", users)
            for place, (first, second) in enumerate(itertools.combinations(labels, 2))
        ]
