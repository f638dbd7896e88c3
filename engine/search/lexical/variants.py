"""Other spellings of a word: numerals, plurals, British and American English, and digits that stand for letters."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from functools import cache
from itertools import product

_NUMERALS = (
    ("1", "i", "one", "1st", "first"),
    ("2", "ii", "two", "2nd", "second"),
    ("3", "iii", "three", "3rd", "third"),
    ("4", "iv", "four", "4th", "fourth"),
    ("5", "v", "five", "5th", "fifth"),
    ("6", "vi", "six", "6th", "sixth"),
    ("7", "vii", "seven", "7th", "seventh"),
    ("8", "viii", "eight", "8th", "eighth"),
    ("9", "ix", "nine", "9th", "ninth"),
    ("10", "x", "ten", "10th", "tenth"),
    ("11", "xi", "eleven"),
    ("12", "xii", "twelve"),
    ("13", "xiii", "thirteen"),
)
#: All spellings of the numeral that a word is.
NUMERALS: Mapping[str, tuple[str, ...]] = {spelling: spellings for spellings in _NUMERALS for spelling in spellings}
_NUMBERS = {spelling: spellings[0] for spellings in _NUMERALS for spelling in spellings[:3]}
_ROMAN_NUMBERS = {roman: number for number, roman, *_ in _NUMERALS}

#: The letters that digits and signs stand for in names such as "Se7en" and "M3GAN".
_LOOK_ALIKES = {"0": "o", "1": "il", "3": "e", "4": "a", "5": "s", "7": "tv", "8": "b"}
#: Digits among letters, beside at least two letters in all.
_DIGITS_IN_WORD = re.compile(r"(?=(?:\d*[a-z]){2})[a-z\d]*[a-z]\d[a-z\d]*")
_MOST_DIGITS = 3

#: British words in "-our" that Americans write in "-or", with all that is derived from them.
_OUR = re.compile(
    r"^(arb|ard|arm|behavi|cand|clam|col|demean|disfav|dishon|discol|endeav|fav|ferv|flav|glam|harb|hon|hum|lab|"
    r"misdemean|neighb|od|parl|ranc|rig|rum|savi|sav|splend|succ|tum|val|vap|vig)(our|or)(?=$|s|e|i|l|a|f|h|y|m)"
)
_RE = re.compile(r"^(amphitheat|calib|cent|epicent|fib|goit|kilomet|lit|lust|meag|met|ochr|och|reconnoit|sab|saltpet|"
                 r"sepulch|somb|spect|theat)(re|er)(?=$|s)")  # fmt: skip
_ENDINGS = (
    ("isation", "ization"), ("isations", "izations"), ("ise", "ize"), ("ised", "ized"), ("ises", "izes"),
    ("iser", "izer"), ("isers", "izers"), ("ising", "izing"), ("yse", "yze"), ("ysed", "yzed"), ("yses", "yzes"),
    ("ysing", "yzing"), ("ogue", "og"), ("ogues", "ogs"), ("elling", "eling"), ("elled", "eled"), ("eller", "eler"),
    ("ellers", "elers"), ("ellous", "elous"), ("ellor", "elor"),
)  # fmt: skip
_SHORTEST_STEM = 3
_PAIRS = """
    grey gray; greys grays; cheque check; tyre tire; storey story; pyjamas pajamas; pyjama pajama; mum mom; mums moms;
    aeroplane airplane; aeroplanes airplanes; aluminium aluminum; jewellery jewelry; moustache mustache;
    programme program; programmes programs; sceptic skeptic; sceptical skeptical; plough plow; mould mold;
    smoulder smolder; smouldering smoldering; judgement judgment; ageing aging; doughnut donut; doughnuts donuts;
    manoeuvre maneuver; manoeuvres maneuvers; archaeology archeology; archaeologist archeologist;
    archaeologists archeologists; mediaeval medieval; foetus fetus; defence defense; offence offense; licence license;
    pretence pretense; fulfil fulfill; skilful skillful; wilful willful; enrol enroll; instalment installment;
    artefact artifact; artefacts artifacts; cosy cozy; kerb curb; draught draft; draughts drafts; analogue analog;
    paedophile pedophile; encyclopaedia encyclopedia; anaesthetic anesthetic; orthopaedic orthopedic; haemophilia
    hemophilia; leukaemia leukemia; diarrhoea diarrhea; whisky whiskey; axe ax; gaol jail; omelette omelet; yoghurt
    yogurt; chilli chili; tonne ton; woollen woolen; furore furor; vice vise; disc disk; discs disks; snowplough
    snowplow; counterfeit counterfeit; sulphur sulfur; carcase carcass; despatch dispatch; enquiry inquiry;
    catalogue catalog; dialogue dialog; travelling traveling; okay ok
"""
_OTHER_SIDE: dict[str, str] = {}
for _pair in _PAIRS.split(";"):
    _british, _american = _pair.split()
    _OTHER_SIDE |= {_british: _american, _american: _british}


def with_numbers(key: str) -> str:
    """Replace Roman numerals in a folded title by numbers, except in its first word: "part ii" becomes "part 2"."""
    first, *rest = key.split(" ")
    return " ".join([first, *(_ROMAN_NUMBERS.get(word, word) for word in rest)])


def number_of(word: str) -> str | None:
    """The digits of a numeral: "2" for "2", "ii" and "two"; None for any other word, and for ordinals."""
    return word if word.isdigit() else _NUMBERS.get(word)


def forms(word: str) -> list[str]:
    """The plural of a singular English noun or the singular of a plural one; candidates that may not exist."""
    if len(word) < 4 or not word.isascii() or word.isdigit():
        return []
    if word.endswith("ies"):
        return [word[:-3] + "y", word[:-1]]
    if word.endswith("s"):
        return [] if word.endswith("ss") else [word[:-1], word[:-2]] if word.endswith("es") else [word[:-1]]
    if word.endswith("y"):
        return [word[:-1] + "ies", word + "s"]
    return [word + "es"] if word.endswith(("x", "ch", "sh")) else [word + "s"]


@cache
def _regional_endings() -> tuple[tuple[str, str], ...]:
    both = [*_ENDINGS, *((american, british) for british, american in _ENDINGS)]
    return tuple(sorted(both, key=lambda pair: -len(pair[0])))


def regional(word: str) -> list[str]:
    """The American spelling of a British word, or the other way round; candidates that may not exist.

    Examples
    --------
    >>> regional("colourful"), regional("theater"), regional("organised"), regional("heat")
    (['colorful'], ['theatre'], ['organized'], [])
    """
    if word in _OTHER_SIDE:
        return [_OTHER_SIDE[word]]
    for pattern, (british, american) in ((_OUR, ("our", "or")), (_RE, ("re", "er"))):
        if found := pattern.match(word):
            other = american if found[2] == british else british
            return [found[1] + other + word[found.end() :]]
    for ending, other in _regional_endings():
        if word.endswith(ending) and len(word) - len(ending) >= _SHORTEST_STEM:
            return [word[: -len(ending)] + other]
    return []


def look_alikes(word: str) -> Iterator[str]:
    """What a word spells if its digits are read as letters: "seten" and "seven" for "se7en"; nothing without digits.

    Digits alone, and a letter with a number such as "r2", stand for themselves.
    """
    if not _DIGITS_IN_WORD.fullmatch(word) or sum(map(str.isdigit, word)) > _MOST_DIGITS:
        return
    if all(one in _LOOK_ALIKES or not one.isdigit() for one in word):
        yield from map("".join, product(*(_LOOK_ALIKES.get(one, one) for one in word)))
