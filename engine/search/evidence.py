"""What speaks for each candidate of a search: its words, its meaning, how well it is known."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

if TYPE_CHECKING:
    from engine.search.lexical.coverage import Coverage

Rows = npt.NDArray[np.int64]
Numbers = npt.NDArray[np.float64]

#: A query of this many words says enough for its meaning to be trusted fully.
_LONG = 5
#: The cosine of an item that is not embedded yet and has no word of the query.
_UNRELATED = 0.2
#: The cosine that an item at least has with a query that is one of its titles, and then it counts as the nearest one. A
#: model that knows English only takes a title in another language for something else: over the demo, anime and films
#: half of the shown titles have more than 0.62 to 0.77 with their item.
_AS_TITLE = 0.6

#: The names of the features, in the order of the columns of :attr:`Evidence.features`.
FEATURES = (
    "words",  # the share of the query's words that the item has, weighted by idf
    "words in title",
    "words in names",
    "all words",  # whether it has all of them
    "keyword score",  # BM25F relative to the best candidate
    "exact title",
    "nearly the title",
    "cosine",  # the larger of the cosines of its two vectors with the query, or that of a title if the query is one
    "cosine lead",  # minus that of the nearest item of the catalogue
    "cosine of long query",
    "words of long query",
    "genre",  # the cosine of its nearest genre with the query
    "genre lead",  # minus that of the nearest genre of the catalogue
    "known",  # the logarithm of its popularity, from 0 to 1
    "known and words",
    "known, of long query",  # who retells a plot mostly means an item that many know
    "undescribed",  # whether its text is short: such a text is near to every query
    "mood",  # how well its genres suit the moods of the query, from -1 to 1
)


@dataclass(frozen=True, slots=True)
class Evidence:
    """The evidence for some items, arrays of shape (num_rows,).

    Attributes
    ----------
    rows
        The rows of the items in the catalogue.
    coverage
        Which share of the query they have.
    keyword_scores
        Their BM25F scores, 0 if they have none of the words.
    exact, nearly
        Whether their title is the query, as typed or with one or two letters changed.
    popularity
        How well they are known, from 0 to 1.
    undescribed
        Whether their text is short.
    num_words
        The number of words of the query that count.
    cosines
        The larger of their two cosines with the query, NaN if they are not embedded; None for a search by words alone.
    best_cosine
        That of the nearest item of the catalogue.
    genres
        The cosine of their nearest genre with the query; None if there are no genres.
    best_genre
        That of the nearest genre of the catalogue.
    moods
        How well their genres suit the moods of the query; None if the query names none.
    best_keyword_score
        The BM25F score of the best candidate; None for that of the best of these items.
    """

    rows: Rows
    coverage: Coverage
    keyword_scores: Numbers
    exact: npt.NDArray[np.bool_]
    nearly: npt.NDArray[np.bool_]
    popularity: Numbers
    undescribed: npt.NDArray[np.bool_]
    num_words: int
    cosines: Numbers | None = None
    best_cosine: float = 0.0
    genres: Numbers | None = None
    best_genre: float = 0.0
    moods: Numbers | None = field(default=None)
    best_keyword_score: float | None = None

    def take(self, places: Rows) -> Evidence:
        """The evidence for some of the items, given by their places, relative to the best of all of them."""

        def taken(values: Numbers | None) -> Numbers | None:
            return None if values is None else values[places]

        return replace(
            self,
            rows=self.rows[places],
            coverage=self.coverage.take(places),
            keyword_scores=self.keyword_scores[places],
            exact=self.exact[places],
            nearly=self.nearly[places],
            popularity=self.popularity[places],
            undescribed=self.undescribed[places],
            cosines=taken(self.cosines),
            genres=taken(self.genres),
            moods=taken(self.moods),
            best_keyword_score=self._best_keyword_score,
        )

    @property
    def _best_keyword_score(self) -> float:
        best = self.best_keyword_score
        return float(self.keyword_scores.max(initial=0.0)) if best is None else best

    @property
    def length(self) -> float:
        """How long the query is, from 0 for one word that counts to 1 for five or more."""
        return min(1.0, max(0.0, (self.num_words - 1) / (_LONG - 1)))

    @property
    def features(self) -> Numbers:
        """The features of each item, shape (num_rows, len(FEATURES))."""
        nothing = np.zeros(len(self.rows))
        length = self.length
        words = self.coverage.anywhere.astype(np.float64)
        cosine = lead = genre = genre_lead = nothing
        if self.cosines is not None:
            # The more words an item has that is not embedded yet, the nearer to the best it is assumed to be: it would
            # rank below others only because it has no vector.
            assumed = _UNRELATED + words * max(0.0, self.best_cosine - _UNRELATED)
            cosine = np.where(np.isfinite(self.cosines), self.cosines, assumed)
            lead = cosine - self.best_cosine
            cosine = np.where(self.exact, np.maximum(cosine, _AS_TITLE), cosine)
            lead = np.where(self.exact, np.maximum(lead, 0.0), lead)
        if self.genres is not None:
            genre, genre_lead = self.genres, self.genres - self.best_genre
        columns: dict[str, npt.NDArray[Any]] = {
            "words": words,
            "words in title": self.coverage.in_title,
            "words in names": self.coverage.in_name,
            "all words": words > 0.999,
            "keyword score": self.keyword_scores / max(self._best_keyword_score, 1e-9),
            "exact title": self.exact,
            "nearly the title": self.nearly,
            "cosine": cosine,
            "cosine lead": lead,
            "cosine of long query": length * cosine,
            "words of long query": length * words,
            "genre": genre,
            "genre lead": genre_lead,
            "known": self.popularity,
            "known and words": self.popularity * words,
            "known, of long query": nothing if self.cosines is None else length * self.popularity,
            "undescribed": self.undescribed,
            "mood": nothing if self.moods is None else self.moods,
        }
        return np.stack([columns[name] for name in FEATURES], axis=1).astype(np.float64)
