"""Well-known titles in the form of each kind of export are found in real catalogues, and none is mistaken."""

from __future__ import annotations

import csv
import gzip
import io
from collections.abc import Callable, Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any
from xml.sax.saxutils import escape

import pytest

from engine.data.dataset import Dataset
from engine.datasets import read
from engine.profiles.exports import read_export
from engine.profiles.matching import EntryMatcher
from engine.profiles.profile import Entry, Link
from tests.engine.conftest import make_dataset

DATA = Path(__file__).parents[4] / "shared" / "data"
needs_data = pytest.mark.skipif(not (DATA / "ml-100k").exists(), reason="../shared/data with ml-100k is not there")

#: The 300 most rated films of ml-100k that are in The Movies Dataset: the id there, and the number of IMDb.
FILMS = """
50:76759 258:118884 100:116282 181:86190 294:119528 286:116209 288:117571 1:114709 300:118571 121:116629
174:82971 127:68646 56:110912 7:114746 98:102926 237:116695 117:117500 172:80684 222:117731 204:88763
313:120338 405:117060 79:106977 210:97576 151:67992 173:93779 69:109830 168:71853 748:120053 269:119164
257:119654 195:88247 423:83866 9:112818 276:113627 318:108052 22:112573 302:119488 96:103064 328:118883
15:113862 25:115685 118:117998 183:78748 216:98635 176:90605 64:111161 202:107048 234:73195 28:112384
191:86879 89:83658 111:117979 275:114388 12:114814 742:117438 357:73486 82:107290 135:62622 289:116250
97:99348 238:93822 268:118842 546:115759 70:109831 186:80455 196:97165 333:119174 475:117951 153:95159
132:32138 125:117333 144:95016 483:34583 194:70735 245:118972 323:118928 185:54215 197:61722 11:114369
282:117913 496:38650 301:119360 568:111257 265:99810 655:92005 182:99685 273:113277 143:59742 179:66921
180:78788 471:115956 71:110357 161:92099 8:112431 95:103639 427:56592 678:120461 322:119731 235:116996
435:64115 508:117318 88:108160 215:97351 271:120201 4:113161 187:71562 603:47396 175:88846 385:111503
200:81505 211:66026 597:116213 588:101414 403:96895 515:82096 208:72431 230:92007 134:33467 272:119217
250:119116 527:83987 298:119094 474:57012 284:117918 393:107614 209:88258 274:114319 340:118749 307:118971
124:116905 147:116908 13:113819 14:110877 23:75314 203:105695 514:75686 732:106673 751:120347 479:52357
480:53125 566:109444 419:58331 591:117381 83:107616 845:117887 58:110932 326:119173 327:118887 24:113326
154:79470 432:32455 511:56172 99:29583 255:119738 133:31381 137:115678 218:101540 229:88170 433:97493
651:97441 188:93058 367:112697 402:99653 451:77631 321:117091 628:117665 684:107206 319:116242 582:107822
226:99423 199:50212 523:61512 692:112346 739:100405 411:117218 66:114924 259:119190 285:117589 410:116778
443:56869 227:102975 248:119229 315:118636 476:116313 252:119567 472:116136 150:117802 193:86197 685:116253
240:115641 690:120102 31:112740 431:91203 660:101921 498:43265 77:106918 164:96754 550:112864 86:107943
239:105435 55:110413 304:116329 763:116483 42:109445 156:105236 462:103994 1028:113228 293:119008 654:71315
281:110997 310:119978 455:116704 91:107688 332:119468 358:120177 231:103776 87:108065 484:33870 94:99785
177:60196 347:120885 559:110148 705:45152 735:107818 1016:118880 205:66206 223:117666 270:119177 879:119874
68:109506 213:91867 303:120402 1047:117108 47:109707 243:119432 2:113189 657:56218 109:117128 249:118655
72:110475 129:115736 418:42332 531:117631 53:110632 73:110478 148:116409 241:104691 325:115964 482:53291
756:113041 62:111282 157:91763 198:100263 260:119081 291:118548 596:116583 346:119396 473:116683 116:112701
178:50083 324:116922 485:58385 190:97499 233:105690 246:118842 343:118583 520:57115 526:52618 750:118607
501:33563 504:61418 170:95765 428:67185 447:74285 509:97937 528:87553 38:113957 217:103874 521:77416
631:104036 746:89886 866:117038 169:108598 48:110057 242:116790 449:79945 184:106308 192:81398 380:111280
663:78841 65:108550 123:116365 659:36613 762:115639 29:112462 214:84503 292:120036 331:119051 93:114906
"""

Row = Mapping[str, str]


@cache
def films() -> list[tuple[int, Row]]:
    """The id in ml-100k and the row of The Movies Dataset of each film; its titles are those of TMDB."""
    with gzip.open(DATA / "movies_metadata_rebuilt.csv.gz", "rt", encoding="utf-8", newline="") as file:
        rows = {row["imdb_id"].removeprefix("tt").lstrip("0"): row for row in csv.DictReader(file) if row["imdb_id"]}
    return [(int(item), rows[number]) for item, _, number in (pair.partition(":") for pair in FILMS.split())]


