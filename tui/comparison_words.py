"""Words about comparisons of models, which the command line and the screens have in common."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from engine.data.comparison import Comparison, HeadToHead, SideBySide

#: What the mark of an item says that was held out.
MARK_OF_HELD_OUT = "✓ held out, so that listing it is right"
#: Why no item is marked in lists after a sequence that is no user's own.
WHY_NOT_MARKED = "The trained models answer, and nothing is held out: the sequence is not what was known of a user."
#: So many titles at the end of a sequence are named.
_NAMED = 3


def heading_of(lists: SideBySide) -> str:
    """For whom, or after which items, lists stand side by side."""
    held_out = f"{len(lists.held_out):,} held-out item{'' if len(lists.held_out) == 1 else 's'}"
    if not lists.after:
        return f"User {lists.user}, {held_out}"
    named = " · ".join(item.title for item in lists.after[-_NAMED:])
    earlier = len(lists.after) - _NAMED
    after = f"After {f'{earlier:,} earlier · ' if earlier > 0 else ''}{named}"
    return after if lists.user is None else f"{after} (all that was known of user {lists.user}, {held_out})"


def users_of(comparison: Comparison) -> str:
    """How many users the models were asked about, and whether they are a sample."""
    sample = "" if comparison.sampled_from is None else f", a random sample of {comparison.sampled_from:,}"
    return f"{comparison.num_users:,} users{sample}"


def p_value(value: float) -> str:
    """A p value: none is 0.

    Examples
    --------
    >>> p_value(0.2634), p_value(0.00001)
    ('0.263', '< 0.001')
    """
    return "< 0.001" if value < 0.001 else f"{value:.3f}"


def right_more_often(duel: HeadToHead) -> str:
    """Which of two models is right more often, in a sentence."""
    if not duel.num_users:
        return f"There is no user whom both {duel.first} and {duel.second} were asked about."
    test = f"(sign test, p {p_value(duel.p_corrected)})"
    if duel.verdict == "tie":
        return f"{duel.first} and {duel.second} are right equally often: they differ by no more than chance {test}."
    better, other = (duel.first, duel.second) if duel.verdict == "better" else (duel.second, duel.first)
    return f"{better} is right more often than {other}, by more than chance {test}."
