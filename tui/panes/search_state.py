"""What the Search pane shows: a query and its answer."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from engine.session import MODES
from tui.widgets.cell_text import count, full_title, shorten
from tui.widgets.interpretation import doubts_of

if TYPE_CHECKING:
    from engine.data.results import Answer
    from engine.session import Item, Job, LikeBy, Mode, ParsedQuery
    from tui.backend.protocols import Search

#: What the palette says of each search mode.
MODE_HELP: dict[Mode, str] = {
    "hybrid": "By meaning and by words together",
    "semantic": "By meaning alone",
    "keyword": "By the words themselves",
}
#: How items can be like another, in words; None stands for both where both are known.
LIKE_BY_HELP: dict[LikeBy | None, str] = {None: "by meaning and taste", "meaning": "by meaning", "taste": "by taste"}

#: How many results are shown.
SHOWN = 100


@dataclass(frozen=True, slots=True)
class SearchState:
    """A query and its answer, kept together so that going back needs no engine.

    Attributes
    ----------
    text
        The line.
    like, by
        The item that the results are like, and how.
    parsed, answer
        The parsed line, and what was found; None until the answer is there.
    cursor
        The row of the cursor.
    literal
        Words of the line that are searched for as they were typed, neither corrected nor understood as conditions.
    adult
        Whether items for adults are found, too; None for what the settings say.
    varied
        Whether items like another count less for being like those above them; else the most alike stand first.
    for_me
        The profile by whose taste results for words are nudged; None for nobody's.
    """

    text: str = ""
    like: Item | None = None
    by: LikeBy | None = None
    parsed: ParsedQuery | None = None
    answer: Answer | None = None
    cursor: int = 0
    literal: frozenset[str] = frozenset()
    adult: bool | None = None
    varied: bool = False
    for_me: str | None = None

    @property
    def asks(self) -> bool:
        """Whether anything is searched for."""
        return bool(self.text) or self.like is not None

    @property
    def words(self) -> str:
        """The words of the line, without its filters."""
        return "" if self.parsed is None else self.parsed.text

    @property
    def popular(self) -> bool:
        """Whether the list is ordered by popularity alone."""
        return self.answer is not None and self.answer.by_popularity

    @property
    def heading(self) -> str:
        """What the list shows."""
        if self.like is not None:
            by = LIKE_BY_HELP[self.by] if self.answer is None else f"by {self.answer.method}"
            varied = " · varied" if self.varied else ""
            return f"More like {shorten(full_title(self.like), 60)}{varied} · {by}"
        return "Most popular" if self.popular else "Results"

    def how(self, mode: Mode) -> list[str]:
        """What tells this search from another one for the same words; nothing if it is as most searches are."""
        told = (
            (mode, mode != MODES[0]),
            ("as typed", bool(self.literal)),
            ("adult", bool(self.adult)),
            ("for me", self.for_me is not None),
        )
        return [words for words, applies in told if applies]

    def is_same_query(self, other: SearchState) -> bool:
        """Whether both ask for the same."""
        return (self.text, self.like, self.by) == (other.text, other.like, other.by)

    def answered(self, search: Search, mode: str, job: Job) -> SearchState:
        """This query with its answer; runs in a worker thread."""
        parsed = search.parse_query(self.text)
        if self.like is not None:
            mode = "hybrid" if mode == "keyword" else mode
            answer = search.search(
                parsed,
                SHOWN,
                mode,
                self.like.item_id,
                job,
                like_by=self.by,
                diversity=None if self.varied else 0.0,
                literal=self.literal,
                adult=self.adult,
            )
        elif parsed.text or parsed.filters or parsed.order:
            answer = search.search(
                parsed, SHOWN, mode, job=job, literal=self.literal, adult=self.adult, for_me=self.for_me
            )
        else:  # nothing but a filter that could not be parsed
            answer = search.highlights(SHOWN, adult=self.adult)
        return replace(self, parsed=parsed, answer=answer)

    def nothing_found(self) -> tuple[str, str]:
        """A heading and a text for an empty answer: that nothing was found, and what may help."""
        wanted = f"“{shorten(self.text, 60)}”" if self.like is None else full_title(self.like)
        doubts = [] if self.answer is None else doubts_of(self.answer)
        advice = " ".join((*doubts, "Fewer or other words may help."))
        if self.parsed is not None and (conditions := self._conditions()):
            advice = f"Nothing fits all of {' · '.join(conditions)}. Fewer may help."
        if self.answer is not None and (self.answer.hidden or self.answer.unlisted):
            advice += f" ({hidden_note(self.answer)}.)"
        return f"Nothing is like {wanted}", advice

    def _conditions(self) -> list[str]:
        """The filters of the line, and the conditions that were understood from its words."""
        typed = () if self.parsed is None else self.parsed.filters
        understood = () if self.answer is None else self.answer.understood
        return [*(one.label for one in typed), *(one.label for one in understood)]


@dataclass(frozen=True, slots=True)
class SearchMemory:
    """What the Search pane needs to show a place again.

    Attributes
    ----------
    view
        The search, its answer and the cursor.
    back_stack
        The searches to which Esc steps back.
    mode, by
        How was searched, and in which way items are alike.
    in_line
        Whether the cursor was in the line.
    """

    view: SearchState
    back_stack: tuple[SearchState, ...]
    mode: Mode
    by: LikeBy | None
    in_line: bool


def hidden_note(answer: Answer) -> str:
    """How many items were left out, and the key that shows those for adults."""
    adult = f"{count(answer.hidden, 'adult title')} hidden, ^g shows them" if answer.hidden else ""
    return " · ".join(filter(None, [adult, f"{answer.unlisted:,} hidden by you" if answer.unlisted else ""]))
