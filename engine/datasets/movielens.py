"""All MovieLens releases: ``u.data``, ``ratings.dat`` or ``ratings.csv``, and the files of their films."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from engine.data.dataset import Dataset
from engine.datasets.build import item_columns as columns
from engine.datasets.build.assemble import assemble
from engine.datasets.build.interactions import Log, read_log
from engine.datasets.build.items import Catalogue, read_records
from engine.datasets.formats.arrow import import_arrow
from engine.datasets.formats.csv import Delimited, DoubleColon
from engine.datasets.formats.detect import Glimpse
from engine.datasets.formats.files import Files
from engine.datasets.formats.read_report import ReadReport
from engine.datasets.formats.rows import Rows, find_columns
from engine.datasets.formats.sources import Source, choose, collect
from engine.datasets.reader import Certainty, Evidence, Reader
from engine.errors import DataError, OptionError
from engine.interactions import Interactions
from engine.runtime.job import Job

if TYPE_CHECKING:
    import pyarrow as pa

_RATINGS = ("ratings.csv", "ratings.dat", "u.data", "ratings*.csv")
_ITEMS = ("movies.csv", "movies.dat", "u.item", "movies*.csv")
_RATING_COLUMNS = ("userId", "movieId", "rating", "timestamp")
#: In the order that the README of the 100K release and its ``u.genre`` define.
_GENRE_FLAGS = (
    "unknown", "Action", "Adventure", "Animation", "Children's", "Comedy", "Crime", "Documentary", "Drama", "Fantasy",
    "Film-Noir", "Horror", "Musical", "Mystery", "Romance", "Sci-Fi", "Thriller", "War", "Western",
)  # fmt: skip
_U_ITEM_COLUMNS = ("movieId", "title", "release_date", "video_date", "imdb_url", *_GENRE_FLAGS)
_NO_GENRES = ("(no genres listed)", "unknown")
_RELEASES = {(943, 100_000): "MovieLens 100K", (6_040, 1_000_209): "MovieLens 1M"}


def read(name: str, files: Files, job: Job | None = None) -> Dataset:
    """Read a release from its folder or archive, or from single files: films, ratings, or both.

    The content of the files tells which of the three formats they have. The year is removed from the titles, since it
    has its own field, and the article is put first: "Matrix, The (1999)" becomes "The Matrix". ``source_title`` keeps
    the title of the file.

    Raises
    ------
    DataError
        If a file is not what it should be.
    """
    ratings, items = files.find("ratings", _RATINGS), files.find("items", _ITEMS)
    files.require_any((ratings, items), "movielens")
    reports, catalogue, log = [], None, None
    if ratings is not None:
        rows = open_ratings(ratings)
        required = {"user": ["userId"], "item": ["movieId"], "rating": ["rating"]}
        log = read_log(rows, find_columns(rows, required, {"time": ["timestamp"]}), job)
        reports.append(log.report)
    if items is not None:
        report = ReadReport(items.name, "items")
        catalogue = _read_catalogue(items, report, job)
        reports.append(report)
    title = "MovieLens" if log is None else release_title(log, "MovieTweetings" if _has_imdb(log) else "MovieLens")
    return assemble(name, "movielens", title, catalogue=catalogue, log=log, reports=reports, job=job)


def _recognises(evidence: Evidence) -> Certainty:
    if evidence.member("u.data", "ratings.dat", "u.item", "movies.dat"):
        return Certainty.CERTAIN
    ratings = evidence.member("ratings.csv", "*ratings*.csv")
    if ratings and evidence.member("movies.csv") and "movieid" in evidence.glimpse(ratings).columns:
        return Certainty.CERTAIN
    tables = evidence.tables()
    # The Movies Dataset has ratings in this format too, and needs links, which are not read here.
    return Certainty.certain_if(tables and evidence.links is None and all(_is_of_a_release(one) for one in tables))


def _is_of_a_release(file: Glimpse) -> bool:
    line = file.first_line
    return (
        {"userid", "movieid", "rating"} <= file.columns
        or file.columns == {"movieid", "title", "genres"}
        or line.count("::") >= 2
        or line.count("|") == len(_U_ITEM_COLUMNS) - 1
        or (line.count("\t") == 3 and line.replace("\t", "").replace(".", "").isdigit())
    )


READER = Reader(
    "movielens",
    "any MovieLens release and MovieTweetings: u.data, ratings.dat or ratings.csv with its films",
    read,
    _recognises,
)


def _has_imdb(log: Log) -> bool:
    """Whether the films have the numbers of IMDb, with zeros in front, as MovieTweetings writes them."""
    import pyarrow as pa
    import pyarrow.compute as pc

    ids = log.items.ids
    return pa.types.is_string(ids.type) and bool(pc.all(pc.match_substring_regex(ids, r"^\d{7,8}$")).as_py())


def release_title(log: Log, otherwise: str) -> str:
    """The name of the release that has as many users and ratings as ``log``, else ``otherwise``."""
    return _RELEASES.get((len(log.users.ids), len(log)), otherwise)


def open_ratings(source: Source) -> Rows:
    """Open the ratings of any release; the first line tells the format."""
    line = _first_line(source)
    if "::" in line:
        return DoubleColon(source, _RATING_COLUMNS)
    if "\t" in line and not any(character.isalpha() for character in line):
        return Delimited(source, delimiter="\t", quote=None, columns=_RATING_COLUMNS)
    return Delimited(source)


def _open_items(source: Source) -> Rows:
    line = _first_line(source)
    if "::" in line:
        return DoubleColon(source, ("movieId", "title", "genres"), encoding=source.encoding())
    if line.count("|") == len(_U_ITEM_COLUMNS) - 1:
        return Delimited(source, delimiter="|", quote=None, columns=_U_ITEM_COLUMNS, encoding=source.encoding())
    return Delimited(source)


def _first_line(source: Source) -> str:
    return next((line for line in source.text_head().splitlines() if line.strip()), "")


def _read_catalogue(source: Source, report: ReadReport, job: Job | None) -> Catalogue:
    import pyarrow as pa
    import pyarrow.compute as pc

    rows = _open_items(source)
    flags = "Film-Noir" in rows.columns
    found = find_columns(
        rows, {"id": ["movieId"], "title": ["title"]}, {one: [one] for one in ("genres", "release_date")}
    )
    wanted = [*found.values(), *(_GENRE_FLAGS if flags else ())]
    records = read_records(rows, wanted, report, job)
    ids, table = records.keep_first_of_each(found["id"], "film"), records.table

    source_title = columns.strip(table[found["title"]])
    parts = source_title.combine_chunks().fill_null("").to_pylist()
    split = [columns.split_year(one) for one in parts]
    title = pa.chunked_array([pa.array([columns.article_first(one) for one, _ in split], pa.string())])
    title = pc.if_else(pc.equal(title, ""), ids.cast(pa.string()), title)
    if flags:
        genres = _flagged(table)
    elif "genres" in found:
        genres = columns.split_genres(_without_none(table[found["genres"]]), "|")
    else:
        genres = columns.no_genres(len(table))
    metadata: list[tuple[str, Any]] = [("source_title", source_title)]
    if "release_date" in found:
        metadata.append(("release_date", columns.strip(table[found["release_date"]])))
    year = pa.chunked_array([pa.array([one for _, one in split], pa.int32())])
    text = columns.sentence(
        columns.sentence(title, pc.binary_join_element_wise("(", year.cast(pa.string()), ")", ""), separator=" "),
        columns.joined(genres),
    )
    standard = {"title": title, "year": year, "genres": genres, "text": text}
    return Catalogue(ids, columns.table_of(standard, metadata))


def _without_none(texts: pa.ChunkedArray) -> pa.ChunkedArray:
    import pyarrow as pa
    import pyarrow.compute as pc

    return pc.if_else(pc.is_in(texts, pa.array(_NO_GENRES)), None, texts)


def _flagged(table: pa.Table) -> pa.ChunkedArray:
    import pyarrow as pa

    flags = [table[genre].to_pylist() for genre in _GENRE_FLAGS]
    names = [
        [genre for genre, flag in zip(_GENRE_FLAGS, row, strict=True) if flag == "1" and genre not in _NO_GENRES]
        for row in zip(*flags, strict=True)
    ]
    return pa.chunked_array([pa.array(names, pa.list_(pa.string()))])


# -- the function of Spotlight ----------------------------------------------------------------------------------------

#: The releases that Spotlight offers, under its names for them.
VARIANTS = ("100K", "1M", "10M", "20M")

#: Variant -> (name of the archive, number of ratings).
_ARCHIVES = {
    "100K": ("ml-100k", 100_000),
    "1M": ("ml-1m", 1_000_209),
    "10M": ("ml-10m", 10_000_054),
    "20M": ("ml-20m", 20_000_263),
}


def get_movielens_dataset(
    variant: str = "100K", path: str | Path | None = None, job: Job | None = None
) -> Interactions:
    """The ratings of a MovieLens release, with the ids of its files.

    Parameters
    ----------
    variant
        ``100K``, ``1M``, ``10M`` or ``20M``.
    path
        The archive of the release, its folder or its file of ratings. If None, the archive is downloaded once and
        kept in the cache.
    job
        Takes the progress and may be cancelled.

    Raises
    ------
    ValueError
        If there is no such variant.
    DataError
        If the release cannot be downloaded, or its number of ratings is wrong.
    """
    from engine.datasets.download import download, read_interactions, require_count
    from engine.datasets.releases import RELEASES, fetch
    from engine.storage.paths import find_paths

    if variant not in VARIANTS:
        raise OptionError(
            f"There is no variant {variant!r} of MovieLens: use {', '.join(VARIANTS)}.",
            name=variant,
            choices=VARIANTS,
        )
    import_arrow()
    name, count = _ARCHIVES[variant]
    if path is not None:
        place = Path(path)
    elif name in RELEASES:
        place = fetch(name, find_paths().cache / "downloads", job)
    else:
        url = f"https://files.grouplens.org/datasets/movielens/{name}.zip"
        place = download(url, job, md5_url=f"{url}.md5")
    source = choose(collect(place), (*_RATINGS, "*.inter", "*"))
    if source is None:
        raise DataError(f"{place} holds no ratings.", file=str(place))
    rows = Delimited(source, quote=None) if source.base.endswith(".inter") else open_ratings(source)
    required = {"user": ["userId", "user_id:token"], "item": ["movieId", "item_id:token"]}
    optional = {"rating": ["rating", "rating:float"], "time": ["timestamp", "timestamp:float"]}
    interactions = read_interactions(rows, required, optional, job)
    require_count(interactions, count, f"MovieLens {variant}", place)
    return interactions
