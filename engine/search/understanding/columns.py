"""The columns of a catalogue by what they are: its years, countries, running times, counts of people and so on."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Literal

import numpy as np
import numpy.typing as npt

from engine.data.items import STANDARD_COLUMNS
from engine.runtime.locked_property import locked_property
from engine.search.filters.columns import NumberField, TextField

if TYPE_CHECKING:
    from engine.search.filters.fields import Fields

NumberRole = Literal["year", "rating", "people", "runtime", "episodes", "pages", "seasons", "price"]
TextRole = Literal["genre", "type", "country", "language"]

#: The names that a column of numbers usually has, the most usual first.
_NUMBERS: Mapping[NumberRole, tuple[str, ...]] = {
    "year": (
        *("year", "release_year", "publication_year", "original_publication_year", "date", "released"),
        *("published", "publication_date", "date_published"),
    ),
    "rating": ("rating", "average_rating", "avg_rating", "mean_rating", "stars"),
    "people": ("members", "votes", "vote_count", "num_votes", "ratings_count", "num_ratings", "interactions"),
    "runtime": ("runtime", "runtime_minutes", "runtimeminutes", "duration", "duration_minutes", "minutes", "length"),
    "episodes": ("episodes", "num_episodes", "episode_count", "number_of_episodes"),
    "pages": ("pages", "num_pages", "page_count", "number_of_pages"),
    "seasons": ("seasons", "num_seasons", "season_count", "number_of_seasons"),
    "price": ("price", "list_price", "cost"),
}
_TEXTS: Mapping[TextRole, tuple[str, ...]] = {
    "genre": ("genre",),
    "type": ("type",),
    "country": ("country", "countries", "production_countries", "origin_country", "country_of_origin"),
    "language": ("language", "languages", "spoken_languages", "language_code"),
}
#: Columns that only catalogues of one kind have, and the words for what these hold.
_ONLY_OF: tuple[tuple[tuple[str, ...], tuple[str, ...]], ...] = (
    (("isbn", "pages", "num_pages", "page_count", "author", "authors"), ("book", "books")),
    (("artist", "artists", "album"), ("song", "songs", "track", "tracks", "music")),
    (("developer", "developers", "appid"), ("game", "games", "video game", "video games")),
    (("price", "brand", "asin"), ("product", "products", "item", "items")),
    (("runtime", "imdb_id", "tmdb_id", "imdb_url", "director", "vote_average"), ("movie", "movies", "film", "films")),
)
#: Genres that make a catalogue without telling columns one of films.
_FILM_GENRES = frozenset(("film noir", "western", "thriller", "documentary", "musical", "horror"))
#: A last year that fewer items have than this part of the catalogue is an outlier.
_NEWEST = 0.995


class Columns:
    """The columns of a catalogue by their roles.

    Parameters
    ----------
    fields
        The fields of the catalogue.
    """

    def __init__(self, fields: Fields) -> None:
        self.fields = fields

    @locked_property
    def numbers(self) -> Mapping[NumberRole, NumberField]:
        """Role -> the field of numbers that has it."""
        found: dict[NumberRole, NumberField] = {}
        for role, names in _NUMBERS.items():
            for name in names:
                field = self._field(name)
                if isinstance(field, NumberField) and (role == "year" or field.kind == "number"):
                    found[role] = field
                    break
        return found

    @locked_property
    def texts(self) -> Mapping[TextRole, TextField]:
        """Role -> the field of texts that has it."""
        found: dict[TextRole, TextField] = {}
        for role, names in _TEXTS.items():
            for name in names:
                field = self._field(name)
                if isinstance(field, TextField) and not field.is_free and field.kind in ("text", "list"):
                    found[role] = field
                    break
        return found

    def unit(self, word: str) -> NumberField | None:
        """The field of numbers that a unit names, in the singular or the plural: ``under 500 calories``."""
        for name in (word, f"{word}s", word.removesuffix("s")):
            if name not in STANDARD_COLUMNS and name in self.fields.names:
                field = self.fields[name]
                return field if isinstance(field, NumberField) else None
        return None

    @locked_property
    def nouns(self) -> frozenset[str]:
        """Words that name every item of the catalogue, as far as its columns tell."""
        columns = set(self.fields.names)
        genres = {" ".join(value.split()) for value in self.texts["genre"].folded} if "genre" in self.texts else set()
        types = {value.strip() for value in self.texts["type"].folded} if "type" in self.texts else set()
        if types & {"ova", "ona"}:
            return frozenset(("anime", "animes"))
        if types:
            return frozenset()
        for telling, nouns in _ONLY_OF:
            if any(self.fields.resolve(name) in columns for name in telling):
                return frozenset(nouns)
        return frozenset(_ONLY_OF[-1][1]) if len(genres & _FILM_GENRES) >= 2 else frozenset()

    @locked_property
    def newest_year(self) -> int | None:
        """The year of the newest items, regardless of outliers; None if the catalogue has no years."""
        years = self.years
        return int(np.quantile(years, _NEWEST, method="higher")) if len(years) else None

    @locked_property
    def years(self) -> npt.NDArray[np.float64]:
        """The known years, sorted."""
        field = self.numbers.get("year")
        known = known_numbers(field) if field is not None else np.zeros(0)
        return known // 10_000 if field is not None and field.kind == "date" else known

    def _field(self, name: str) -> object:
        resolved = self.fields.resolve(name)
        return self.fields[resolved] if resolved in self.fields.names and resolved is not None else None


def known_numbers(field: NumberField) -> npt.NDArray[np.float64]:
    """The known numbers of a field, sorted."""
    return np.sort(field.numbers[~np.isnan(field.numbers)])


def rounded(number: float) -> str:
    """A number rounded to two significant digits, as a user would type it."""
    return np.format_float_positional(float(f"{number:.2g}"), trim="-")
