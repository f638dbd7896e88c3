"""Normalisation of text and titles for comparison."""

from __future__ import annotations

import html
import re
import unicodedata

#: Latin letters that Unicode does not decompose into a letter and an accent.
_LETTERS = str.maketrans({"ø": "o", "ł": "l", "đ": "d", "ð": "d", "þ": "th", "æ": "ae", "œ": "oe", "ı": "i"})
_ACCENTS = re.compile("[\u0300-\u036f]")
_APOSTROPHES = re.compile("['\u2018\u2019\u02bc]")
_ASCII_WORD = re.compile("[a-z0-9]+")
# Chinese and Japanese write no spaces, so each of their characters counts as a word.
_IDEOGRAPH = "\u3005-\u3007\u3040-\u30ff\u31f0-\u31ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff"
_WORD = re.compile(f"[{_IDEOGRAPH}]|[^\\W_{_IDEOGRAPH}]+")
#: Initials: letters with a mark after each but perhaps the last, as in "E.T.", "M*A*S*H" and "J. R. R. Tolkien".
_INITIALS = re.compile(r"(?<!\w)[^\W\d_](?:(?:\.[^\W\d_](?!\w)|\. [^\W\d_](?=\.))+|(?:[*·•][^\W\d_](?!\w))+)")
#: A quick test whether a text may have initials.
_MAY_HAVE_INITIALS = re.compile(r"[.*·•] ?\w(?:[.*·•]|(?<=[.*·•]\w)(?!\w))")
_NOT_LETTERS = re.compile(r"[\W_]+")
_ARTICLES = re.compile("a|an|the|les?|la|l|une?|de[rs]|die|das|eine?|el|l[ao]s|il|lo|gli|[io]|[oa]s")
_TRAILING_YEAR = re.compile(r"\s*[(\[](\d{4})[)\]]\s*$")
_TRAILING_ARTICLE = re.compile(r"^(?P<rest>.+),\s*(?P<article>\w+)'?$", re.DOTALL)


def fold(text: str) -> str:
    """Convert text to lower case without accents; ideographs, kana and Hangul are kept.

    Examples
    --------
    >>> fold("Amélie ÆON Straße")
    'amelie aeon strasse'
    """
    if text.isascii():
        return text.lower()
    apart = unicodedata.normalize("NFKD", text.casefold())
    return unicodedata.normalize("NFC", _ACCENTS.sub("", apart)).translate(_LETTERS)


def words(text: str) -> list[str]:
    """The folded words of a text, in order.

    An apostrophe does not separate words ("don't" becomes ``dont``), nor do the points between initials ("E.T." becomes
    ``et``). An ampersand becomes "and", and HTML entities are decoded.

    Examples
    --------
    >>> words("Tasukete! Mave-chan &amp; Schindler's 君の名")
    ['tasukete', 'mave', 'chan', 'and', 'schindlers', '君', 'の', '名']
    >>> words("M*A*S*H, E.T. the Extra-Terrestrial, J. R. R. Tolkien")
    ['mash', 'et', 'the', 'extra', 'terrestrial', 'jrr', 'tolkien']
    """
    if "&" in text:
        text = html.unescape(text).replace("&", " and ")
    if _MAY_HAVE_INITIALS.search(text):
        text = _INITIALS.sub(lambda found: _NOT_LETTERS.sub("", found[0]) + " ", text)
    folded = fold(text)
    if folded.isascii():
        return _ASCII_WORD.findall(folded.replace("'", ""))
    return _WORD.findall(_APOSTROPHES.sub("", folded))


def split_year(title: str) -> tuple[str, int | None]:
    """Split a title into its text and the year in brackets at its end; the year is None if there is none.

    Examples
    --------
    >>> split_year("Twilight (2008)")
    ('Twilight', 2008)
    """
    found = _TRAILING_YEAR.search(title)
    if found is None or found.start() == 0:
        return title, None
    return title[: found.start()], int(found.group(1))


def title_key(title: str) -> str:
    """A key that is the same for different spellings of a title.

    The key consists of the folded words. An article at the end is moved to the front, and "the", "a" and "an" at the
    front are dropped. A title without any words is its own key.

    Examples
    --------
    >>> title_key("Matrix, The") == title_key("THE MATRIX") == "matrix"
    True
    """
    trailing = _TRAILING_ARTICLE.match(title)
    if trailing and _ARTICLES.fullmatch(fold(trailing["article"])):
        title = f"{trailing['article']} {trailing['rest']}"
    found = words(title)
    # Only English articles are dropped: "Die" in "Die Hard" and "La" in "La La Land" are not articles.
    if len(found) > 1 and found[0] in ("the", "a", "an"):
        found = found[1:]
    return " ".join(found) or fold(title).strip()
