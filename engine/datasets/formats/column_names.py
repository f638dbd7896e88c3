"""The names that columns of ratings and of items usually have, in lower case and the most usual first."""

from __future__ import annotations

from collections.abc import Set

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


def is_log(columns: Set[str]) -> bool:
    """Whether columns of these names (in lower case) say which user interacted with which item."""
    return bool(columns & set(USER)) and bool(columns & set(ITEM))


def is_catalogue(columns: Set[str]) -> bool:
    """Whether columns of these names (in lower case) identify or name items."""
    return bool(columns & {*ITEM, *TITLE})
