"""Words for kinds of items, such as series and films, and the values of a type column that they mean."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from engine.search.filters.columns import TextField

# Kind: the words for it in queries; after a slash the words by which values of catalogues are recognised.
_KINDS = """
film: movie, movies, film, films, flick, flicks, feature film, feature films / movie, film, tvmovie
series: series, tv series, television series, tv show, tv shows, shows, tv, miniseries, mini series / tv, series, show, shows, tvseries, tvminiseries, miniseries
ova: ova, ovas, oav, oavs / ova, oav
ona: ona, onas, web series, webseries / ona
special: specials, tv special, tv specials / special, specials, tvspecial
short: shorts, short film, short films / short, tvshort
music: music video, music videos / music
episode: single episode, single episodes / tvepisode
game: video game, video games, videogame, videogames / videogame, game
book: book, books, novel, novels / book
"""  # noqa: E501
#: Singular nouns that are subjects where another noun follows: "film director", "tv host".
BEFORE_NOUNS = frozenset(("movie", "film", "tv", "series", "anime", "book", "special", "game", "song", "music"))


def _read() -> Iterator[tuple[tuple[str, ...], frozenset[str]]]:
    for line in _KINDS.strip().splitlines():
        typed, values = line.split(":")[1].split("/")
        yield tuple(word.strip() for word in typed.split(",")), frozenset(word.strip() for word in values.split(","))


_BY_KIND = tuple(_read())

#: A "TV movie" is a film and no series.
_FILM = _BY_KIND[0][1]


def kinds_of(field: TextField) -> Mapping[str, tuple[str, ...]]:
    """Words of queries -> the values of a type column that they mean."""
    found: dict[str, tuple[str, ...]] = {}
    known = [(value, folded.split()) for value, folded in zip(field.values, field.folded, strict=True)]
    for typed, telling in _BY_KIND:
        values = tuple(
            value for value, its in known if telling & set(its) and (telling & _FILM or not _FILM & set(its))
        )
        if values:
            found.update(dict.fromkeys(typed, values))
    by_word: dict[str, list[str]] = {}
    for value, its in known:
        for word in its:
            by_word.setdefault(word, []).append(value)
    for word, values_with in by_word.items():  # "anime" for "anime series" and "anime film"
        if len(values_with) > 1:
            found.setdefault(word, tuple(values_with))
    for value, its in known:
        name = " ".join(its)
        if len(its) > 1 or (name not in found and not any(name in telling for _, telling in _BY_KIND)):
            found.update(dict.fromkeys((name, name if name.endswith("s") else f"{name}s"), (value,)))
    return found
