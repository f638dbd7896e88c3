"""A user's taste and the likeness of two users, as text: bars with everybody's share as a mark on them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from textual.content import Content

from engine.data.results import ProfileName
from tui.widgets.bars import bar, compact, sparkline
from tui.widgets.cell_text import clean, count, fit, full_title, shorten

if TYPE_CHECKING:
    from engine.session import Likeness, Taste, TasteShare

#: The mark on a bar where everybody's share ends.
EVERYONE = "┃"
_LABEL, _NUMBERS = 16, 12
_Parts = list[Content | str | tuple[str, str]]


def taste_page(taste: Taste, width: int) -> Content:
    """A user's taste.

    Parameters
    ----------
    taste
        The taste.
    width
        The cells of a line.
    """
    parts: _Parts = [count(taste.num_interactions, "interaction")]
    if taste.mean is not None and taste.everyone_mean is not None:
        parts.append(f" · mean rating {taste.mean:.2f}, everybody's {taste.everyone_mean:.2f}")
    who, whose = ("you", "your") if isinstance(taste.user_id, ProfileName) else ("user", "the user's")
    parts.append(f"\n━ {whose} share   {EVERYONE} everybody's share")
    for heading, shares in (("Genres", taste.genres), ("Decades", taste.decades), ("Ratings", taste.ratings)):
        parts += _shares(heading, shares, who, width)
    if len(taste.activity) > 1:
        shown = taste.activity[-width:]
        most = max(shown, key=lambda one: one[1])
        parts += _heading("Activity", width)
        parts += [("\n" + sparkline([number for _, number in shown], width), "$text-accent")]
        parts.append(f"\n{shown[0][0]} to {shown[-1][0]}, most in {most[0]} ({most[1]:,})")
    return Content.assemble(*parts)


def share_line(share: TasteShare, most: float, width: int) -> tuple[str, str, str]:
    """A label, a bar and two numbers in a line of ``width`` cells; the bar is full at ``most``."""
    room = max(width - _LABEL - 1 - _NUMBERS, 4)
    drawn = bar(share.share / most if most else 0.0, room)
    at = min(round(share.everyone / most * room) if most else 0, room - 1)
    drawn = drawn[:at] + EVERYONE + drawn[at + 1 :]
    return fit(share.label, _LABEL) + " ", drawn, f"{share.share:>6.0%}{share.everyone:>6.0%}"


def _shares(heading: str, shares: Sequence[TasteShare], who: str, width: int) -> _Parts:
    if not shares:
        return []
    parts = _heading(heading, width, f"{who:>6}{'all':>6}")
    most = max(max(one.share, one.everyone) for one in shares)
    for one in shares:
        label, drawn, numbers = share_line(one, most, width)
        parts += ["\n" + label, (drawn, "$text-accent"), (numbers, "$text")]
    return parts


def _heading(text: str, width: int, right: str = "") -> _Parts:
    return [("\n\n" + text, "bold $text"), (right.rjust(width - len(text) - 1), "$text-muted")]


def likeness_page(likeness: Likeness, width: int) -> Content:
    """How alike two users are.

    Parameters
    ----------
    likeness
        The two users.
    width
        The cells of a line.
    """
    title = f"Beside user {shorten(likeness.second, 30)}"
    parts: _Parts = [(title, "bold $text")]
    common = count(likeness.num_common, "item")
    parts.append(f"\n{common} of {likeness.num_first:,} and {likeness.num_second:,} in common ({likeness.jaccard:.0%})")
    if likeness.taste is not None:
        parts.append(f"\nlikeness of genres {likeness.taste:.2f} of 1")
    if likeness.correlation is not None:
        parts.append(f"\nratings of these items correlate by {likeness.correlation:+.2f} (from -1 to +1)")
    if likeness.difference is not None:
        parts.append(f"\nand differ by {likeness.difference:.2f} on average")
    for one in likeness.common:
        ratings = "".join(f"{'–' if rating is None else compact(rating):>6}" for rating in (one.first, one.second))
        parts += ["\n" + fit(clean(full_title(one.item)), width - len(ratings)), (ratings, "$text")]
    return Content.assemble(*parts)
