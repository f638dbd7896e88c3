"""The comparison service: models measured by the same questions, tested in pairs, and their lists side by side."""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from engine import models
from engine.data.comparison import ComparedModel, Comparison, DifferentUser, HeadToHead, ListedItem, SideBySide
from engine.data.runs import RunRecord
from engine.data.study import Study
from engine.errors import OptionError, RecsysError, UnknownError
from engine.evaluation.config import EvaluationConfig
from engine.runtime.job import Job, Progress
from engine.session.models import ModelService
from engine.session.open_dataset import OpenDataset
from engine.session.recording import SAMPLED_FROM, RunRecorder, evaluation_settings
from engine.session.sequences import SequenceService
from engine.version import __version__

if TYPE_CHECKING:
    from engine.data.id_map import ExternalId
    from engine.evaluation.bootstrap import UserSums

#: The metrics by which models are tested, as far as all have them: those of accuracy.
_ACCURACY = ("rmse", "mae", "mrr", "ndcg", "recall", "precision", "map", "hit_rate")
#: Settings in which two runs may differ and still answer the same questions.
_OF_THE_MODEL = ("segments", "given")


class ComparisonService:
    """Compares models on one data set.

    Parameters
    ----------
    opened
        The data set.
    models
        Measures the models that were not measured yet.
    sequences
        Answers for sequences that are no user's own.
    """

    def __init__(self, opened: OpenDataset, models: ModelService, sequences: SequenceService) -> None:
        self._opened = opened
        self._models = models
        self._sequences = sequences
        self._recorder = RunRecorder(opened)

    def compare(
        self,
        names: Sequence[str],
        config: EvaluationConfig | None = None,
        options: Mapping[str, Mapping[str, Any]] | None = None,
        job: Job | None = None,
        *,
        metric: str | None = None,
        fresh: bool = False,
    ) -> Comparison:
        """Measure models by the same questions, and test all pairs of them.

        A model that was measured before with the same options on the same data by the same version of the program is
        not measured again.

        Parameters
        ----------
        names
            The models.
        config
            The settings of the evaluation; ``options`` and ``device`` are ignored. None for the defaults.
        options
            Model -> its options; the defaults are used for the others.
        job
            Receives the progress and may cancel.
        metric
            The metric by which the models are ordered; None for ``ndcg@k`` where all models have it.
        fresh
            Whether to measure all models now.

        Raises
        ------
        OptionError
            If there are fewer than two models, one cannot be measured with the protocol, or there is no such metric.
        RecsysError
            As :meth:`ModelService.evaluate`.
        """
        names, options = list(dict.fromkeys(names)), options or {}
        if len(names) < 2:
            raise OptionError(f"A comparison takes at least two models, not {len(names)}.")
        config = replace(config or EvaluationConfig(), segments=True)
        config = replace(config, protocol=self._models.protocol_for(names, config.protocol))
        runs, reused = [], set()
        for name in names:
            run, was_known = self._measured(name, replace(config, options=options.get(name, {})), job, fresh=fresh)
            runs.append(run)
            if was_known:
                reused.add(run.id)
        return self._compared(runs, reused, metric)

    def prove(self, study: Study, job: Job | None = None) -> Comparison:
        """Compare the winner of a search with the model that answers now, on the untouched test part, and train it.

        Both are measured by the protocol and the seed of the search. The rival is the model that answers where none is
        named, with the options that it was trained with. Where there is none, it cannot be measured in this way, or it
        is the winner itself, the rival is the searched model with its defaults.

        Parameters
        ----------
        study
            The search.
        job
            Receives the progress and may cancel; the last report has the numbers of the two runs as its detail.

        Raises
        ------
        RecsysError
            If no trial of the search has finished, or as :meth:`ModelService.evaluate` and :meth:`ModelService.train`.
        """
        job, options = job or Job(), study.best_options
        if not options:
            raise RecsysError(f"No trial of this search for {study.model} has finished, so there is no winner yet.")
        config = EvaluationConfig(protocol=study.protocol, seed=study.seed, segments=True)
        rival, rival_options = self._rival(study)
        runs, reused = [], set()
        for name, chosen in ((study.model, options), (rival, rival_options)):
            run, was_known = self._measured(name, replace(config, options=chosen), job)
            runs.append(run)
            if was_known:
                reused.add(run.id)
        comparison = self._compared(runs, reused, None)
        self._models.train(study.model, options, job, study.seed)
        job.report(Progress(f"{study.model} is trained", detail=tuple(run.id for run in runs)))
        return comparison

    def _rival(self, study: Study) -> tuple[str, dict[str, Any]]:
        """The model with which the winner of a search is compared, and its options."""
        winner = models.get(study.model)
        try:
            ((report, _),) = self._models.reports(self._models.choose(winner.task))
            self._models.protocol_for([report.model], study.protocol)
        except RecsysError:  # none is trained, it is damaged, or it does not suit the protocol
            return study.model, {}
        spec = models.get(report.model)
        options = {
            name: value
            for name, value in report.options.items()
            if name in spec.options and name not in ("random_state", "device")
        }
        same = report.model == study.model and all(options.get(name) == one for name, one in study.best_options.items())
        return (study.model, {}) if same else (report.model, options)

    def _measured(
        self, name: str, config: EvaluationConfig, job: Job | None, *, fresh: bool = False
    ) -> tuple[RunRecord, bool]:
        """The run that measured a model in this way, now or before, and whether it was before."""
        run = None if fresh else self._earlier(name, config)
        if run is not None:
            return run, True
        before = self._last_number()
        self._models.evaluate(name, config, job)
        return self._measured_since(before, name), False

    def compare_runs(self, numbers: Sequence[int], metric: str | None = None) -> Comparison:
        """Compare runs that measured models by the same questions.

        Raises
        ------
        OptionError
            If there are fewer than two runs.
        RecsysError
            If one of the runs is no finished evaluation, or they answered different questions; the sentence says in
            what they differ.
        UnknownError, DataError
            If there is no run of a number, or its record or its values are damaged.
        """
        numbers = list(dict.fromkeys(numbers))
        if len(numbers) < 2:
            raise OptionError(f"A comparison takes at least two runs, not {len(numbers)}.")
        runs = [self._recorder.store.get(number) for number in numbers]
        return self._compared(runs, {run.id for run in runs}, metric)

    def side_by_side(self, comparison: Comparison, user: ExternalId) -> SideBySide:
        """The lists of the compared models for a user, as they were measured: without what was held out.

        Raises
        ------
        UnknownError
            If there is no such user, or nothing of this user was held out.
        """
        import numpy as np

        from engine.evaluation.head_to_head import latest_case

        internal = self._opened.dataset.users.encode_one(user)
        rows: dict[str, Sequence[int]] = {}
        held_out: set[int] = set()
        for model in comparison.models:
            values = self._values(model.run)
            case_users = values["case_users"]
            if internal not in case_users:
                raise UnknownError(
                    f"Nothing of user {user} was held out by the protocol {model.run.protocol} with the seed "
                    f"{model.run.seed}, so there is no list to compare.",
                    name=str(user),
                )
            rows[model.label], targets = _case(values, int(latest_case(case_users, np.array([internal]))[0]))
            held_out |= targets
        return self._beside(rows, held_out, user=self._opened.dataset.users.decode_one(internal))

    def side_by_side_after(self, comparison: Comparison, items: Sequence[int], job: Job | None = None) -> SideBySide:
        """The lists of the compared models after a sequence, as long as those that were measured.

        Where it is a user's own, as it was known when what comes next was asked, the lists are those that were measured
        then, and what was held out is marked. Else the trained models answer; they learned from all data, so nothing is
        held out.

        Parameters
        ----------
        comparison
            The comparison, of models of sequences.
        items
            The sequence, internal ids, oldest first.
        job
            May cancel before a model is asked.

        Raises
        ------
        RecsysError
            If a model is not one of sequences, or the same model was measured twice, so that only one is trained.
        NotTrainedError, DamagedModelError
            If a model is not trained, or damaged.
        """
        from engine.evaluation.head_to_head import CaseLists
        from engine.evaluation.own_sequences import find_case

        users = self._opened.dataset.users
        rows: dict[str, Sequence[int]] = {}
        held_out: set[int] = set()
        user: ExternalId | None = None
        for model in comparison.models if comparison.of_sequences else ():
            values = self._values(model.run)
            case = find_case(self._opened.user_index, CaseLists.of_run(values), model.run.protocol or "", items)
            if case is None:
                break
            rows[model.label], targets = _case(values, case)
            held_out |= targets
            user = users.decode_one(int(values["case_users"][case]))
        if len(rows) < len(comparison.models):
            rows, held_out, user = self._listed_after(comparison, items, job), set(), None
        return self._beside(rows, held_out, user, items)

    def require_sequences(self, names: Sequence[str]) -> None:
        """Make sure that models can be asked what comes after any sequence, before time is spent on measuring them.

        Raises
        ------
        UnknownError, RecsysError, NotTrainedError, DamagedModelError
            As :meth:`side_by_side_after`.
        """
        for name in names:
            self._models.choose("sequence", name)

    def _listed_after(self, comparison: Comparison, items: Sequence[int], job: Job | None) -> dict[str, Sequence[int]]:
        k = int(comparison.models[0].run.settings.get("k", 10))
        names = [model.run.model for model in comparison.models]
        if twice := next((name for name, number in Counter(names).items() if number > 1), None):
            raise RecsysError(
                f"{twice} was measured in several runs of this comparison, and only one {twice} is trained, so there "
                "are no two lists of it after this sequence.",
                name=twice,
            )
        self.require_sequences(names)
        return {
            model.label: [
                result.item.internal_id
                for result in self._sequences.next_items(items, k, model.run.model, job=job).results
            ]
            for model in comparison.models
        }

    def _beside(
        self,
        rows: Mapping[str, Sequence[int]],
        held_out: set[int],
        user: ExternalId | None,
        after: Sequence[int] = (),
    ) -> SideBySide:
        catalogue = self._opened.dataset.items
        lists_with = Counter(item for row in rows.values() for item in row)
        return SideBySide(
            user,
            tuple(catalogue.take(sorted(held_out))),
            {
                label: tuple(
                    ListedItem(rank, item, item.internal_id in held_out, lists_with[item.internal_id] > 1)
                    for rank, item in enumerate(catalogue.take(row), 1)
                )
                for label, row in rows.items()
            },
            tuple(catalogue.take(after)),
        )

    def head_to_head(
        self, comparison: Comparison, k: int = 10, count: int = 50, job: Job | None = None
    ) -> tuple[HeadToHead, ...]:
        """Count for which users each of two compared models is right, and name those whose lists differ most.

        Parameters
        ----------
        comparison
            The comparison.
        k
            The number of items of each list that count; fewer if the lists are shorter.
        count
            The number of users to name for each pair.
        job
            Receives the progress and may cancel.

        Returns
        -------
        tuple of HeadToHead
            One for each pair, in the order of the models; see :mod:`engine.evaluation.head_to_head` for the test.
        """
        from engine.evaluation.bootstrap import LEVEL
        from engine.evaluation.head_to_head import CaseLists, outcome, user_outcomes
        from engine.evaluation.paired import holm

        job, users = job or Job(), self._opened.dataset.users
        lists = {model.label: CaseLists.of_run(self._values(model.run)) for model in comparison.models}
        pairs = []
        for first, second in itertools.combinations(lists, 2):
            found = user_outcomes(lists[first], lists[second], k, job)
            listed = tuple(
                DifferentUser(
                    users.decode_one(int(found.users[row])),
                    int(found.shared[row]),
                    int(found.first[row]),
                    int(found.second[row]),
                )
                for row in found.most_different(count)
            )
            pairs.append((first, second, found, outcome(found), listed))
        corrected = holm([result.p_value for *_, result, _ in pairs])
        return tuple(
            HeadToHead(
                first,
                second,
                found.k,
                len(found.users),
                result,
                p_corrected,
                "tie" if p_corrected >= 1.0 - LEVEL else "better" if result.difference > 0 else "worse",
                listed,
            )
            for (first, second, found, result, listed), p_corrected in zip(pairs, corrected, strict=True)
        )

    def _compared(self, runs: Sequence[RunRecord], reused: set[int], metric: str | None) -> Comparison:
        from engine.evaluation.paired import ERRORS, common_users, paired_tests, standing

        _require_same_questions(runs)
        of_run = {run.id: self._sums(run) for run in runs}
        shared = [name for name in runs[0].metrics if all(name in one.sums for one in of_run.values())]
        tested = [name for name in shared if name.partition("@")[0] in _ACCURACY]
        if not tested:
            raise RecsysError("These models cannot be compared: they have no figure in common.")
        if metric not in (None, *tested):
            raise OptionError(f"These models cannot be compared by {metric!r}: use {', '.join(tested)}.")
        # Lists are what all models make; an error is the default only where nothing was to be listed.
        metric = metric or next((name for name in tested if name.startswith("ndcg")), tested[0])
        sign = 1 if metric in ERRORS else -1
        runs = sorted(runs, key=lambda run: sign * run.metrics[metric])
        labels = dict(zip(_labels(runs), runs, strict=True))
        sums = {label: of_run[run.id] for label, run in labels.items()}
        tests = {name: tuple(paired_tests(sums, name, runs[0].seed or 0)) for name in tested}
        marks = {
            name: standing(tests[name], {label: run.metrics[name] for label, run in labels.items()}, name)
            for name in tested
        }
        found = [
            ComparedModel(label, run, run.id in reused, {name: marks[name][label] for name in tested})
            for label, run in labels.items()
        ]
        num_users = len(common_users(list(sums.values()))[0].users)
        sampled_from = max((int(run.about.get(SAMPLED_FROM, 0)) for run in runs), default=0) or None
        specs = models.describe()  # a run may be of a model of a package that is no longer installed
        of_sequences = all(run.model in specs and specs[run.model].task == "sequence" for run in runs)
        return Comparison(tuple(found), metric, tests, num_users, sampled_from, of_sequences)

    def _earlier(self, name: str, config: EvaluationConfig) -> RunRecord | None:
        """The latest run that measured this, with its values; None if there is none."""
        for run in reversed(self._recorder.store.list().runs):
            if (
                (run.kind, run.state, run.model, run.version) == ("evaluate", "finished", name, __version__)
                and run.data == self._recorder.data
                and (run.protocol, run.seed) == (config.protocol, config.seed)
                and run.settings == evaluation_settings(config)
                and run.values is not None
            ):
                return run
        return None

    def _last_number(self) -> int:
        return max((run.id for run in self._recorder.store.list().runs), default=0)

    def _measured_since(self, number: int, name: str) -> RunRecord:
        runs = self._recorder.store.list().runs
        found = [run for run in runs if run.id > number and (run.kind, run.model) == ("evaluate", name)]
        if not found:
            raise RecsysError(
                f"The evaluation of {name} could not be recorded, and models are compared by their records.", name=name
            )
        return found[-1]

    def _values(self, run: RunRecord) -> dict[str, Any]:
        values = self._recorder.store.values(run)
        if values is None:
            raise RecsysError(f"Run {run.id} has no values of single users, by which models are compared.")
        return values

    def _sums(self, run: RunRecord) -> UserSums:
        from engine.evaluation.bootstrap import UserSums

        values = self._values(run)
        names = [name.removeprefix("sum.") for name in values if name.startswith("sum.")]
        return UserSums(
            values["users"],
            {name: values[f"sum.{name}"] for name in names},
            {name: values[f"count.{name}"].astype(float) for name in names},
            frozenset({"rmse"} & set(names)),
        )