@cache
def movielens() -> Dataset:
    return read("ml-100k", ratings=DATA / "ml-100k" / "u.data", items=DATA / "ml-100k" / "u.item")


def table(headings: Sequence[str], rows: Sequence[Sequence[object]]) -> str:
    stream = io.StringIO()
    csv.writer(stream).writerows([headings, *rows])
    return stream.getvalue()


def letterboxd(found: Sequence[Row]) -> str:
    rows = [
        ("2024-01-02", one["title"], one["release_date"][:4], f"https://boxd.it/{n}", "4.5")
        for n, one in enumerate(found)
    ]
    return table(("Date", "Name", "Year", "Letterboxd URI", "Rating"), rows)


def imdb(found: Sequence[Row]) -> str:
    rows = [
        (one["imdb_id"], "9", "2024-01-02", one["title"], one["original_title"], one["release_date"][:4], "Movie")
        for one in found
    ]
    return table(("Const", "Your Rating", "Date Rated", "Title", "Original Title", "Year", "Title Type"), rows)


def netflix(found: Sequence[Row]) -> str:
    return table(("Title", "Date"), [(one["title"], "1/31/24") for one in found])


@needs_data
@pytest.mark.parametrize("write", [letterboxd, imdb, netflix])
def test_300_well_known_films_are_found(tmp_path: Path, write: Callable[[Sequence[Row]], str]) -> None:
    path = tmp_path / ("NetflixViewingHistory.csv" if write is netflix else "ratings.csv")
    path.write_text(write([row for _, row in films()]), encoding="utf-8")
    export, data = read_export(path), movielens()
    matches = EntryMatcher(data).match(export.entries)
    meant: dict[str, set[str]] = {}
    for item, row in films():
        meant.setdefault(row["title"], set()).add(data.items[data.items.id_map.encode_one(item)].title)
    if write is netflix:
        # Without a year, "The Postman" is the film of 1997; that of 1994 is "Postino, Il" here.
        meant["The Postman"].add("The Postman")
    right = sum(
        one.item is not None and data.items[one.item].title in meant[entry.title]
        for entry, one in zip(export.entries, matches, strict=True)
    )
    found = sum(one.item is not None for one in matches)
    assert len(export.entries) >= 295  # some films are in ml-100k twice
    assert right >= 0.97 * len(export.entries)
    assert found == right


@needs_data
def test_films_that_are_not_there_are_not_mistaken_for_others() -> None:
    data, absent = movielens(), [row for _, row in films()]
    kept = {data.items.id_map.encode_one(item) for item, _ in films()}
    titles = {data.items[one].title for one in kept}
    rest = [one for one in range(1, data.num_items + 1) if data.items[one].title not in titles]
    matcher = EntryMatcher(_only(data, rest))
    entries = [Entry(row["title"], int(row["release_date"][:4]), rating=4.0) for row in absent]
    assert [
        entry.title for entry, one in zip(entries, matcher.match(entries), strict=True) if one.item is not None
    ] == []


@needs_data
def test_300_anime_are_found_by_id_and_title(tmp_path: Path) -> None:
    data = read("anime", items=DATA / "anime.csv")
    found = [data.items[one] for one in range(1, 301)]
    entries = "".join(
        f"<anime><series_animedb_id>{one.item_id}</series_animedb_id>"
        f"<series_title>{escape(one.title)}</series_title><my_score>9</my_score></anime>"
        for one in found
    )
    path = tmp_path / "animelist.xml"
    path.write_text(f"<myanimelist>{entries}</myanimelist>", encoding="utf-8")
    export = read_export(path)
    matches = EntryMatcher(data).match(export.entries)
    assert [one.item for one in matches] == [one.internal_id for one in found]
    assert {entry.highest for entry in export.entries} == {10.0}


def _only(data: Dataset, items: Sequence[int]) -> Dataset:
    import dataclasses

    import numpy as np

    from engine.data.id_map import IdMap
    from engine.data.items import ItemTable

    rows = np.array(items) - 1
    ids = IdMap(data.items.id_map.ids[rows], first=1, name="item")
    log = data.interactions.select(slice(0))
    return dataclasses.replace(data, items=ItemTable(ids, data.items.table.take(rows)), interactions=log)


def matched(entry: Entry, **options: Any) -> Any:
    dataset = make_dataset()
    (found,) = EntryMatcher(dataset).match([entry], **options)
    return None if found.item is None else dataset.items[found.item].title


def test_a_link_counts_only_while_the_item_has_its_title() -> None:
    assert matched(Entry("Hete", links={"tiny": Link("heat", "Heat")})) == "Heat"
    assert matched(Entry("Hete", links={"tiny": Link("heat", "Another")})) is None
    assert matched(Entry("Hete", links={"other": Link("heat", "Heat")})) is None
    assert matched(Entry("Heat", 1995, links={"tiny": Link("alien", "Another")})) == "Heat"


def test_an_id_of_the_source_counts_only_with_the_title() -> None:
    assert matched(Entry("Heat", 2020, source_id="heat")) == "Heat"
    assert matched(Entry("Solaris", 2002, source_id="heat")) is None
