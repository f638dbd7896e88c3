"""The columns of a catalogue that keyword search reads, told by their names and types, and how much each counts."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

import numpy as np

from engine.data.items import STANDARD_COLUMNS
from engine.data.text_columns import find_separator, is_list, list_parts
from engine.text.foreign_names import in_english
from engine.text.normalize import fold

if TYPE_CHECKING:
    import pyarrow as pa

    from engine.data.items import ItemTable

#: Between the values of one item, as in a list of names.
SEPARATOR = " · "
_AT_A_TIME = 4096
_SHORTEST_LANGUAGE = 4


@dataclass(frozen=True, slots=True)
class Role:
    """What a column says about items, and its weight in BM25F.

    Attributes
    ----------
    name
        The name of the role.
    weight
        The weight of a word in such a column relative to a word in the text.
    b
        How far the weight of a word decreases with the length of the column: 0 for lists of names, where the length
        says nothing about how well a name fits.
    names
        A pattern of the last words of the names of such columns.
    """

    name: str
    weight: float
    b: float
    names: str


OTHER_TITLES = Role(
    "other titles", 1.2, 0.5,
    r"(?:original|alternat(?:e|iv|ive)|english|native|romaji|romani[sz]ed|japanese|foreign|international|local|short|"
    r"full|other|working) (?:titles?|names?)|(?:titles?|names?) (?:original|english|native|romaji|romani[sz]ed|"
    r"japanese|synonyms)|akas?|also known as|synonyms|aliases|alternatives",
)  # fmt: skip
#: As much as a title: who searches for a name wants the items of this person.
PEOPLE = Role(
    "people", 1.5, 0.0,
    r"(?:authors?|artists?|directors?|cast|actors?|actress(?:es)?|stars?|starring|(?:screen)?writers?|creators?|crew|"
    r"performers?|singers?|musicians?|bands?|composers?|designers?|producers?|narrators?|illustrators?|translators?|"
    r"editors?|cinematographers?|mangakas?|people|persons?|(?:directed|written|created|narrated) by)(?: names?)?",
)  # fmt: skip
MAKERS = Role(
    "makers", 1.0, 0.0,
    r"(?:brands?|studios?|publishers?|labels?|networks?|developers?|manufacturers?|distributors?|licensors?|"
    r"(?:production |record )?compan(?:y|ies))(?: names?)?",
)  # fmt: skip
COLLECTION = Role(
    "collection", 1.0, 0.0, r"(?:collections?|series|franchises?|sagas?|universes?)(?: (?:names?|titles?))?"
)
TAGLINE = Role("tagline", 0.8, 0.4, r"taglines?|slogans?|subtitles?|catch ?phrases?")
KEYWORDS = Role("keywords", 0.7, 0.3, r"keywords?|tags?|topics?|subjects?|themes?|moods?|mechanics|demographics?")
#: Country, language and kind are shared by many items: they tell two items apart that have the other words alike.
COUNTRY = Role("country", 0.5, 0.0, r"countr(?:y|ies)|country of origin|nationalit(?:y|ies)")
LANGUAGE = Role("language", 0.4, 0.0, r"languages?")
KIND = Role("kind", 0.5, 0.0, r"types?|kinds?|formats?|media")

#: All roles, those first whose names are looked for first.
ROLES = (OTHER_TITLES, PEOPLE, MAKERS, COLLECTION, TAGLINE, KEYWORDS, COUNTRY, LANGUAGE, KIND)
_PATTERNS = tuple((re.compile(rf"(?:^|.* )(?:{role.names})"), role) for role in ROLES)
_CAMEL = re.compile(r"(?<=[a-z])(?=[A-Z])")
_NOT_LETTERS = re.compile(r"[^a-z]+")
_ADDRESS = re.compile(r"^\w+://")
_MAPPING = re.compile(r"^\{.*\}$", re.DOTALL)


@dataclass(frozen=True, slots=True)
class CatalogueField:
    """One searched column.

    Attributes
    ----------
    column
        The name of the column.
    role
        Its role.
    texts
        The values of each item, joined by :data:`SEPARATOR`; empty where it has none.
    """

    column: str
    role: Role
    texts: Sequence[str]


@cache
def role_of(column: str) -> Role | None:
    """The role of a column by its name; None if it is not searched, as are ids, addresses, dates and numbers.

    Examples
    --------
    >>> role_of("production_companies").name, role_of("actor_1_name").name, role_of("originalTitle").name
    ('makers', 'people', 'other titles')
    >>> role_of("poster_path") is None
    True
    """
    if column in STANDARD_COLUMNS:
        return None
    name = _NOT_LETTERS.sub(" ", fold(_CAMEL.sub(" ", in_english(column)))).strip()
    return next((role for pattern, role in _PATTERNS if pattern.fullmatch(name)), None)


def find_fields(items: ItemTable) -> list[CatalogueField]:
    """The searched columns of a catalogue, besides its titles, genres and texts."""
    found = []
    for field in items.table.schema:
        role = role_of(field.name)
        if role is not None and _holds_texts(field.type):
            texts = list(_texts(items.table.column(field.name), role))
            if any(texts):
                found.append(CatalogueField(field.name, role, texts))
    return found


def _holds_texts(kind: pa.DataType) -> bool:
    import pyarrow.types as types

    if types.is_list(kind) or types.is_large_list(kind):
        kind = kind.value_type
    return bool(types.is_string(kind) or types.is_large_string(kind))


def _texts(column: pa.ChunkedArray, role: Role) -> Iterator[str]:
    import pyarrow as pa
    import pyarrow.compute as pc

    if pa.types.is_string(column.type) or pa.types.is_large_string(column.type):
        is_special = pc.fill_null(pc.match_substring_regex(column, r"^\s*(?:\[|\{|c\(|\w+://|\d+\s*$)"), False)
        separator = find_separator(column, people=role is PEOPLE) if role in (PEOPLE, MAKERS) else ""
        plain = pc.replace_substring(column, separator, SEPARATOR) if separator else column
        if role is LANGUAGE:  # not codes such as "fr", which are words of other languages
            plain = pc.if_else(pc.greater_equal(pc.utf8_length(plain), _SHORTEST_LANGUAGE), plain, None)
        texts = pc.if_else(is_special, None, plain)
        special = {row: column[row].as_py() for row in np.flatnonzero(is_special.to_numpy()).tolist()}
    else:
        texts, special = column, {}
    for start in range(0, len(texts), _AT_A_TIME):
        for row, value in enumerate(texts.slice(start, _AT_A_TIME).to_pylist(), start):
            if row in special:
                yield SEPARATOR.join(_values(_parts(special[row]), role))
            else:
                yield value or "" if not isinstance(value, list) else SEPARATOR.join(_values(value, role))


def _parts(text: str) -> list[str]:
    """The parts of a list in some notation, and the name of an object: ``{'id': 1, 'name': 'Toy Story'}``."""
    text = text.strip()
    if _MAPPING.match(text):
        return list_parts(f"[{text}]") or []
    parts = list_parts(text) if is_list(text) else None
    return [text] if parts is None else parts


def _values(parts: Sequence[str | None], role: Role) -> list[str]:
    shortest = _SHORTEST_LANGUAGE if role is LANGUAGE else 1
    return [one for one in parts if one and len(one) >= shortest and not one.isdigit() and not _ADDRESS.match(one)]
