"""Records of runs: what was trained, measured or tuned, with which options, on which data, and how it went."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import Any, Literal

from engine.data.study import Study

RunKind = Literal["train", "evaluate", "tune"]
RunState = Literal["finished", "stopped", "failed"]
RUN_KINDS: tuple[RunKind, ...] = ("train", "evaluate", "tune")
RUN_STATES: tuple[RunState, ...] = ("finished", "stopped", "failed")


@dataclass(frozen=True, slots=True)
class ValuesFile:
    """The file beside a record that holds the values of each user.

    Attributes
    ----------
    bytes, sha256
        Its size, and the checksum of its content.
    """

    bytes: int
    sha256: str


@dataclass(frozen=True, slots=True)
class ValidationCurve:
    """A metric of a model on held-out cases after epochs of its training.

    Attributes
    ----------
    metric
        The name of the metric.
    epochs, values
        The number of finished epochs at each measurement, and the values; an epoch may have none.
    """

    metric: str
    epochs: tuple[int, ...]
    values: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class RunRecord:
    """One run.

    Attributes
    ----------
    id
        The number of the run within its data set, from 1.
    kind, state
        What was run, and how it ended.
    model, dataset, options, seed
        The model with all its options, the data set, and the random seed.
    started
        When it began, in ISO 8601 and UTC.
    seconds
        The duration of each part; ``total`` is that of the whole run.
    protocol, settings
        The protocol of an evaluation or of tuning, and its further settings (``k``, ``seeds``, ``filter_seen``,
        ``ties``, ``trials``, ``metric``).
    metrics, intervals, segments, about, num_test
        As in :class:`engine.data.results.FitReport`. The metric of tuning is the best one on the validation parts.
    losses
        The mean training loss of each epoch of a model that is trained by steps.
    validation
        A metric of such a model after its epochs; None if it was not measured.
    study
        The trials of tuning; None for other runs.
    data
        A hash of the data set's tables. Two runs can be compared only if they have the same.
    version
        The version of the program.
    machine
        Where it ran: ``host``, ``system``, ``python``, ``cpus``, ``device`` and, if it was loaded, ``torch``.
    model_id
        The id of the stored model that the run made; None if it stored none.
    note
        What a person wrote about the run.
    error
        Why it failed, in a sentence.
    values
        The file with the values of each user; None if there are none.
    """

    id: int
    kind: RunKind
    state: RunState
    model: str
    dataset: str
    started: str
    options: Mapping[str, Any] = field(default_factory=dict)
    seed: int | None = None
    seconds: Mapping[str, float] = field(default_factory=dict)
    protocol: str | None = None
    settings: Mapping[str, Any] = field(default_factory=dict)
    metrics: Mapping[str, float] = field(default_factory=dict)
    intervals: Mapping[str, tuple[float, float]] = field(default_factory=dict)
    segments: Mapping[str, Mapping[str, float]] = field(default_factory=dict)
    about: Mapping[str, Any] = field(default_factory=dict)
    num_test: int | None = None
    losses: tuple[float, ...] = ()
    validation: ValidationCurve | None = None
    study: Study | None = None
    data: str = ""
    version: str = ""
    machine: Mapping[str, Any] = field(default_factory=dict)
    model_id: str | None = None
    note: str = ""
    error: str = ""
    values: ValuesFile | None = None


#: The fields that a diff of two runs leaves out, since they differ between any two runs.
_ALWAYS_DIFFERENT = frozenset(
    {"id", "started", "model_id", "values", "losses", "validation", "study", "segments", "intervals", "about"}
)


def diff(first: RunRecord, second: RunRecord) -> dict[str, tuple[Any, Any]]:
    """What differs between two runs.

    Returns
    -------
    dict
        ``field`` or ``field.name`` -> the values in the first and in the second run; None where one has no such value.
        Options come first, then settings, then everything else, in the order of the fields.
    """
    found: dict[str, tuple[Any, Any]] = {}
    names = [one.name for one in fields(RunRecord) if one.name not in _ALWAYS_DIFFERENT]
    for name in sorted(names, key=lambda one: {"model": 0, "options": 1, "settings": 2}.get(one, 3)):
        here, there = getattr(first, name), getattr(second, name)
        if isinstance(here, Mapping) and isinstance(there, Mapping):
            for key in dict.fromkeys([*here, *there]):
                if here.get(key) != there.get(key):
                    found[f"{name}.{key}"] = here.get(key), there.get(key)
        elif here != there:
            found[name] = here, there
    return found
