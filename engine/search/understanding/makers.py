"""Who made an item, in words: ``directed by hitchcock``, ``starring tom hanks``, ``games by valve``."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence

import numpy as np

from engine.search.filters.columns import TextField
from engine.search.filters.fields import Fields
from engine.search.understanding.candidate import Candidate, Part
from engine.search.understanding.lists import read_list
from engine.search.understanding.vocabulary import NOUNS, Vocabulary
from engine.search.understanding.words import Words
from engine.text.normalize import words as words_of

# Each line: what stands before a name; after the slash the columns that hold such names, the best first.
_ROLES = """
directed by, written and directed by, directed and written by / director, directors
written by, novel by, screenplay by / author, authors, writer, writers, screenwriter, screenwriters
starring, co starring, featuring, acted by / cast, actors, actor, stars, starring, actress, actresses
created by / creator, creators, author, authors, artist, artists, developer, developers
composed by, music by, score by / composer, composers, artist, artists
performed by, sung by, recorded by / artist, artists, performer, performers, singer, singers, band, musicians
illustrated by, drawn by / illustrator, illustrators, artist, artists, author, authors
narrated by / narrator, narrators
translated by / translator, translators
designed by / designer, designers
developed by / developer, developers
published by / publisher, publishers
distributed by / distributor, distributors
produced by / producer, producers, studio, studios, production_companies
made by / studio, studios, developer, developers, brand, brands, manufacturer, manufacturers, production_companies
"""
# The same for nouns, which are a subject unless they begin the query or follow a noun for items.
_NOUNS = """
director / director, directors
author / author, authors, writer, writers
actor, actress / cast, actors, actor, stars, starring, actress, actresses
artist / artist, artists
developer / developer, developers
publisher / publisher, publishers
brand / brand, brands, manufacturer, manufacturers
"""
#: The columns of makers that are meant after a noun for items: "games by valve", "shoes from nike".
_MAKERS = (
    *("studio", "studios", "developer", "developers", "publisher", "publishers", "brand", "brands", "label"),
    *("manufacturer", "manufacturers", "production_companies", "production_company", "network", "networks"),
)
_BY = ("by", "from", "made by", "produced by")
_WITH = ("with", "starring", "featuring")
_LONGEST_NAME = 5
#: "Ursula Le Guin" may stand for so many values that have an initial or another name in between.
_MOST_VALUES = 8
#: The shortest name in which typing errors are expected, and the least similarity of what was meant.
_SHORTEST_MISSPELT, _ALIKE = 6, 0.8
#: The shortest word that is taken for the beginning of a name while it is typed.
_HALF_TYPED = 4


def _read(table: str) -> Mapping[tuple[str, ...], tuple[str, ...]]:
    lines = (line.split("/") for line in table.strip().splitlines())
    return {
        tuple(one.strip() for one in phrases.split(",")): tuple(one.strip() for one in columns.split(","))
        for phrases, columns in lines
    }


_BY_ROLE, _BY_NOUN = _read(_ROLES), _read(_NOUNS)
_CAST = _BY_NOUN["actor", "actress"]
#: The columns of people who make items; those who only appear in them are none.
_PEOPLE = tuple(dict.fromkeys(name for names in _BY_ROLE.values() for name in names if name not in (*_MAKERS, *_CAST)))


def match_maker(words: Words, start: int, vocabulary: Vocabulary) -> Candidate | None:
    """The filter on those who made an item, if the catalogue has a column for them and an item with this name.

    A noun for items that means nothing in this catalogue is a part of the condition: "games by valve".
    """
    fields = vocabulary.columns.fields
    if words[start] in NOUNS and not words.breaks(start + 1) and vocabulary.find(words.plain, start) is None:
        found = _match_role(words, start + 1, fields) or _match_by(words, start + 1, fields)
        found = found or _match_several(words, start + 1, vocabulary)
        return None if found is None else found.at(start, found.end)
    found = _match_role(words, start, fields) or _match_by(words, start, fields)
    return found or _match_several(words, start, vocabulary)


def _match_role(words: Words, start: int, fields: Fields) -> Candidate | None:
    """``directed by hitchcock``, or ``director hitchcock``."""
    for phrases, names in _BY_ROLE.items():
        behind = words.after(start, phrases)
        if behind is None:
            continue
        if (found := _named(words, start, behind, _fields(fields, names), (*phrases, "by"))) is not None:
            return found
    for phrases, names in _BY_NOUN.items() if words.is_head(start - 1) else ():
        behind = words.after(start, phrases)
        if behind is None:
            continue
        if (found := _named(words, start, behind, _fields(fields, names), phrases)) is not None:
            return found if words.breaks(found.end) else None
    return None


def _match_by(words: Words, start: int, fields: Fields) -> Candidate | None:
    """``by valve`` and ``from valve`` after a noun for items and before nothing else."""
    behind = words.after(start, _BY)
    if behind is None or words.breaks(start) or not words.is_head(start - 1):
        return None
    found = _named(words, start, behind, _fields(fields, _MAKERS), _BY, begins=True)
    return found if found is not None and words.breaks(found.end) else None


def _match_several(words: Words, start: int, vocabulary: Vocabulary) -> Candidate | None:
    """``by allen, brooks and wilder`` after what items are, if one column of people has all of these names.

    A single name is searched for, which finds the person in every column. Nobody's items have several such names, so
    that a search for these would bring any item that has one of them somewhere.
    """
    behind = words.after(start, ("by",))
    if behind is None or not (words.is_head(start - 1) or vocabulary.find(words.plain, start - 1) is not None):
        return None
    for field in _fields(vocabulary.columns.fields, _PEOPLE):
        found = _named(words, start, behind, iter([field]), ("by",))
        if found is not None and sum(len(part.terms) for part in found.parts) > 1 and _are_names(found, field):
            return found
    return None


def _are_names(found: Candidate, field: TextField) -> bool:
    """Whether the names of a candidate are whole ones or last names of a field."""
    ends = [f" {' '.join(words_of(term))} " for part in found.parts for term in part.terms]
    return all(any(folded.endswith(end) for folded in field.folded) for end in ends)


def match_credit(words: Words, start: int, vocabulary: Vocabulary) -> Candidate | None:
    """Whose items a negation excludes: ``by hitchcock`` in all columns of people and makers that have the name.

    ``with tom hanks`` is looked up among those who only appear in items.

    Without a negation these words are searched for, which finds the person in every column. What is excluded must be
    looked up, since a search for the words would find it first.
    """
    fields = vocabulary.columns.fields
    behind, makers = words.after(start, _BY), list(_fields(fields, _MAKERS))
    people = [] if words[start] == "from" else list(_fields(fields, _PEOPLE))
    if behind is None:
        behind, people, makers = words.after(start, _WITH), list(_fields(fields, _CAST)), []
    if behind is None:
        return None
    found = _credited(words, behind, people, makers)
    if found is None:
        return None
    listed = read_list(
        words,
        found,
        lambda place, is_sure: _credited(
            words, words.after(place, (*_BY, *_WITH)) or place, people, makers, is_sure=is_sure
        ),
    )
    return listed.each(words, start) if listed.is_whole else None


def _credited(
    words: Words, start: int, people: Sequence[TextField], makers: Sequence[TextField], *, is_sure: bool = False
) -> Candidate | None:
    """The longest name at a place in all columns of people that have it, and in the first one of makers."""
    for end, name in _runs(words, start):
        parts = [Part(one.name, terms) for one in people if (terms := _terms(one, name))]
        parts += [Part(one.name, terms) for one in makers if (terms := _terms(one, name, begins=True))][:1]
        if parts:
            return Candidate(start, end, "explicit", tuple(parts), is_origin=True)
    return None if is_sure else _name(words, start, people, begins=False)


def match_name(words: Words, start: int, vocabulary: Vocabulary) -> Candidate | None:
    """The longest name of a person or a maker at a place, in all columns that have it: ``hitchcock``."""
    fields = vocabulary.columns.fields
    for end, name in _runs(words, start):
        if names_maker(name, vocabulary):
            people, makers = list(_fields(fields, (*_PEOPLE, *_CAST))), list(_fields(fields, _MAKERS))
            parts = [Part(one.name, terms) for one in (*people, *makers) if (terms := _terms(one, name))]
            return Candidate(start, end, "explicit", tuple(parts), is_origin=True)
    return None


def names_maker(name: str, vocabulary: Vocabulary) -> bool:
    """Whether words are the name or the last name of a person in any column of people, or the name of a maker."""
    folded, fields = f" {' '.join(words_of(name))} ", vocabulary.columns.fields
    people = _fields(fields, (*_PEOPLE, *_CAST))
    return any(value.endswith(folded) for field in people for value in field.folded) or any(
        folded in field.folded for field in _fields(fields, _MAKERS)
    )


def _fields(fields: Fields, names: Sequence[str]) -> Iterator[TextField]:
    """The fields of texts that the catalogue has, of these."""
    for name in names:
        resolved = fields.resolve(name)
        if resolved is not None and resolved in fields.names:
            field = fields[resolved]
            if isinstance(field, TextField) and field.kind in ("text", "list"):
                yield field


def _named(
    words: Words,
    start: int,
    behind: int,
    fields: Iterator[TextField],
    again: tuple[str, ...],
    *,
    begins: bool = False,
) -> Candidate | None:
    """The longest name at a place that a field has, and the others of a list that it begins.

    "and" asks for all of them if an item has them all, such as two actors, and else for any: no film is directed by
    Hitchcock, Kubrick and Wilder.

    Parameters
    ----------
    words, start, behind
        The words, the place of the first one of the condition, and that of the first one of the name. The words before
        the name are a part of the condition.
    fields
        Where the name may be; the first field that has it is taken.
    again
        What may stand before a further name, as it does before the first one.
    begins
        Whether the name must be a whole value or its beginning.
    """
    all_fields = list(fields)
    found = _name(words, behind, all_fields, begins=begins)
    if found is None:
        return None
    (field,) = (one for one in all_fields if one.name == found.parts[0].field)
    listed = read_list(
        words,
        found,
        lambda place, is_sure: _name(
            words, words.after(place, again) or place, [field], begins=begins, is_sure=is_sure
        ),
    )
    if not listed.is_whole:
        return None
    if listed.conjunction == "and" and _are_together(listed.names, field):
        return listed.each(words, start)
    return listed.either(words, start)


def _are_together(names: Sequence[Candidate], field: TextField) -> bool:
    """Whether an item has all of these names."""
    masks = [np.logical_or.reduce([field.mask(term) for term in name.parts[0].terms]) for name in names]
    return bool(np.logical_and.reduce(masks).any())


def _name(
    words: Words, start: int, fields: Sequence[TextField], *, begins: bool, is_sure: bool = False
) -> Candidate | None:
    """The longest name at a place that a field has; without one, and if it may be misspelt, what was meant."""
    runs = _runs(words, start)
    for end, name in runs:
        is_half_typed = not (begins or is_sure) and end == len(words) and len(name.rsplit(" ", 1)[-1]) >= _HALF_TYPED
        for field in fields:
            if terms := _terms(field, name, begins=begins, is_half_typed=is_half_typed):
                return Candidate(start, end, "explicit", (Part(field.name, terms),), is_origin=True)
    alone = [run for run in runs if not {"or", "and"} & set(words.plain[start : run[0]])]
    for end, name in () if begins or is_sure else alone[:1]:
        for field in fields:
            if (meant := _misspelt(field, name)) is not None:
                return Candidate(start, end, "explicit", (Part(field.name, (meant,)),), is_origin=True)
    return None


def _misspelt(field: TextField, name: str) -> str | None:
    """The words of a value of which a name is a misspelling: "hitchcock" for "hitchcok"."""
    from rapidfuzz.distance import OSA

    if len(name) < _SHORTEST_MISSPELT:
        return None
    length = name.count(" ") + 1
    for value in field.nearest(name, 1):
        its_words = words_of(value)
        for at in range(len(its_words) - length + 1):
            part = " ".join(its_words[at : at + length])
            if OSA.normalized_similarity(name, part) >= _ALIKE:
                return part
    return None


def _terms(field: TextField, name: str, *, begins: bool = False, is_half_typed: bool = False) -> tuple[str, ...]:
    """What matches a name in a field: the name, or the values that have further words between its own."""
    spaced, typed = f" {name} ", f" {name}"
    if begins:
        return (name,) if any(folded.startswith(spaced) for folded in field.folded) else ()
    if any(spaced in folded for folded in field.folded):
        return (name,)
    its_words = name.split(" ")
    if len(its_words) > 1:
        apart = re.compile("(?: .*)? ".join(map(re.escape, its_words)))
        found = [
            value
            for value, folded in zip(field.values, field.folded, strict=True)
            if all(f" {word} " in folded for word in its_words) and apart.search(folded)
        ]
        if 0 < len(found) <= _MOST_VALUES:
            return tuple(found)
    return (name,) if is_half_typed and any(typed in folded for folded in field.folded) else ()


def _runs(words: Words, start: int) -> list[tuple[int, str]]:
    """The runs of words at a place that may be a name, the longest first; small words alone are none."""
    runs = []
    end = start
    while end < min(len(words), start + _LONGEST_NAME) and words[end] and not (end > start and words.breaks(end)):
        end += 1
    for last in range(end, start, -1):
        tokens = words.tokens[start:last]
        if not tokens[-1].is_stop and any(len(one.word) > 1 for one in tokens if not one.is_stop):
            runs.append((last, " ".join(words_of(" ".join(one.word for one in tokens)))))
    return runs
