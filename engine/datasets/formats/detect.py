"""Usual names of columns and files, and which kind of data set they point to."""

from __future__ import annotations

from pathlib import Path

from engine.datasets.formats.parquet_json import JsonLines, Parquet, open_rows
from engine.datasets.formats.sources import Source, choose, collect, open_source
from engine.errors import DataError

#: Usual names, best first, in lower case.
USER = ("user_id", "userid", "user", "uid", "user_name", "username", "reviewerid", "reviewer_id", "customer_id",
        "customerid", "customer", "visitor_id", "visitorid", "session_id", "session")  # fmt: skip
ITEM = ("item_id", "itemid", "item", "iid", "movie_id", "movieid", "movie", "film_id", "filmid", "film", "book_id",
        "bookid", "book", "isbn", "anime_id", "animeid", "anime", "song_id", "songid", "track_id", "trackid",
        "artist_id", "artistid", "product_id", "productid", "product", "sku", "asin", "article_id", "articleid",
        "game_id", "gameid", "app_id", "business_id", "show_id", "video_id", "id")  # fmt: skip
RATING = ("rating", "score", "stars", "rate", "vote", "overall", "book_rating", "user_rating")
TIME = ("timestamp", "time", "ts", "date", "datetime", "rated_at", "created_at", "created", "updated_at", "unixtime",
        "unix_time", "unixreviewtime", "event_time", "watched_at")  # fmt: skip
TITLE = ("title", "movie_title", "name", "book_title", "item_name", "item_title", "product_name", "track_name",
         "song_name", "product_title", "headline")  # fmt: skip
YEAR = ("year", "release_year", "year_of_publication", "publication_year", "published", "release_date", "date")
GENRES = ("genres", "genre", "class", "categories", "category", "tags")
TEXT = ("description", "overview", "about", "summary", "synopsis", "plot", "abstract", "text", "blurb")

_RELEASE_FILES = (
    ("movielens", ("u.data", "ratings.dat", "u.item", "movies.dat")),  # first: u.item ends like RecBole's files
    ("recbole", ("*.inter", "*.item")),
    ("anime", ("anime.csv",)),
    ("movies", ("movies_metadata*.csv",)),
)


def guess_kind(
    items: Path | None = None, ratings: Path | None = None, links: Path | None = None, source: Path | None = None
) -> str:
    """Tell from names and headers which reader fits.

    Raises
    ------
    DataError
        If none does for certain; it says what was seen and how to name the kind.
    """
    if source is not None:
        files = collect(source)
        for kind, patterns in _RELEASE_FILES:
            if choose(files, patterns):
                return kind
        rated, films = choose(files, ("ratings.csv", "*ratings*.csv")), choose(files, ("movies.csv",))
        if rated and films and "movieid" in _header(rated):
            return "movielens"
        if len(files) == 1:
            return _kind_of_files(None, files[0], None)
        shown = ", ".join(one.base for one in files[:8])
        raise _unclear(f"{source} holds {shown}")
    opened = [None if path is None else open_source(path) for path in (items, ratings, links)]
    if not any(opened):
        raise _unclear("no file was named")
    return _kind_of_files(*opened)


def _kind_of_files(items: Source | None, ratings: Source | None, links: Source | None) -> str:
    both = [one for one in (items, ratings) if one is not None]
    headers = [_header(one) for one in both]
    if any({"user_id", "anime_id", "rating"} <= one or {"anime_id", "name", "genre"} <= one for one in headers):
        return "anime"
    if links is not None or any({"imdb_id", "genres"} <= one and "original_title" in one for one in headers):
        return "movies"
    if headers and all(
        one & _MOVIELENS_MARKS or {"userid", "movieid", "rating"} <= one or one == _MOVIES_CSV for one in headers
    ):
        return "movielens"
    if any(":token" in name or ":float" in name for one in headers for name in one):
        return "recbole"
    if (items is None or headers[0] & {*ITEM, *TITLE}) and (ratings is None or is_log(headers[-1])):
        return "table"
    seen = "; ".join(
        f"{one.name} has {', '.join(sorted(names)[:12])}" for one, names in zip(both, headers, strict=True)
    )
    raise _unclear(seen)


_MOVIES_CSV = {"movieid", "title", "genres"}
_MOVIELENS_MARKS = {"<u.data>", "<u.item>", "<dat>"}


def _header(source: Source) -> set[str]:
    """The columns in lower case; a mark instead for MovieLens' files without a header."""
    rows = open_rows(source)
    if isinstance(rows, (Parquet, JsonLines)):
        return {name.lower() for name in rows.columns}
    line = source.text_head().splitlines()[0]
    if line.count("::") >= 2:
        return {"<dat>"}
    if line.count("|") == 23:
        return {"<u.item>"}
    if line.count("\t") == 3 and line.replace("\t", "").replace(".", "").isdigit():
        return {"<u.data>"}
    return {name.lower() for name in rows.columns}


def is_log(header: set[str]) -> bool:
    """Whether columns of these names (in lower case) say who interacted with what."""
    return bool(header & set(USER)) and bool(header & set(ITEM))


def _unclear(seen: str) -> DataError:
    from engine.datasets import KINDS

    return DataError(
        f"The kind of data set could not be told ({seen}; a table of ratings would have columns such as user_id, "
        f"item_id and rating): add --kind, one of {', '.join(KINDS)}, and for a table --map with its columns."
    )
