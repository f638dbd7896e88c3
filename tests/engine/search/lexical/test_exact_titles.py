from __future__ import annotations

import pytest

from engine.search.lexical.exact_titles import ExactTitles

TITLES = ["The Matrix (1999)", "Amélie", "Se7en", "Heat", "Rocky IV", None]
OTHERS = {1: ["Le Fabuleux Destin d'Amélie Poulain"]}


@pytest.mark.parametrize(
    ("title", "is_first"),
    [
        ("matrix", True),
        ("Matrix, The", True),
        (" AMELIE ", True),
        ("heat (1995)", True),
        ("se7en", True),
        ("seven", False),  # another spelling of a title finds it, but is not it
        ("rocky 4", False),
        ("le fabuleux destin d'amelie poulain", False),
        ("the heat of the night", False),
        ("", False),
    ],
)
def test_the_first_title_is_told_from_other_titles_and_spellings(title: str, is_first: bool) -> None:
    index = ExactTitles(TITLES, OTHERS)
    assert index.is_first(title, lambda rows: [TITLES[row] for row in rows]) is is_first
