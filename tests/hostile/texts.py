"""A generator of hostile text: titles, values, ids, names of files and queries as no catalogue should have them."""

from __future__ import annotations

import random
from collections.abc import Iterator

#: Sequences that terminals obey. None of them is among those that the app or a command writes for itself.
SEQUENCES = (
    "\x1b]52;c;cHduZWQ=\x1b\\",  # sets the clipboard
    "\x1b]52;c;cHduZWQ=\x07",
    "\x1b]0;pwned\x07",  # sets the title of the window
    "\x1b]2;pwned\x1b\\",
    "\x1b]8;;http://pwned.example\x1b\\pwned\x1b]8;;\x1b\\",  # a hyperlink
    "\x1b]1337;File=inline=1:cHduZWQ=\x07",
    "\x1b[2J",  # clears the screen
    "\x1b[999;999H",  # moves the cursor out of any window
    "\x1b[7A",
    "\x1b[5;31mpwned\x1b[0m",  # blinks, in a colour of the old palette
    "\x1b[38;2;13;37;13m",  # a colour that no theme has
    "\x1b[8m",  # hides what follows
    "\x1b[6n",  # makes the terminal type
    "\x1b[21t",
    "\x1b[c",
    "\x1b[?1047l",
    "\x1b[?1005h",
    "\x1b[!p",
    "\x1b[20h",
    "\x1b[4i",  # prints
    "\x1bc",  # resets
    "\x1bP+q544e\x1b\\",
    "\x1b_pwned\x1b\\",
    "\x1b^pwned\x1b\\",
    "\x1b#8",
    "\x1b(0",
    "\x1bZ",
    "\x1b",
    "\x9b31m",
    "\x9d52;c;cHduZWQ=\x9c",
    "\x90pwned\x9c",
    "\x85",
    "\x9f",
)
CONTROLS = ("\a", "\b", "\t", "\n", "\v", "\f", "\r", "\r\n", "\x01", "\x0e", "\x0f", "\x11", "\x13", "\x1a", "\x7f")
DECEPTIONS = (
    "\u202e",
    "\u202d",
    "\u202a",
    "\u2066",
    "\u2067",
    "\u2068",
    "\u2069",
    "\u200e",
    "\u200f",
    "\u061c",
    "\u2028",
    "\u2029",
    "\U000e0041\U000e0042\U000e007f",
    "\u00ad",
    "\u200b",
    "\u2060",
    "\u2064",
    "\ufeff",
    "\ufff9",
    "\u206a",
    "\U0001d173",
    "\ufffe",
    "\uffff",
    "\ue000",
    "\U0010ffff",
    "\u0378",
)
MARKUP = (
    "[bold]",
    "[/bold]",
    "[/]",
    "[/nothing]",
    "[blink red]",
    "[link=http://pwned.example]",
    "[@click=app.quit]quit[/]",
    "[@click=app.exit()]",
    "[$primary on $error]",
    "[not a style]",
    "[",
    "]",
    "[[",
    "\\[",
    "\\",
    "[0m",
    ":smile:",
    "{0}",
    "{task.description}",
    "%s%n",
)
SHELL = ("$(reboot)", "`reboot`", "; reboot", "' || reboot", '"', "'", "&", "|", "*", "~", "-rf", "--help", "#1")
FORMULAS = ("=1+1", "+1+1", "-1+1", "@SUM(A1)", '=HYPERLINK("http://pwned.example")', "\t=1", "\r=1")
WIDE = (
    "千と千尋の神隠し",
    "\u3000",
    "👨‍👩‍👧‍👦",
    "🏴󠁧󠁢󠁥󠁮󠁧󠁿",
    "👍🏽",
    "☺️",
    "مرحبا",
    "שלום",
    "\u0301",
    "Z̸̢̛̀́̂̃̄̅a̸̧̛l̸g̸o",
    "a" + "\u0300" * 40,
    "ก" + "\u0e47" * 40,
    "e\u0301",
    "\xa0",
    "ﷺ",
    "नमस्ते",
    "\u3164",
    "\u115f",
)
WORDS = ("film", "heist", "Heat", "The", "crime", "1995", "comedy", "x")
_KINDS = (SEQUENCES, SEQUENCES, CONTROLS, DECEPTIONS, MARKUP, MARKUP, SHELL, FORMULAS, WIDE, WORDS, WORDS)


def hostile_texts(number: int, seed: int = 0) -> Iterator[str]:
    """So many different texts; the same for the same seed.

    Each begins and ends with a word, so that it can be typed and found; about one in a hundred is very long.
    """
    draw = random.Random(seed)
    for position in range(number):
        parts = [draw.choice(draw.choice(_KINDS)) for _ in range(draw.randint(1, 6))]
        if draw.random() < 0.01:
            parts *= draw.choice((20, 400))
        yield f"{draw.choice(WORDS)} {position}{draw.choice(('', ' '))}{''.join(parts)}{draw.choice(WORDS)}"


def file_name(text: str) -> str:
    """A text as the name of a file: without what no file system takes."""
    name = text.replace("/", "").replace("\0", "")
    while len(name.encode("utf-8", "surrogateescape")) > 200:
        name = name[:-1]
    return name
