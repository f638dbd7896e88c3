"""Records of a comparison of models, which the screens and the command line show."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from engine.data.runs import RunRecord

if TYPE_CHECKING:
    from engine.data.id_map import ExternalId
    from engine.data.items import Item

Standing = Literal["best", "tied", ""]
Verdict = Literal["better", "worse", "tie"]


@dataclass(frozen=True, slots=True)
class PairedTest:
    """The comparison of two models by one metric.

    Attributes
    ----------
    first, second
        The two models.
    metric
        The metric.
    difference
        The metric of the first minus that of the second.
    interval
        The 95 % bootstrap interval of the difference.
    p_bootstrap, p_bootstrap_corrected
        The p value of the bootstrap test, and the one corrected for all pairs of models.
    p_sign, p_sign_corrected
        Those of the sign test.
    users_better, users_worse, users_equal
        The number of users whom the first serves better, worse, and as well as the second.
    verdict
        ``"better"`` or ``"worse"`` if the corrected bootstrap test tells the first from the second, else ``"tie"``.
    """

    first: str
    second: str
    metric: str
    difference: float
    interval: tuple[float, float]
    p_bootstrap: float
    p_bootstrap_corrected: float
    p_sign: float
    p_sign_corrected: float
    users_better: int
    users_worse: int
    users_equal: int
    verdict: Verdict


@dataclass(frozen=True, slots=True)
class ComparedModel:
    """One model of a comparison.

    Attributes
    ----------
    label
        Its name in the comparison: that of the model or, if there are several runs of the model, with the run's number.
    run
        The run in which it was measured.
    reused
        Whether the run is an earlier one.
    standing
        Metric -> ``"best"`` if it can be told from all others, ``"tied"`` if it cannot be told from the one with the
        best figure, else an empty text.
    """

    label: str
    run: RunRecord
    reused: bool
    standing: Mapping[str, Standing]


@dataclass(frozen=True, slots=True)
class Comparison:
    """Models that were measured by the same questions.

    Attributes
    ----------
    models
        The models, the one with the best figure first.
    metric
        The metric by which they are ordered.
    tests
        Metric -> the tests of all pairs of models.
    num_users
        The number of users whom all were asked about.
    sampled_from
        The number of users of whom these are a random sample; None if they are all.
    of_sequences
        Whether all of them are models of sequences, whose lists after any sequence can be compared.
    """

    models: tuple[ComparedModel, ...]
    metric: str
    tests: Mapping[str, tuple[PairedTest, ...]]
    num_users: int
    sampled_from: int | None = None
    of_sequences: bool = False


@dataclass(frozen=True, slots=True)
class ListedItem:
    """An item of a list that is shown beside others.

    Attributes
    ----------
    rank, item
        Its position from 1, and the item.
    held_out
        Whether it is one of the items that were held out, so that listing it is right.
    shared
        Whether another of the lists has it too.
    """

    rank: int
    item: Item
    held_out: bool
    shared: bool


@dataclass(frozen=True, slots=True)
class SideBySide:
    """The lists of several models for one user or after one sequence.

    Attributes
    ----------
    user
        The user, as they were measured; None if the trained models answered, for a sequence that is no user's own.
    held_out
        The items that were to be found.
    lists
        Label of a model -> its list.
    after
        The sequence that the lists come after, oldest first; empty if a user was asked for.
    """

    user: ExternalId | None
    held_out: tuple[Item, ...]
    lists: Mapping[str, tuple[ListedItem, ...]]
    after: tuple[Item, ...] = ()


@dataclass(frozen=True, slots=True)
class DifferentUser:
    """A user for whom two models make different lists.

    Attributes
    ----------
    user
        The user.
    shared
        The number of items that both lists have.
    first, second
        The number of held-out items that each model found.
    """

    user: ExternalId
    shared: int
    first: int
    second: int


@dataclass(frozen=True, slots=True)
class Outcome:
    """For how many users each of two models finds more.

    Attributes
    ----------
    first_more, second_more
        The users for whom the one finds more held-out items than the other. Where one item of each user is held out,
        only that model finds it.
    both, neither
        The users for whom both find equally many: at least one, or none.
    difference
        The share of users for whom the first finds more, minus the share for whom the second does.
    interval
        The 95 % interval of this difference.
    p_value
        The p value of the exact sign test.
    """

    first_more: int
    second_more: int
    both: int
    neither: int
    difference: float
    interval: tuple[float, float]
    p_value: float


@dataclass(frozen=True, slots=True)
class HeadToHead:
    """Which of two models is right more often, over all users.

    Attributes
    ----------
    first, second
        The labels of the two models.
    k
        The number of items of each list that count.
    num_users
        The number of users whom both were asked about.
    outcome
        For how many users each of them is right more often.
    p_corrected
        Its p value, corrected for all pairs of models.
    verdict
        ``"better"`` or ``"worse"`` if the corrected test tells the first from the second, else ``"tie"``.
    users
        The users whose two lists differ most, the most different ones first.
    """

    first: str
    second: str
    k: int
    num_users: int
    outcome: Outcome
    p_corrected: float
    verdict: Verdict
    users: tuple[DifferentUser, ...]
