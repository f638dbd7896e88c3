"""The several names that one title holds: an original or alternative one in brackets."""

from __future__ import annotations

import re

from engine.text.normalize import split_year, words

_IN_BRACKETS = re.compile(r"\s*[(\[]([^()\[\]]*)[)\]]")
_ALSO_KNOWN_AS = re.compile(r"^(?:a\.?\s?k\.?\s?a\.?|also known as|aka|originally|orig\.|or)\s*:?\s+", re.IGNORECASE)
#: What brackets say about an item besides its name.
_NO_NAMES = frozenset(
    words(
        "tv movie film ova ona oad special specials music short shorts series miniseries part season vol volume video "
        "final first second third not kari uncut unrated extended remake director directors cut edition live recap dub "
        "sub new original version the of and a"
    )
)


def other_names(title: str) -> list[str]:
    """The names in brackets after a title, and the title without them; empty if there are none.

    Brackets with nothing but a year, a number or a word such as ``TV`` are no name.

    Examples
    --------
    >>> other_names("City of Lost Children, The (Cité des enfants perdus, La) (1995)")
    ['City of Lost Children, The', 'Cité des enfants perdus, La']
    >>> other_names("Seven (a.k.a. Se7en) (1995)")
    ['Seven', 'Se7en']
    >>> other_names("Eve no Jikan (Movie)")
    []
    """
    if "(" not in title and "[" not in title:
        return []
    bare = split_year(title)[0]
    names = []
    for found in _IN_BRACKETS.finditer(bare):
        if found.start() == 0 or not found[0][0].isspace():
            continue  # "(500) Days of Summer" and "Assassin(s)" have one name
        rest = bare[found.end() :].strip()
        if rest and not rest.startswith(("(", "[")):
            continue  # "You Are (Not) Alone"
        name = _ALSO_KNOWN_AS.sub("", found[1].strip())
        if any(not word.isdigit() and word not in _NO_NAMES for word in words(name)):
            names.append(name)
    if not names:
        return []
    return [_IN_BRACKETS.split(bare, maxsplit=1)[0].strip(), *names]