def _case(values: Mapping[str, Any], case: int) -> tuple[list[int], set[int]]:
    """The list of a case, and what was to be found."""
    return (
        [int(item) for item in values["lists"][case] if item],
        {int(item) for item in values["targets"][values["owners"] == case]},
    )


def _labels(runs: Sequence[RunRecord]) -> list[str]:
    counts = Counter(run.model for run in runs)
    return [run.model if counts[run.model] == 1 else f"{run.model} #{run.id}" for run in runs]


def _require_same_questions(runs: Sequence[RunRecord]) -> None:
    for run in runs:
        if run.kind != "evaluate" or run.state != "finished":
            what = run.state if run.kind == "evaluate" else f"a run of the kind {run.kind}"
            raise RecsysError(f"Run {run.id} cannot be compared: it is {what}, and no finished evaluation.")
    first = runs[0]
    for run in runs[1:]:
        facts = {
            "data": (first.data, run.data),
            "protocol": (first.protocol, run.protocol),
            "seed of the split": (first.seed, run.seed),
            "questions": (first.about.get("question"), run.about.get("question")),
        }
        facts |= {name: (value, run.settings.get(name)) for name, value in first.settings.items()}
        for name, (here, there) in facts.items():
            if here != there and name not in _OF_THE_MODEL:
                raise RecsysError(
                    f"{first.model} (run {first.id}) and {run.model} (run {run.id}) cannot be compared: they differ in "
                    f"their {name}, {here} and {there}."
                )
