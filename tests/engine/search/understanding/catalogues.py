"""Small catalogues of several shapes: films, anime, books and products."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa

from engine.data.id_map import IdMap
from engine.data.items import ItemTable
from engine.search.filters.fields import Fields


def make_fields(columns: dict[str, Any], further: dict[str, Any] | None = None) -> Fields:
    num_items = len(columns["title"])
    columns = {
        "year": pa.array([None] * num_items, pa.int32()),
        "genres": pa.array([[]] * num_items, pa.list_(pa.string())),
        "text": columns["title"],
        **columns,
    }
    table = pa.table(columns)
    return Fields(ItemTable(IdMap(list(range(num_items)), first=1, name="item"), table), further)


def _lists(*values: str) -> pa.Array:
    return pa.array([one.split(",") if one else [] for one in values], pa.list_(pa.string()))


FILMS = make_fields(
    {
        "title": [
            *("Alien", "The Italian Job", "2001: A Space Odyssey", "1917", "The French Connection", "Amélie"),
            *("Ringu", "The Host", "War Horse", "Before Sunrise", "Toy Story", "Suspiria"),
        ],
        "year": pa.array([1979, 1969, 1968, 2019, 1971, 2001, 1998, 2006, 2011, 1995, 1995, 1977], pa.int32()),
        "genres": _lists(
            *("Horror,Science Fiction", "Crime,Comedy", "Science Fiction", "War,Drama", "Crime,Thriller"),
            *("Romance,Comedy", "Horror,Mystery", "Horror,Science Fiction", "War,Drama", "Romance,Drama"),
            *("Animation,Comedy,Family", "Horror"),
        ),
        "original_language": ["en", "en", "en", "en", "en", "fr", "ja", "ko", "en", "en", "en", "it"],
        "runtime": pa.array([117, 99, 149, 119, 104, 122, 96, 119, 146, 101, 81, 0], pa.float64()),
        "vote_average": pa.array([8.1, 6.9, 8.1, 8.0, 7.4, 7.9, 7.0, 7.0, 7.0, 7.7, 7.9, 7.6], pa.float64()),
        "vote_count": pa.array([13000, 900, 10000, 11000, 1500, 10000, 1000, 2200, 3000, 3500, 17000, 1400]),
    }
)
ANIME = make_fields(
    {
        "title": ["Death Note", "Akira", "One Piece", "Mahou Shoujo Madoka★Magica", "Hellsing Ultimate", "School Days"],
        "genres": _lists(
            *("Mystery,Psychological,Thriller", "Action,Military,Sci-Fi", "Action,Adventure,Comedy,Shounen"),
            *("Drama,Magic,Psychological", "Action,Horror,Vampire", "Drama,Harem,Romance,School"),
        ),
        "type": ["TV", "Movie", "TV", "TV", "OVA", "TV"],
        "episodes": pa.array([37, 1, 900, 12, 10, 12]),
        "rating": pa.array([8.7, 8.2, 8.6, 8.5, 8.6, 5.9], pa.float64()),
        "members": pa.array([1013917, 215897, 504862, 469000, 360000, 340000]),
    }
)
SERIES_AND_FILMS = make_fields(
    {
        "title": ["Breathless", "Oldboy", "Solaris", "Cowboy Bebop", "Ponyo", "Stagecoach"],
        "year": pa.array([1960, 2003, 1972, 1998, 2008, 1939], pa.int32()),
        "genres": _lists(
            "Crime,Drama", "Thriller", "Science Fiction", "Science Fiction,Drama", "Drama,Family", "Crime"
        ),
        "kind": ["film", "film", "film", "anime series", "anime film", "film"],
        "country": ["France", "South Korea", "Soviet Union", "Japan", "Japan", "United States"],
    },
    {"rating": np.array([4.0, 4.2, 3.9, 4.4, 3.8, 3.7]), "interactions": np.array([40, 90, 30, 80, 60, 10])},
)
BOOKS = make_fields(
    {
        "title": ["Dune", "Emma", "1984", "The Trial", "The Hobbit"],
        "authors": ["Frank Herbert", "Jane Austen", "George Orwell", "Franz Kafka", "J. R. R. Tolkien"],
        "original_publication_year": pa.array([1965, 1815, 1949, 1925, 1937]),
        "genres": _lists("Science Fiction", "Romance", "Science Fiction", "Fiction", "Fantasy,Young Adult"),
        "num_pages": pa.array([612, 474, 328, 255, 310]),
        "language_code": ["eng", "eng", "eng", "ger", "eng"],
        "average_rating": pa.array([4.2, 4.0, 4.2, 4.0, 4.3], pa.float64()),
        "ratings_count": pa.array([900000, 600000, 3000000, 200000, 2800000]),
    }
)
PRODUCTS = make_fields(
    {
        "title": ["Steel kettle", "Glass kettle", "Red toaster", "Espresso machine"],
        "genres": _lists("Kitchen,Kettles", "Kitchen,Kettles", "Kitchen", "Kitchen,Coffee"),
        "brand": ["Alfa", "Beta", "Alfa", "Gamma"],
        "price": pa.array([35.0, 18.5, 25.0, 240.0], pa.float64()),
        "watts": pa.array([2000, 1800, 900, 1400]),
    }
)
PLAIN = make_fields({"title": ["Alien", "French Kiss", "Emma"]})
