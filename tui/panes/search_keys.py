"""The keys of the Search tab."""

from __future__ import annotations

from typing import Final

from textual.binding import Binding, BindingType

from tui.panes.base import RETRY, KeyHelp

#: What the help screen says of them.
KEYS: Final[KeyHelp] = (
    ("Ctrl+T", "hybrid, semantic or keyword search"),
    ("", "after m: alike by meaning, by taste or by both"),
    ("f", "narrow down: counts of genres, years … as filters"),
    ("s Ctrl+S", "sort by match, year, rating, popularity"),
    ("", "after m: most alike first, or varied"),
    ("w", "why an item is found"),
    ("p", "more from the person who made it"),
    ("Ctrl+O", "corrected or understood words as typed"),
    ("Ctrl+L X", "drop the last understood condition, drop all"),
    ("Ctrl+Y O", "nudge results by your own ratings, or not"),
    ("Ctrl+G A", "show or hide items for adults"),
    ("e", "embed, so that search understands meaning"),
    ("↑ ↓", "in an empty line: earlier searches"),
    ("name:value", "a filter, such as genre:comedy; Tab completes it"),
    ("-name:value", "what must not be"),
    ("Tab →", "complete a filter; ↑ ↓ choose, Esc closes"),
)

#: How the numbers are read.
NUMBERS: Final[KeyHelp] = (
    ("Match 61%", "an estimate: of a hundred results at 61 %, about 61 fit the query"),
    ("Likeness 0.53", "after m: 1 is the same, 0 unrelated; compare within one list"),
    ("Ratings 1,204", "of popular items: how many people rated it"),
    ("w", "shows what a match is made of"),
)

#: Those of the actions that are not always offered.
ACTIONS: Final = ("embed", "as_typed", "drop", "facets", "why", "person", "sort")

BINDINGS: Final[list[BindingType]] = [
    Binding("slash", "type", "query", key_display="/", id="edit-query"),
    Binding("e,f5", "embed", "embed", id="embed"),
    RETRY,
    Binding("ctrl+t", "mode", "mode", key_display="^t", id="search-mode"),
    Binding("ctrl+o", "as_typed", "as typed", key_display="^o", id="search-as-typed"),
    Binding("ctrl+l", "drop", "drop condition", key_display="^l", id="drop-condition"),
    Binding("f", "facets", "narrow down", id="facets"),
    Binding("w", "why", "why", id="why"),
    Binding("s,ctrl+s", "sort", "sort", id="sort"),
    Binding("p", "person", "more from this person", id="more-from-person"),
    Binding("X", "drop_all", "Drop all conditions", show=False, id="drop-all-conditions"),
    Binding("ctrl+y,O", "for_me", "For me", show=False, id="search-for-me"),
    Binding("ctrl+g,A", "adult", "Items for adults", show=False, id="show-adult"),
]
