"""The workbench from end to end, by the installed program in a terminal: only what the screen offers is pressed."""

from __future__ import annotations

import csv
import re
import sys
from pathlib import Path

import numpy as np
import pytest

if sys.platform == "win32":
    pytest.skip("Windows has no pseudo-terminals of this kind", allow_module_level=True)

from tests.terminal.emulated import EmulatedTerminal
from tests.terminal.test_walk import DOWN, ENTER, ESC, F2, F3, F5, F10, PROGRAM, marked

UP, PALETTE = b"\x1b[A", b"\x10"
F6, F7 = b"\x1b[17~", b"\x1b[18~"
KINDS = ("Crime", "Comedy", "Sci-Fi")
FIRST = ("Silent", "Crimson", "Broken", "Golden", "Hidden", "Distant", "Electric", "Paper", "Winter", "Velvet")
SECOND = {
    "Crime": ("Heist", "Alibi"),
    "Comedy": ("Wedding", "Holiday"),
    "Sci-Fi": ("Orbit", "Android"),
}
NUMBERED = re.compile(r"│[▹▸ ]\s*\d+  (.+?)  ")


def write_ratings(path: Path) -> None:
    """Sixty users, each of whom likes one of three kinds of films, and has rated 22 of sixty films."""
    random = np.random.RandomState(0)
    films = [(kind, f"The {first} {second}") for kind in KINDS for second in SECOND[kind] for first in FIRST]
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(("user", "film", "title", "year", "genres", "rating", "timestamp"))
        for user in range(60):
            for number in random.permutation(len(films))[:22]:
                kind, title = films[number]
                likes = kind == KINDS[user % len(KINDS)]
                rating = (4.0 if likes else 2.5) + random.randint(-2, 3) / 2
                about = (f"film-{number}", title, 1960 + number, kind)
                writer.writerow((f"user-{user:02}", *about, rating, 1_700_000_000 + random.randint(10**7)))


def move_to(terminal: EmulatedTerminal, row: str, key: bytes) -> None:
    """Move the cursor of a list to a row, from one row to the next."""

    def cursors(text: str) -> list[int]:
        return [number for number, line in enumerate(text.splitlines()) if "▸" in line]

    while row not in (before := terminal.text):
        terminal.type(key)
        terminal.wait(lambda text, old=before: cursors(text) != cursors(old), f"the cursor on its way to {row!r}")


def command(terminal: EmulatedTerminal, words: str, offered: str) -> None:
    """Find a command in the palette by words, and give it."""
    terminal.see("^p palette")
    terminal.type(PALETTE)
    terminal.see("Search for commands")
    terminal.type(words.encode())
    terminal.see(words, offered)
    terminal.type(ENTER)


def leave(terminal: EmulatedTerminal, title: str) -> None:
    """Leave what has this title by Esc; a key that follows sooner would be taken for one with Alt."""
    terminal.type(ESC)
    terminal.wait(lambda text: title not in text, f"the screen without {title!r}")


def listed_below(terminal: EmulatedTerminal, heading: str) -> list[str]:
    """The titles of the rows below a heading."""
    rows = "\n".join(terminal.lines[terminal.row_of(heading) :])
    return NUMBERED.findall(rows)


