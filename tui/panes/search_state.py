"""What was asked of Search, and what came of it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from tui.widgets.formatting import shorten
from tui.widgets.items import full_title

if TYPE_CHECKING:
    from engine.data.results import Answer
    from engine.session import Item, Job, ParsedQuery
    from tui.backend.services import SessionLike

#: The ways to search, and what the palette says of them.
MODES = {
    "hybrid": "By meaning and by words together",
    "semantic": "By meaning alone",
    "keyword": "By the words themselves",
}
#: How items may be like another; None for both where both are known.
LIKE_BY = {None: "by meaning and taste", "meaning": "by meaning", "taste": "by taste"}

#: How many results are shown.
SHOWN = 100


@dataclass(frozen=True, slots=True)
class SearchState:
    """A question and its answer, so that going back needs no engine.

    Attributes
    ----------
    text
        The line.
    like, by
        The item that others are to be like, and how.
    parsed, answer
        What the line means, and what was found; None until it is there.
    cursor
        The row that the cursor is on.
    """

    text: str = ""
    like: Item | None = None
    by: str | None = None
    parsed: ParsedQuery | None = None
    answer: Answer | None = None
    cursor: int = 0

    @property
    def asks(self) -> bool:
        """Whether anything is asked for."""
        return bool(self.text) or self.like is not None

    @property
    def popular(self) -> bool:
        """Whether nothing but fame orders the list."""
        return self.answer is not None and self.answer.method == "popular"

    @property
    def heading(self) -> str:
        """What is listed."""
        if self.like is not None:
            by = LIKE_BY[self.by] if self.answer is None else f"by {self.answer.method}"
            return f"More like {shorten(full_title(self.like), 40)} · {by}"
        return "Most popular" if self.popular else "Results"

    def is_same_question(self, other: SearchState) -> bool:
        """Whether the answers to both are comparable."""
        return (self.text, self.like, self.by) == (other.text, other.like, other.by)

    def answered(self, session: SessionLike, mode: str, job: Job) -> SearchState:
        """The same with its answer; for a worker."""
        parsed = session.search.parse_query(self.text)
        if self.like is not None:
            mode = "hybrid" if mode == "keyword" else mode
            answer = session.search.search(parsed, SHOWN, mode, self.like.item_id, job, like_by=self.by)
        elif parsed.text or parsed.filters:
            answer = session.search.search(parsed, SHOWN, mode, job=job)
        else:  # nothing but a filter that is not understood
            answer = session.search.highlights(SHOWN)
        return replace(self, parsed=parsed, answer=answer)

    def nothing_found(self) -> tuple[str, str]:
        """That nothing is like this, and what may help."""
        wanted = f"“{shorten(self.text, 60)}”" if self.like is None else full_title(self.like)
        advice = "Fewer or other words may help."
        if self.parsed is not None and self.parsed.problems:
            advice = self.parsed.problems[0].message
        elif self.parsed is not None and self.parsed.filters:
            advice = f"Nothing fits all of {' · '.join(one.label for one in self.parsed.filters)}. Fewer may help."
        return f"Nothing is like {wanted}", advice
