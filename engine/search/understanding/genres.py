"""Words that name genres, and how sure it is that they mean a genre and not a subject."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

# Genre as catalogues write it: the nouns that name it; after a slash the adjectives.
_FORMS = """
action:; adventure: adventures; animation: animations, cartoon, cartoons/ animated; anime:
biography: biographies, biopic, biopics/ biographical; comedy: comedies/ comedic; coming of age:
cyberpunk:; documentary: documentaries, docu; drama: dramas/ dramatic; ecchi:; fantasy: fantasies; harem:; hentai:
historical fiction:; horror:; josei:; martial arts:; mecha:; memoir: memoirs; musical: musicals
mystery: mysteries; noir: noirs, film noir, film noirs, neo noir; parody: parodies; psychological:
romance: romances/ romantic; satire: satires/ satirical
science fiction: sci fi, scifi, sf; seinen:; shoujo: shojo; shoujo ai: girls love; shounen: shonen
shounen ai: boys love, boy love; slice of life:
supernatural:; suspense:; thriller: thrillers; western: westerns; yaoi:; young adult: ya; yuri:
"""
_WEAK_FORMS: Mapping[str, tuple[str, ...]] = {
    "children": ("childrens", "kids"),
    "childrens": ("children", "kids"),
    "history": ("historical",),
    "historical": ("history",),
    "kids": ("childrens",),
    "sports": ("sport",),
    "sport": ("sports",),
    "war": ("wartime",),
}
#: A genre -> the one that its nouns mean where a catalogue does not have it.
INSTEAD: Mapping[str, str] = {"musical": "music"}
#: Genres for younger people, any of which "for kids" means.
FOR_CHILDREN = ("kids", "children", "childrens", "family")
#: Two genres that have a name together.
TOGETHER: Mapping[str, tuple[str, str]] = {
    "rom com": ("romance", "comedy"),
    "rom coms": ("romance", "comedy"),
    "romcom": ("romance", "comedy"),
    "romcoms": ("romance", "comedy"),
    "dramedy": ("drama", "comedy"),
    "dramedies": ("drama", "comedy"),
}
#: Genres of which catalogues have the last word only. Without the first one the last one says too little.
COMPOUNDS = (
    *("black comedy", "black comedies", "dark comedy", "dark comedies", "screwball comedy", "screwball comedies"),
    *("slapstick comedy", "stand up comedy", "sex comedy", "sex comedies", "body horror", "folk horror"),
    *("cosmic horror", "period drama", "period dramas", "costume drama", "costume dramas", "kitchen sink drama"),
    *("space opera", "space operas", "space western", "space westerns", "soap opera", "spaghetti western"),
    *("spaghetti westerns", "high fantasy", "dark fantasy", "urban fantasy", "true crime", "science fantasy"),
)


def _read_forms() -> Iterator[tuple[str, tuple[tuple[str, ...], tuple[str, ...]]]]:
    for entry in _FORMS.replace("\n", ";").strip(";").split(";"):
        genre, forms = entry.split(":")
        nouns, _, adjectives = forms.partition("/")
        listed = tuple(tuple(one.strip() for one in part.split(",") if one.strip()) for part in (nouns, adjectives))
        yield genre.strip(), (listed[0], listed[1])


#: Genre -> its other nouns and its adjectives. A word for one of these hardly ever means anything but the genre.
STRONG: Mapping[str, tuple[tuple[str, ...], tuple[str, ...]]] = dict(_read_forms())


def canonical(genre: str) -> str:
    """The usual name of a genre: ``science fiction`` for ``sci fi``."""
    return next((name for name, forms in STRONG.items() if genre == name or any(genre in one for one in forms)), genre)


def nouns_of(genre: str) -> tuple[str, ...]:
    """The folded nouns that name a genre of a catalogue, its own name first."""
    name = canonical(genre)
    if name in STRONG:
        return (genre, name, *STRONG[name][0])
    return (genre, *_WEAK_FORMS.get(genre, ()), genre.removesuffix("s") if genre.endswith("s") else f"{genre}s")


def adjectives_of(genre: str) -> tuple[str, ...]:
    """The folded adjectives that name a genre of a catalogue."""
    return STRONG.get(canonical(genre), ((), ()))[1]


def needs_noun(adjective: str) -> bool:
    """Whether an adjective of a genre describes more than items: ``a romantic evening``."""
    return adjective in ("romantic", "dramatic")


def is_strong(genre: str) -> bool:
    """Whether the name of a genre hardly ever means a subject: ``thriller``, but not ``war`` or ``school``."""
    return canonical(genre) in STRONG or (" " in genre and genre != "super power")
