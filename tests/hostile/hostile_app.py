"""The app over a session in which every text is hostile, and the keys that lead through all its screens.

Run as a program, it opens the app: ``python -m tests.hostile.hostile_app SEED NUMBER``.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

from engine.data.results import Answer, HistoryEntry, ModelState, Result, TitleMatch, UserSummary
from engine.errors import DataError, UnknownError
from engine.session import Item, Job, Progress
from tests.hostile.pseudo_terminal import PseudoTerminal
from tests.hostile.texts import hostile_texts
from tests.tui.fake import FakeModels, FakeSearch, FakeSequences, FakeSession, FakeUsers

REPOSITORY = Path(__file__).parent.parent.parent


class HostileSession(FakeSession):
    """A session whose titles, ids, users, models, notes, reasons and errors are these texts.

    Parameters
    ----------
    texts
        The texts, at least ten.
    """

    def __init__(self, texts: Sequence[str]) -> None:
        items = [
            Item(
                number,
                text,
                text,
                1990 + number % 30,
                (text, texts[number % len(texts)]),
                text,
                {"overview": f"{text}\n\n{text}", "director": text, text: [text, text]},
            )
            for number, text in enumerate(texts, 1)
        ]
        super().__init__(items, title=texts[0], recent=list(texts[1:9]), trained=("explicit", "sequence", texts[1]))
        self.texts = texts
        self.device = texts[2]
        self.further_models = [
            ModelState(texts[1], "user", texts[3]),
            ModelState(texts[4], "user", texts[5]),
            ModelState(texts[6], "sequence", texts[7]),
        ]
        self.search = HostileSearch(self)
        self.users = HostileUsers(self)
        self.sequences = HostileSequences(self)
        self.models = HostileModels(self)

    def text(self, number: int) -> str:
        return self.texts[number % len(self.texts)]


class HostileSearch(FakeSearch):
    """Every note, reason and phrase is hostile."""

    _fake: HostileSession

    def search(self, *arguments: object, **options: object) -> Answer:
        if "fail" in str(getattr(arguments[0], "text", "")):
            raise DataError(f"Unreadable: the file {self._fake.text(5)}, row 7: {self._fake.text(6)}.")
        answer = super().search(*arguments, **options)  # type: ignore[arg-type]
        results = tuple(
            Result(one.rank, one.item, one.score, reason=self._fake.text(one.rank)) for one in answer.results
        )
        return Answer(results, self._fake.text(9), self._fake.text(8))

    def explain_match(
        self, query: str, item: object, mode: str = "hybrid", **options: object
    ) -> list[tuple[str, float]]:
        return [(text, 0.5) for text in self._fake.texts[:4]]


class HostileUsers(FakeUsers):
    """The users are called by these texts."""

    _fake: HostileSession

    def find(self, text: str, limit: int = 50) -> list[UserSummary]:
        return [UserSummary(one, 20, 3.5) for one in self._fake.texts if text in one][:limit]

    def history(self, user: object) -> list[HistoryEntry]:
        return [HistoryEntry(item, 3.0 + place % 2, place) for place, item in enumerate(self._fake.items[:20])]

    def recommend(self, user: object, *arguments: object, **options: object) -> Answer:
        results = tuple(
            Result(rank, item, 4.5, predicted_rating=4.5, std=0.5, reason=self._fake.text(rank))
            for rank, item in enumerate(self._fake.items[:50], 1)
        )
        return Answer(results, self._fake.text(1), self._fake.text(2))


class HostileSequences(FakeSequences):
    """Titles that are not found are repeated in the error, with hostile suggestions."""

    _fake: HostileSession

    def resolve_title(self, text: str) -> TitleMatch:
        if found := self.complete_title(text):
            return found[0]
        raise UnknownError(f"There is no title like {text} or {self._fake.text(3)}.", self._fake.texts[:3])

    def next_items(self, items: Sequence[int], *arguments: object, **options: object) -> Answer:
        results = tuple(
            Result(rank, item, 0.5, probability=0.5, reason=self._fake.text(rank))
            for rank, item in enumerate(self._fake.items[:50], 1)
        )
        return Answer(results, self._fake.text(4), self._fake.text(5))


class HostileModels(FakeModels):
    """Training reports hostile stages, and fails with a hostile sentence."""

    _fake: HostileSession

    def train(
        self, model: str, options: object = None, job: Job | None = None, seed: int = 42, **how: object
    ) -> object:  # type: ignore[override]
        for done in range(1, 6):
            text = self._fake.text(done)
            (job or Job()).report(Progress(text, done, 5, text, {text: 1.0, "loss": 1.0 / done}))
        raise DataError(f"Untrainable: {model} by {self._fake.text(7)}.")


#: Keys, and what must be written after they were pressed; with an empty text nothing is waited for. Keys with a text
#: are pressed again where it does not come, so they are such as can be pressed twice.
Step = tuple[tuple[str, ...], str]

DOWN, UP, RIGHT, ENTER, TAB = "\x1b[B", "\x1b[A", "\x1b[C", "\r", "\t"
#: Escape as the kitty protocol writes it: a busy app would take a bare one and the next key for one key.
ESCAPE = "\x1b[27u"
F1, F2, F3, F4 = "\x1bOP", "\x1bOQ", "\x1bOR", "\x1bOS"
PALETTE, TURN, QUIT = "\x10", "\x14", "\x11"
#: Into the line, to its end, and delete what is before.
CLEAR = ("/", "\x05", "\x15")


def steps(texts: Sequence[str]) -> Iterator[Step]:
    """The way through all screens, with these texts pasted wherever one types."""
    yield from _search(texts)
    yield from _palette(texts)
    yield from _users(texts)
    yield from _sequence(texts)


def _search(texts: Sequence[str]) -> Iterator[Step]:
    """Earlier searches, the popular items with their details, completions of filters, and queries."""
    yield (UP,), "Results"
    yield (UP, DOWN), ""
    yield CLEAR, "ords, a title"  # the cursor stands on the first letter
    yield (DOWN, "y", "Y", "a"), ""
    yield ("d",), "Esc closes"
    yield (DOWN, ESCAPE, "m", ESCAPE, ESCAPE), ""
    for line in ("genre:f", "-genre:h"):
        yield (*CLEAR, line), "choose"
        yield (DOWN, ENTER, ENTER, ESCAPE, ESCAPE), ""
    for line in ("text:", "nofield:x", "genre:zzzz", f"genre:{pasted(texts[0])}", *map(pasted, texts)):
        yield (*CLEAR, line, RIGHT, ENTER, ESCAPE), ""
    yield (*CLEAR, "fail"), "Unreadable"
    yield (TURN, ESCAPE, *CLEAR), ""


def _palette(texts: Sequence[str]) -> Iterator[Step]:
    """All commands, those that are found, a training that fails, and the help behind its notice."""
    for text in texts[:3]:
        yield (PALETTE,), "Search for commands"
        yield (DOWN, pasted(text), ESCAPE), ""
    yield (PALETTE,), "Search for commands"
    yield ("\x15", "train explicit"), "Predicts the rating"
    yield (DOWN, ENTER), "Untrainable"
    yield (F1,), "Here and now"
    yield (DOWN, ESCAPE), ""


def _users(texts: Sequence[str]) -> Iterator[Step]:
    """Users, their history, recommendations and the reasons for them."""
    yield (F3,), "Recommended for"
    yield (DOWN, ENTER, DOWN, "y"), ""
    yield ("d",), "Esc closes"  # the reasons may lie below a text that fills the window
    yield (ESCAPE, TURN, "m", F3), ""
    for text in texts[:3]:
        yield (*CLEAR, pasted(text), DOWN, ENTER, ESCAPE, ESCAPE), ""


def _sequence(texts: Sequence[str]) -> Iterator[Step]:
    """A sequence, what comes next, completions of titles, and titles that are not found."""
    yield (F4,), "What comes next"
    yield (*CLEAR, "heist", ENTER, "crime", ENTER, TAB, "d", ESCAPE, "K", "u", "X"), ""
    for text in texts[:3]:
        yield (*CLEAR, pasted(text), ENTER, ESCAPE), ""
    yield (*CLEAR, "no such title", ENTER), "There is no title"
    yield (ESCAPE, ESCAPE, F2), ""


def pasted(text: str) -> str:
    """A text as a terminal sends it when it is pasted; terminals themselves leave escapes out, mostly."""
    return f"\x1b[200~{text}\x1b[201~"


def walk(seed: int, number: int, *, queries: int = 3, columns: int = 120, rows: int = 36) -> bytes:
    """Run the app on so many texts in a pseudo-terminal, go through its screens, quit, and return what it wrote.

    Raises
    ------
    TimeoutError
        If a screen is not reached, or the app does not quit.
    """
    command = [sys.executable, "-m", "tests.hostile.hostile_app", str(seed), str(number)]
    env = {**os.environ, "PYTHONPATH": str(REPOSITORY), "TEXTUAL_ANIMATIONS": "none"}
    with PseudoTerminal(command, env, columns, rows) as terminal:
        terminal.wait_for("Most popular")
        for keys, seen in steps(list(hostile_texts(number, seed))[-queries:]):
            terminal.press(*keys, seen=seen)
        terminal.press(QUIT)
        status = terminal.finish()
        if status:
            raise RuntimeError(f"the app ended with status {status}; the last was {terminal.stream[-300:]!r}")
        return terminal.stream


def main(seed: int, number: int) -> None:
    """Open the app."""
    from tui.app import RecsysApp
    from tui.launch import leave
    from tui.pace import Pace

    session = HostileSession(list(hostile_texts(number, seed)))
    app = RecsysApp(lambda _: session, session.title, pace=Pace(settle=0, glance=0, patience=0, frame=0), blink=False)
    app.run()
    leave(app)


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]))
