"""What the command line prints of the profile of a data set."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from tui.output import print_line, print_table

if TYPE_CHECKING:
    from engine.session import Profile

_BAR = 40


def profile_json(profile: Profile) -> dict[str, Any]:
    """A profile for programs: its figures under their names, times in unix seconds, histograms as label and count."""
    return {**asdict(profile), "sparsity": 1 - profile.density}


def print_profile(profile: Profile) -> None:
    """A profile for a person: figures, histograms as bars, the most and the least popular items, and doubts."""
    print_line()
    print_line(
        f"Density: {profile.density:.3%} of all pairs of a user and an item (sparsity {1 - profile.density:.3%})"
    )
    if profile.mean_rating is not None:
        print_line(f"Ratings: {profile.num_ratings:,}, mean {profile.mean_rating:.2f}")
    if profile.first is not None and profile.last is not None:
        print_line(f"Times: {_day(profile.first)} to {_day(profile.last)}")
    for word, spread in (("user", profile.users), ("item", profile.items)):
        if spread is not None:
            print_line(
                f"Interactions of a{'n' if word == 'item' else ''} {word}: {spread.least:,} to {spread.most:,}, "
                f"median {spread.median:g}, mean {spread.mean:.1f}"
            )
    if profile.items is not None:
        print_line(f"The most popular tenth of the items has {profile.top_share:.0%} of the interactions.")
    histograms = [("Rating", profile.ratings), ("Time", profile.times)]
    histograms += [
        (f"Interactions of {what}", () if spread is None else spread.bins)
        for what, spread in (("users", profile.users), ("items", profile.items))
    ]
    for title, bins in histograms:
        if bins:
            print_line()
            _print_histogram(title, [(one.label, one.count) for one in bins])
    for title, items in (("Most popular", profile.popular), ("Least popular", profile.unpopular)):
        if items:
            print_line()
            print_table(
                ("Id", title, "Year", "Interactions", "Mean rating"),
                [
                    (one.item_id, one.title, one.year or "–", f"{one.count:,}", _mean(one.mean_rating))
                    for one in items[:10]
                ],
                cut=(1,),
                right=(2, 3, 4),
            )
    if profile.doubts:
        print_line()
        for doubt in profile.doubts:
            print_line(f"! {doubt.text}")


def _print_histogram(title: str, bins: Sequence[tuple[str, int]]) -> None:
    from tui.widgets.bars import bar

    most = max(count for _, count in bins)
    print_table(
        (title, "Number", ""),
        [(label, f"{count:,}", bar(count / most, _BAR).rstrip()) for label, count in bins],
        cut=(),
        right=(0, 1),
    )


def _day(seconds: int) -> str:
    try:
        return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%d")
    except (ValueError, OverflowError, OSError):  # data may hold any number of seconds
        return f"{seconds:,} s"


def _mean(rating: float | None) -> str:
    return "–" if rating is None else f"{rating:.2f}"