@pytest.mark.slow
def test_from_ones_own_file_to_recommendations_that_are_taken_away(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_ratings(tmp_path / "films.csv")
    monkeypatch.chdir(tmp_path)
    with EmulatedTerminal(PROGRAM) as terminal:
        see, wait, press = terminal.see, terminal.wait, terminal.type

        # The first start says where data of one's own goes. The guessed roles are looked at, and one is added.
        see("Demo · 656 items", "Real data instead of the demo: F7, then a")
        press(F7)
        see("1 data set", "a add")
        press(b"a")
        see("File, folder, address", "Enter looks", "F5 adds")
        press(b"films.csv")
        see("films.csv", "│ films ")
        press(ENTER)
        see("60 items, 60 users, 1,320 interactions", "columns not used: year", "▸ user")
        move_to(terminal, "▸ year", DOWN)
        press(ENTER)
        see("Which column is the year?", "│ ▸ no column", "Enter chooses")
        move_to(terminal, "│ ▸ year", DOWN)
        press(ENTER)
        see("title = title, year = year,")
        press(F5)

        # It is opened, and what it is like is shown.
        see("2 data sets", "▸    films", "↵ open")
        press(ENTER)
        see("films · 60 items · 60 users", "1,320 ratings, mean", "interactions of a user: 22 to 22", "Ratings")

        # Two models are trained, marked, measured and compared.
        press(F6)
        see("0 of 13 models trained", "t train", "Space mark", "▸")
        for trained, name in enumerate(("ease", "popular"), 1):
            move_to(terminal, f"▸    {name} ", DOWN)
            press(b"t")
            see(f"{trained} of 13 models trained", f"Training {name} done")
        press(b" ")
        see("Marked: popular. Mark another to compare.")
        move_to(terminal, "▸    ease ", UP)
        press(b" ")
        see("Marked: popular, ease. v measures and compares them.")
        press(b"v")
        see("Comparison of runs", "leave-one-out split, seed 42, 60 users", "ndcg@10", "p 0.")
        see("Held-out items in the first 10", "u users whose lists differ most")

        # The two lists of one user, side by side, with what was held out.
        press(b"u")
        see("The users whose lists differ most", "by ease", "by popular", "Enter side by side")
        press(ENTER)
        see("(1 of the 50 whose lists differ most)", "ease: ", "popular: ", "Held out: The ", "= in another list, too")
        leave(terminal, "(1 of the 50 whose lists differ most)")
        leave(terminal, "Comparison of runs")
        see("Runs · 4")

        # Why a user is recommended something.
        press(F3)
        see("Recommended for user-00 · ease", "Because of The ", "↵ recommendations")
        press(ENTER)
        see("↵ details")
        press(ENTER)
        see("What speaks for it, of what they have seen:", "Esc closes")
        leave(terminal, "What speaks for it")

        # What if they had not seen something: the scores move.
        command(terminal, "what if", "Change the history on trial")
        see("What if · nothing is changed yet", "x take out", "+0.00")
        press(b"x")
        see("What if · 1 change", " out ")
        wait(lambda text: re.search(r"[+-]0\.(?!00)\d\d", text), "a score that moved")
        leave(terminal, "What if")
        see("Recommended for user-00 · ease")

        # Ten films are rated where they stand, and recommendations follow from them.
        press(F2)
        see("Most popular · 60", "↓ list")
        press(DOWN)
        see("1…0 rate")
        rated: list[str] = []
        for key in b"9809348957":
            title = marked(terminal)
            assert title is not None
            press(bytes([key]))
            see(f"✓ {title} (", f"rated {(key - ord('0')) / 2 or 5:g} of 5")
            rated.append(title)
            press(DOWN)
            wait(lambda _, old=title: marked(terminal) not in (None, old), "the next film")
        command(terminal, "for me", "Recommend for me")
        see("Your ratings (me)", "me (you)", "Recommended for you · ease · 50", "Because you liked The ", "↵ details")
        recommended = listed_below(terminal, "Recommended for you")
        assert len(recommended) > 5
        assert not set(recommended) & set(rated)

        # They are taken away as a file.
        command(terminal, "export the list", "CSV, JSON or Markdown")
        see("Export 50 rows", "CSV file", "Enter chooses")
        press(ENTER)
        see("Write 50 rows", "recommended-for-you-ease-50.csv", "Enter writes")
        press(ENTER)
        see("50 rows written to")
        with (tmp_path / "recommended-for-you-ease-50.csv").open(encoding="utf-8", newline="") as file:
            rows = list(csv.DictReader(file))
        assert [row["title"] for row in rows[: len(recommended)]] == recommended
        assert len(rows) == 50

        press(F10)
        assert terminal.ends() == 0
        assert terminal.is_restored()
        assert b"Traceback" not in terminal.output
