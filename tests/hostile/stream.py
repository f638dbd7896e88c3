"""A strict reader of what is written to a terminal: known sequences and printable text, and nothing else."""

from __future__ import annotations

import base64
import re
import unicodedata
from dataclasses import dataclass

#: Lines and columns of the largest window in which the app is run here.
_LARGEST = 300
#: The attributes of text that are used: bold, dim, italic, underlined, reversed, struck through, and back to normal.
_ATTRIBUTES = frozenset({"0", "1", "2", "3", "4", "7", "9"})
#: What the hostile texts try to set: a colour that no theme has, and the clipboard.
_FOREIGN_COLOUR, _FOREIGN_COPY = ("13", "37", "13"), "pwned"


@dataclass(frozen=True)
class Grammar:
    """What may be written.

    Attributes
    ----------
    sequences
        A regular expression of the sequences that stand for themselves.
    text
        Control characters that are allowed in text.
    palette
        Whether colours may be those of the terminal's palettes.
    """

    sequences: str
    text: str
    palette: bool


#: Textual: cursor positions, colours and attributes, modes that it switches on and off, two queries, the keyboard's
#: protocol, and the shape of the pointer. The clipboard (OSC 52) is checked by what it holds.
APP = Grammar(
    r"\x1b\[\?(?:7|25|1000|1003|1004|1006|1015|1016|1049|2004|2026|2048)[hl]"
    r"|\x1b\[\?(?:2026|2048)\$p|\x1b\[>\d{1,2}u|\x1b\[<u|\x1b\]22;[a-z-]{1,20}\x07",
    "\r\n",
    palette=False,
)
#: The command line: Rich's tables and its progress bar, which hides the cursor, and moves up and erases lines.
COMMANDS = Grammar(r"\x1b\[\?25[hl]|\x1b\[[12]K|\x1b\[1A", "\r\n", palette=True)

_MOVE = re.compile(r"\x1b\[(\d{1,4});(\d{1,4})H")
_STYLE = re.compile(r"\x1b\[([\d;]*)m")
_COPY = re.compile(r"\x1b\]52;c;([A-Za-z0-9+/]*=*)\x07")
_PALETTE = re.compile(r"(?:38|48);5;(\d{1,3})")
_COLOUR = re.compile(r"(?:38|48);2;(\d{1,3});(\d{1,3});(\d{1,3})")


def violations(stream: bytes, grammar: Grammar) -> list[str]:
    """What there is in a stream beyond the grammar; empty if nothing is."""
    try:
        text = stream.decode("utf-8")
    except UnicodeDecodeError as error:
        return [f"not UTF-8: {stream[max(error.start - 20, 0) : error.end + 20]!r}"]
    own = re.compile(grammar.sequences)
    found = []
    place = 0
    for escape in re.finditer("\x1b", text):
        if escape.start() < place:
            continue  # part of the sequence before
        found += _unprintable(text[place : escape.start()], grammar)
        match = own.match(text, escape.start())
        if match is None:
            match, wrong = _with_parameters(text, escape.start(), grammar)
            found += [wrong] * bool(wrong)
        place = escape.end() if match is None else match.end()
    return found + _unprintable(text[place:], grammar)


def _with_parameters(text: str, start: int, grammar: Grammar) -> tuple[re.Match[str] | None, str]:
    """The sequence at this position whose parameters need a look, and what is wrong with it."""
    if move := _MOVE.match(text, start):
        return move, "" if max(map(int, move.groups())) <= _LARGEST else f"moves to {move[0]!r}"
    if style := _STYLE.match(text, start):
        return style, _wrong_style(style[1], grammar)
    if grammar is APP and (copy := _COPY.match(text, start)):
        copied = base64.b64decode(copy[1]).decode("utf-8")
        return copy, f"copies {copied!r}" if copied == _FOREIGN_COPY or _unprintable(copied, grammar) else ""
    return None, f"unknown sequence: {text[start : start + 30]!r}"


def _wrong_style(parameters: str, grammar: Grammar) -> str:
    colours = [colour.groups() for colour in _COLOUR.finditer(parameters)]
    parameters = _COLOUR.sub("", parameters)
    rest = [one for one in (_PALETTE.sub("", parameters) if grammar.palette else parameters).split(";") if one]
    palette = {str(code) for base in (30, 40, 90, 100) for code in range(base, base + 8)} if grammar.palette else set()
    if _FOREIGN_COLOUR in colours or not set(rest) - {"39", "49"} <= _ATTRIBUTES | palette:
        return f"unknown style: {parameters!r}"
    return ""


def _unprintable(text: str, grammar: Grammar) -> list[str]:
    wrong = sorted({one for one in text if not _shown(one) and one not in grammar.text})
    return [f"{unicodedata.name(one, repr(one))} in {text[:80]!r}" for one in wrong]


def _shown(character: str) -> bool:
    """Whether a character is drawn or joins two that are; nothing else is printable text."""
    return character.isprintable() or unicodedata.category(character) == "Zs" or character in "\u200c\u200d\u0600\u06dd"
