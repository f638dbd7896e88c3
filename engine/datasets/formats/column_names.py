"""The names that columns of ratings and of items usually have, the most usual first.

Names are compared by :func:`plain_name`, so that ``Book-Id``, ``book_id`` and ``bookID`` are the same. The lists hold
plain names, first in English and then in other languages.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence

from engine.text import foreign_names
from engine.text.normalize import fold

_BETWEEN = re.compile(r"[\s_.\-]+")


def plain_name(name: str) -> str:
    """A column name without case, accents, space, hyphen, underscore and dot."""
    return fold(_BETWEEN.sub("", name))


def by_plain_name(columns: Sequence[str]) -> dict[str, str]:
    """Plain name -> the first column that has it."""
    return {plain_name(column): column for column in reversed(columns)}


def usual(columns: Sequence[str], names: Iterable[str]) -> list[str]:
    """The columns that have one of these plain names, in the order of the names."""
    there = by_plain_name(columns)
    return [there[name] for name in names if name in there]


USER = ("userid", "user", "uid", "username", "userkey", "reviewerid", "reviewername", "customerid", "customer",
        "custid", "visitorid", "visitor", "memberid", "member", "accountid", "account", "profileid", "personid",
        "person", "raterid", "rater", "readerid", "reader", "listenerid", "listener", "playerid", "player", "buyerid",
        "clientid", "client", "subscriberid", "viewerid", "viewer", "steamid", "useridx", "anonymousid", "deviceid",
        "cookieid", "sessionid", "session", "orderid", "basketid", "playlistid",
        *map(plain_name, foreign_names.USER))  # fmt: skip
ITEM = ("itemid", "item", "iid", "movieid", "movie", "filmid", "film", "bookid", "book", "isbn", "isbn13", "isbn10",
        "animeid", "anime", "mangaid", "gameid", "game", "appid", "bggid", "songid", "trackid", "trackuri", "artistid",
        "artistmbid", "productid", "product", "parentasin", "asin", "sku", "stockcode", "articleid", "article",
        "newsid", "businessid", "businesskey", "gmapid", "placeid", "poiid", "venueid", "restaurantid", "recipeid",
        "jokeid", "showid", "seriesid", "videoid", "clipid", "titleid", "contentid", "courseid", "eventid", "adid",
        "tconst", "imdbid", "tmdbid", "const", "urlid", "docid", "documentid", "paperid", "repoid",
        *map(plain_name, foreign_names.ITEM))  # fmt: skip
#: What identifies an item only where nothing better does.
ITEM_NUMBER = ("id",)
#: Names of things, which identify the items of a log that has no ids.
ITEM_NAME = ("title", "itemname", "movietitle", "booktitle", "productname", "trackname", "track", "songname", "song",
             "artistname", "artist", "gamename", "showname", "name", *map(plain_name, foreign_names.TITLE))  # fmt: skip
RATING = ("rating", "ratings", "score", "stars", "starrating", "rate", "vote", "overall", "bookrating", "userrating",
          "userscore", "myrating", "yourrating", "ratingvalue", "reviewrating", "reviewscore", "feedback",
          "grade", "mark", "preference",
          *map(plain_name, foreign_names.RATING))  # fmt: skip
#: Columns of 0 and 1 that say whether a user chose an item that was shown.
LABEL = ("label", "click", "clicked", "isclick", "isclicked", "liked", "like", "islike", "purchased", "purchase",
         "bought", "watched", "converted", "conversion", "target")  # fmt: skip
#: How strongly a user chose an item: counts, durations, amounts.
WEIGHT = ("weight", "plays", "playcount", "playcounts", "numplays", "listens", "listencount", "timeslistened", "count",
          "counts", "quantity", "qty", "hours", "hoursplayed", "playtime", "playtimeforever", "watchratio", "watchtime",
          "secondsplayed", "msplayed", "strength", "frequency", "freq")  # fmt: skip
TIME = ("timestamp", "time", "ts", "unixtimestamp", "date", "datetime", "ratedat", "daterated", "watcheddate",
        "watchedat", "dateread", "playedat", "endtime", "createdat", "created", "updatedat", "updated", "unixtime",
        "unixreviewtime", "reviewtime", "reviewdate", "eventtime", "eventtimestamp", "invoicedate", "orderdate",
        "purchasedate", "tdat", "dateadded", "lastupdated", "utctime", "when", "ratedon",
        "watchedon", "readat", "listenedat", "viewedat", "playedon", "listenedon", "viewedon", "readon", "seenat",
        "dateplayed", "datewatched", "datelistened", "dateviewed", "dateseen", "lastplayed", "lastwatched",
        "lastlistened", "lastviewed", "lastread", "lastseen", "lastused", "purchasedat", "orderedat", "boughtat",
        "clickedat", "visitedat", "visitdate", "finishedat", "datefinished", "startedat", "starttime",
        *map(plain_name, foreign_names.TIME))  # fmt: skip
#: What tells the order of a person's rows where there are no times: visits or orders, and the place within one.
ORDER_OF_VISITS = ("ordernumber", "orderno", "ordernum", "sessionnumber", "sessionno", "visitnumber", "visitno")
ORDER = ("position", "addtocartorder", "cartposition", "itemposition", "sequence", "sequencenumber", "sequenceno",
         "seq", "seqno", "seqid", "step", "stepnumber", "timestep", "timeindex", "eventnumber", "eventorder",
         "eventindex", "interactionorder", "clickorder", "orderinsession", "positioninsession", "playlistposition",
         "pos", "turn", "order", "ordinal", "rank", "index", "idx", "rownumber", "rownum")  # fmt: skip
TITLE = ("title", "movietitle", "primarytitle", "booktitle", "originaltitle", "name", "itemname", "itemtitle",
         "productname", "producttitle", "prodname", "trackname", "track", "songname", "song", "artistname", "gamename",
         "showname", "animename", "englishname", "headline", "coursetitle", "recipename", "businessname",
         "displayname", "label", "artist",
         *map(plain_name, foreign_names.TITLE))  # fmt: skip
YEAR = ("year", "releaseyear", "startyear", "yearofpublication", "yearpublished", "publicationyear",
        "originalpublicationyear", "published", "publishyear", "releasedate", "released", "premiered",
        "publicationdate", "publisheddate", "datepublished", "pubdate", "date",
        *map(plain_name, foreign_names.YEAR))  # fmt: skip
GENRES = ("genres", "genre", "class", "categories", "category", "maincategory", "listedin", "tags", "tag", "subjects",
          "topics", "trackgenre", "bookshelves", "producttypename", "boardgamecategory", "shelves",
          "keywords",
          *map(plain_name, foreign_names.GENRES))  # fmt: skip
TEXT = ("description", "overview", "about", "summary", "synopsis", "plot", "plotsummary", "abstract", "text", "blurb",
        "detaildesc", "shortdescription", "tagline", "features", "bio",
        *map(plain_name, foreign_names.TEXT))  # fmt: skip
IMAGE = ("image", "imageurl", "imageurll", "imageurlm", "imageurls", "imurl", "poster", "posterurl", "posterpath",
         "cover", "coverurl", "thumbnail", "picture")  # fmt: skip


#: Role -> the usual names of its column, in a log of interactions and in a catalogue of items.
LOG_ROLES: Mapping[str, tuple[str, ...]] = {
    "user": USER,
    "item": (*ITEM, *ITEM_NUMBER, *ITEM_NAME),
    "rating": RATING,
    "weight": WEIGHT,
    "time": TIME,
}
CATALOGUE_ROLES: Mapping[str, tuple[str, ...]] = {
    "id": (*ITEM_NUMBER, *ITEM),
    "title": TITLE,
    "year": YEAR,
    "genres": GENRES,
    "image": IMAGE,
}


def is_log(columns: Sequence[str]) -> bool:
    """Whether columns of these names say which user interacted with which item."""
    return bool(usual(columns, USER)) and bool(usual(columns, LOG_ROLES["item"]))


def is_catalogue(columns: Sequence[str]) -> bool:
    """Whether columns of these names identify or name items."""
    return bool(usual(columns, (*ITEM, *ITEM_NUMBER, *TITLE)))
