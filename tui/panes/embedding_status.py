"""How much of the catalogue search by meaning reaches, in words."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tui.state import AppState
from tui.widgets.formatting import count

if TYPE_CHECKING:
    from engine.data.results import Answer


class EmbeddingStatus:
    """What is embedded of the catalogue that is open.

    Parameters
    ----------
    state
        The app's.
    """

    def __init__(self, state: AppState) -> None:
        self._state = state

    @property
    def lacks(self) -> bool:
        """Whether anything is still to be embedded."""
        return self._state.catalogue is not None and not self._state.catalogue.embedding.complete

    @property
    def missing(self) -> str:
        """What is still to be embedded: ``the remaining 912 texts``."""
        if self._state.catalogue is None:
            return "the catalogue"
        embedding = self._state.catalogue.embedding
        return f"{'the remaining ' if embedding.done else ''}{count(embedding.total - embedding.done, 'text')}"

    @property
    def said(self) -> str:
        """How much is embedded: ``4,096 of 12,017 embedded``."""
        if self._state.catalogue is None:
            return ""
        embedding, job = self._state.catalogue.embedding, self._state.active_job("search")
        done = embedding.done
        if job is not None and job.progress is not None and job.progress.total == embedding.total:
            done = max(done, job.progress.done)  # what is embedded so far is searched already
        return f"{done:,} of {embedding.total:,} embedded"

    @property
    def until_then(self) -> str:
        """What search does before everything is embedded."""
        catalogue = self._state.catalogue
        if catalogue is not None and catalogue.embedding.done:
            return "What is embedded so far is found by meaning too, the rest by its words."
        return "Until the catalogue is embedded, search matches the words themselves."

    def remark(self, answer: Answer) -> str:
        """What to know about some results: above all, what embedding would add."""
        if not self.lacks or self._state.active_job("search") is not None:
            return answer.note
        return f"{self.said} · F5 embeds {self.missing}"
