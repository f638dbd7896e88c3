"""How much of the catalogue is embedded, in words."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from tui.state import AppState
from tui.widgets.cell_text import count
from tui.widgets.embedding_text import cost_text, model_text

if TYPE_CHECKING:
    from engine.data.results import Answer


class EmbeddingStatus:
    """How much of the open data set's catalogue is embedded.

    Parameters
    ----------
    state
        The app's state.
    key
        The key that embeds, as it is configured.
    """

    def __init__(self, state: AppState, key: Callable[[], str]) -> None:
        self._state, self._key = state, key

    @property
    def incomplete(self) -> bool:
        """Whether anything is still to be embedded."""
        return self._state.dataset is not None and not self._state.dataset.embedding.complete

    @property
    def missing(self) -> str:
        """What is still to be embedded: ``the remaining 912 texts``."""
        if self._state.dataset is None:
            return "the catalogue"
        embedding = self._state.dataset.embedding
        done, total = (
            (embedding.texts_done, embedding.num_texts) if embedding.num_texts else (embedding.done, embedding.total)
        )
        return f"{'the remaining ' if done else ''}{count(total - done, 'text')}"

    @property
    def summary(self) -> str:
        """How much is embedded: ``12,017 of 12,017 embedded``, before that ``4,096 of 16,210 texts embedded``."""
        if self._state.dataset is None:
            return ""
        embedding, job = self._state.dataset.embedding, self._state.active_job("search")
        done = embedding.done
        if embedding.num_texts:
            # Texts of one length are embedded together, so items whose texts are all done come late.
            done, total = embedding.texts_done, embedding.num_texts
            if job is not None and job.progress is not None and job.progress.unit == "texts" and job.progress.total:
                done, total = job.progress.done, job.progress.total
            return f"{done:,} of {total:,} texts embedded"
        if job is not None and job.progress is not None and job.progress.total == embedding.total:
            done = max(done, job.progress.done)  # searches already find what the running job has embedded
        return f"{done:,} of {embedding.total:,} embedded"

    @property
    def until_complete(self) -> str:
        """How search works before everything is embedded."""
        dataset = self._state.dataset
        if dataset is not None and dataset.embedding.done:
            return "What is embedded so far is found by meaning too, the rest by its words."
        return "Until the catalogue is embedded, search matches the words themselves."

    @property
    def cost(self) -> str:
        """What embedding costs, as a sentence; empty if it is unknown."""
        cost = None if self._state.dataset is None else self._state.dataset.cost
        return "" if cost is None else f"{self._key()} embeds with {model_text(cost)}: {cost_text(cost)}."

    def remark(self, answer: Answer) -> str:
        """A remark on some results: above all, what embedding would add."""
        if not self.incomplete or self._state.active_job("search") is not None:
            return answer.note
        return f"{self.summary} · {self._key()} embeds {self.missing}"
