"""Every tab in every state, as a picture: wide with room for details, and 80×24.

The pictures of panes are cropped to the pane, so that a change to the shell alters none of them. The shell has pictures
of its own.

`pytest tests/tui/test_snapshots.py --snapshot-update` accepts what is drawn now; look at it before.
"""

from __future__ import annotations

import asyncio
import io
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console
from rich.segment import Segment, Segments
from textual.widgets import ContentSwitcher

from engine.data.results import ModelState
from engine.errors import DataError
from engine.session import Progress
from tests.tui.conftest import NARROW, VERY_WIDE, WIDE, Watch, screen_text, settle, type_text, until
from tests.tui.fake import NASTY, FakeSession, make_items
from tui import containment

Steps = Callable[[Any, Any], Awaitable[None]]


def keys(*names: str, text: str = "", then: tuple[str, ...] = ()) -> Steps:
    """Press keys, type a text, press further keys, and let the app come to rest after each part."""

    async def run(app: Any, pilot: Any) -> None:
        for part in names:
            await pilot.press(part)
            await settle(pilot)
        for character in text:  # one by one: which of the queries in between are answered must not be chance
            await type_text(pilot, character)
            await settle(pilot)
        for part in then:
            await pilot.press(part)
            await settle(pilot)

    return run


def written(text: str, then: tuple[str, ...] = ()) -> Steps:
    """Type a text faster than anything can be asked, and press keys."""

    async def run(app: Any, pilot: Any) -> None:
        app.active_pane.line.insert_text_at_cursor(text)
        await settle(pilot)
        await keys(*then)(app, pilot)

    return run


def held(method: str, *names: str, shows: str, text: str = "") -> Steps:
    """Hold a method back, press keys, and wait until something shows."""

    async def run(app: Any, pilot: Any) -> None:
        for part in names[:-1]:
            await pilot.press(part)
            await settle(pilot)
        app.fake.hold(method)
        await pilot.press(*names[-1:])
        await type_text(pilot, text)
        await until(pilot, lambda: shows in screen_text(app))

    return run


def beside_a_job(text: str, shows: str) -> Steps:
    """Type a text while a job goes on, and wait until something shows."""

    async def run(app: Any, pilot: Any) -> None:
        await until(pilot, lambda: shows in screen_text(app))
        for character in text:
            await type_text(pilot, character)
            await settle(pilot, jobs=False)

    return run


def interrupted(embedded: int) -> FakeSession:
    """A catalogue of which an earlier run embedded so much, and this one goes on with it."""
    session = FakeSession(embedded=embedded)
    session.hold("embed")
    return session


def broken(method: str, sentence: str) -> FakeSession:
    session = FakeSession(trained=() if method == "train" else ("explicit", "sequence"))
    session.fail(method, DataError(sentence))
    return session


def untrained() -> FakeSession:
    return FakeSession(embedded=0, trained=())


def nasty() -> FakeSession:
    return FakeSession(make_items(NASTY), title="[red]data[/] \x1b[2J")


RECENT = ("robbers genre:crime", "a boy and his robot", "[b]千と千尋の神隠し[/b] \x1b[31m", "rain", "x " * 200)


def with_bayesian(*trained: str) -> FakeSession:
    session = FakeSession(trained=trained)
    session.further_models = [ModelState("bayesian", "user", "Predicts ratings and how far off they may be.")]
    return session


DAMAGED = "model.safetensors of “sequence” is damaged (checksum): train it again."


#: Name of the picture -> the session, and what is done.
def with_runs() -> FakeSession:
    session = FakeSession()
    for kind, model in (
        ("train", "explicit"),
        ("evaluate", "explicit"),
        ("evaluate", "sequence"),
        ("train", "sequence"),
    ):
        session.runs.add(kind, model)
    session.runs.annotate(2, "with twice the dimensions")
    return session


def values_damaged() -> FakeSession:
    session = with_runs()
    session.fail("head_to_head", DataError("3.npz is damaged (it is not the file that was stored)."))
    return session


def with_three_measured() -> FakeSession:
    session = with_runs()
    session.runs.add("evaluate", "an external model with a long name")
    return session


def with_sequence_models() -> FakeSession:
    session = with_runs()
    session.runs.add("evaluate", "sequence")
    session.runs.add("evaluate", "markov")
    return session


def with_many_measured() -> FakeSession:
    session = with_runs()
    for model in ("als", "bayesian", "ease", "knn", "svd", "popular", "an external model with a long name", "markov"):
        session.runs.add("evaluate", model)
    return session


#: Marks the two runs below the cursor, and compares what is marked.
COMPARED = ("down", "space", "space", "v")


STATES: dict[str, tuple[Callable[[], FakeSession], Steps]] = {
    "models": (with_runs, keys("f6")),
    "models_runs_marked": (with_runs, keys("f6", "tab", then=("space", "space"))),
    "models_empty": (untrained, keys("f6")),
    "comparison": (with_runs, keys("f6", "tab", then=COMPARED)),
    "comparison_counting": (with_runs, held("head_to_head", "f6", "tab", *COMPARED, shows="are tied by ndcg@10")),
    "comparison_failed": (values_damaged, keys("f6", "tab", then=COMPARED)),
    "comparison_users": (with_three_measured, keys("f6", "tab", then=("space", *COMPARED, "u", "down"))),
    "comparison_side_by_side": (with_runs, keys("f6", "tab", then=(*COMPARED, "u", "down", "enter"))),
    "comparison_after_sequence": (
        with_sequence_models,
        keys("f4", text="heat", then=("enter", "f6", "tab", "space", "space", "v", "s")),
    ),
    "comparison_of_many": (with_many_measured, keys("f6", "tab", then=("space",) * 8 + ("v",))),
    "comparison_of_many_side_by_side": (with_many_measured, keys("f6", "tab", then=("space",) * 8 + ("v", "right"))),
    "search_empty": (FakeSession, keys()),
    "search_not_embedded": (untrained, keys()),
    "search_recent": (lambda: FakeSession(recent=RECENT), keys()),
    "search_recalled": (lambda: FakeSession(recent=RECENT), keys("up", "up")),
    "search_filters": (FakeSession, written("robbers genre:crime -genre:noir year:1990..1999")),
    "search_filter_problem": (FakeSession, written("robbers gnere:crime genre:crime ")),
    "search_filter_values": (FakeSession, written("robbers year:>=1990 genre:", then=("down",))),
    "search_filter_name": (FakeSession, written("robbers gen")),
    "search_filter_meant": (FakeSession, written("robbers genre:cirme")),
    "search_nothing_fits": (FakeSession, written("nothing genre:crime year:1995")),
    "search_popular": (FakeSession, written("genre:crime ")),
    "search_many_filters": (FakeSession, written("a genre:crime genre:drama genre:thriller -genre:noir year:>1 b")),
    "search_results": (FakeSession, keys(text="bank robbers", then=("down", "down", "down"))),
    "search_details": (FakeSession, keys(text="bank robbers", then=("down", "enter"))),
    "search_more_like_this": (FakeSession, keys(text="heat", then=("down", "m"))),
    "search_more_by_taste": (FakeSession, keys(text="heat", then=("down", "m", "ctrl+t", "ctrl+t"))),
    "search_waiting": (FakeSession, held("search", "f2", text="heat", shows="searching")),
    "search_partly_embedded": (lambda: interrupted(12), beside_a_job("robot", "12 of 20 texts")),
    "search_embedding": (untrained, held("embed", "f5", shows="0 of 20 texts")),
    "search_embedding_results": (lambda: interrupted(5), beside_a_job("robot", "5 of 20 texts")),
    "search_nothing_found": (FakeSession, keys(text="nothing")),
    "search_failed": (lambda: broken("search", "vectors.npy is damaged: embed again."), keys(text="heat")),
    "search_needs_embedding": (untrained, keys("ctrl+t", text="heat")),
    "search_nasty": (nasty, keys(text="x", then=("down",))),
    "search_added": (FakeSession, keys(text="heat", then=("down", "a"))),
    "search_facets": (FakeSession, written("robbers genre:crime ", then=("enter", "down", "f", "down"))),
    "search_corrected": (FakeSession, written("bank robers hiest")),
    "search_understood": (FakeSession, written("robbers before 1960 in english")),
    "search_doubtful": (FakeSession, written("robbers zzzz")),
    "search_unknown": (FakeSession, written("zzzz")),
    "search_why": (FakeSession, written("bank robbers", then=("enter", "w"))),
    "search_sorted": (FakeSession, written("bank robbers", then=("enter", "s"))),
    "search_adult": (lambda: FakeSession(adult_items=1133), written("bank robbers")),
    "user_preview": (FakeSession, keys("f3", "down", "down")),
    "user_recommended": (FakeSession, keys("f3", "enter", "down")),
    "user_spread": (lambda: with_bayesian("explicit", "bayesian", "sequence"), keys("f3", "enter", "down")),
    "user_why": (lambda: with_bayesian("bayesian"), keys("f3", "enter", "down", "d")),
    "user_other_model": (lambda: with_bayesian("explicit", "bayesian"), keys("f3", "ctrl+t")),
    "user_models": (lambda: with_bayesian(), keys("f3")),
    "user_untrained": (untrained, keys("f3")),
    "user_training": (untrained, held("train", "f3", "t", shows="epoch 1 of 10")),
    "user_training_failed": (lambda: broken("train", "Not enough memory: 3 GB needed."), keys("f3")),
    "user_not_found": (FakeSession, keys("f3", "slash", text="999")),
    "user_no_users": (lambda: FakeSession(users=0, trained=(), obstacle="no ratings"), keys("f3")),
    "user_history_failed": (lambda: broken("history", "interactions.parquet is damaged."), keys("f3")),
    "user_nasty": (nasty, keys("f3")),
    "data_profile": (FakeSession, keys("f7")),
    "data_rows": (FakeSession, keys("f7", "slash", text="select", then=("enter",))),
    "data_adding": (FakeSession, keys("f7", "a", text="/data/ratings.csv", then=("enter",))),
    "data_profile_failed": (lambda: broken("profile", "items.parquet: cannot be read."), keys("f7")),
    "sequence_empty": (FakeSession, keys("f4")),
    "sequence_completions": (FakeSession, keys("f4", text="tw", then=("down",))),
    "sequence_similar": (FakeSession, keys("f4", text="star wrs")),
    "sequence_unknown": (FakeSession, keys("f4", text="qqq", then=("enter",))),
    "sequence_next": (FakeSession, keys("f4", text="heat", then=("enter", "m", "a", "enter", "tab", "tab", "down"))),
    "sequence_list": (FakeSession, keys("f4", text="heat", then=("enter", "r", "i", "f", "enter", "down", "K"))),
    "sequence_untrained": (untrained, keys("f4", text="heat", then=("enter",))),
    "sequence_waiting_for_its_turn": (untrained, held("train", "f3", "f5", shows="epoch 1 of 10")),
    "sequence_failed": (lambda: broken("next_items", DAMAGED), keys("f4", text="heat", then=("enter",))),
    "sequence_nasty": (nasty, keys("f4", text="x", then=("enter", "f2"))),
    "map": (FakeSession, keys("f3", "enter", "M")),
    "help": (FakeSession, keys("f1")),
    "palette": (untrained, keys("ctrl+p")),
}


#: Those that are also looked at in light themes.
LIGHT = (
    "search_results",
    "search_filters",
    "search_filter_problem",
    "search_filter_values",
    "search_recent",
    "search_facets",
    "search_understood",
    "user_preview",
    "user_spread",
    "user_training",
    "sequence_next",
)


#: Those that are also looked at in a light theme of Textual's, which has other colours and nothing else.
OF_TEXTUAL = ("search_facets", "user_spread", "sequence_next")


#: Those that are also looked at in a large window, where more is shown beside the lists.
LARGE = ("search_results", "user_spread", "sequence_next", "models_runs_marked", "data_profile", "map")
LARGE_LIGHT = ("user_spread", "sequence_next")


async def follow_up(name: str, app: Any, pilot: Any) -> None:
    """What some states need beyond their first steps."""
    if name == "search_partly_embedded":
        await pilot.press("escape")
        await settle(pilot)
    elif name == "sequence_waiting_for_its_turn":
        await pilot.press("f4", "f5")
        await until(pilot, lambda: any(job.waits_for for job in app.state.waiting_jobs()))
    elif name == "user_training_failed":
        await pilot.press("t")
        await settle(pilot)


#: States of the shell, or of what covers it: these pictures show the whole terminal.
WHOLE = ("search_empty", "search_embedding", "user_recommended", "sequence_waiting_for_its_turn", "help", "palette")


def crop(app: Any) -> None:
    """Have the screenshot of an app show the open tab only, without the shell around it."""

    def export_screenshot(*, title: str | None = None, simplify: bool = False) -> str:
        tab = app.query_one("#tabs", ContentSwitcher).region
        screen = app.screen
        update = screen._compositor.render_update(full=True, screen_stack=app._background_screens, simplify=simplify)
        console = Console(
            width=tab.width,
            height=tab.height,
            file=io.StringIO(),
            force_terminal=True,
            color_system="truecolor",
            record=True,
            legacy_windows=False,
            safe_box=False,
        )
        for line in update.strips[tab.y : tab.bottom]:
            console.print(Segments([*(segment for strip in line for segment in strip), Segment.line()]))
        return console.export_svg(title=title or app.title)

    app.export_screenshot = export_screenshot


async def at_rest(pilot: Any) -> None:
    """Wait until the screen stays as it is: what arrives late, such as the counts of filters, lays panes out anew.

    An answer that a state holds back never comes, so it is waited for a while only.
    """
    same, watch = 0, Watch(pilot.app)
    before: object = None
    while same < (100 if pilot.app.backend.answering else 5):
        await asyncio.sleep(0.005)
        await pilot.pause()
        now = watch.state()
        same, before = (same + 1 if now is not None and now == before else 0), now


@pytest.fixture
def picture(make_app, snap_compare):
    def compare(name: str, size: tuple[int, int], theme: str = "recsys-dark") -> bool:
        make_session, steps = STATES[name]
        session = make_session()
        app = make_app(session)
        app.fake = session
        app.theme = theme

        async def run(pilot: Any) -> None:
            await settle(pilot, jobs=False)
            await steps(app, pilot)
            await follow_up(name, app, pilot)
            await at_rest(pilot)
            if name not in WHOLE:
                crop(app)

        return snap_compare(app, terminal_size=size, run_before=run)

    return compare


@pytest.mark.parametrize("size", [WIDE, NARROW], ids=["wide", "narrow"])
@pytest.mark.parametrize("name", STATES)
def test_state(picture, name, size):
    assert picture(name, size)


@pytest.mark.parametrize(
    ("name", "theme"), [*((name, "recsys-dark") for name in LARGE), *((name, "recsys-light") for name in LARGE_LIGHT)]
)
def test_large(picture, name, theme):
    assert picture(name, VERY_WIDE, theme)


@pytest.mark.parametrize(
    ("name", "theme"),
    [*((name, "recsys-light") for name in LIGHT), *((name, "textual-light") for name in OF_TEXTUAL)],
)
def test_light(picture, name, theme):
    assert picture(name, WIDE, theme)


def test_opening_with_progress(make_app, snap_compare):
    session = FakeSession()
    session.hold("open")

    def open_session(job):
        job.report(Progress("reading ratings.csv", 40_000, 100_000, "rows"))
        session.enter("open", job=job)
        return session

    async def run(pilot: Any) -> None:
        await until(pilot, lambda: "reading ratings.csv" in screen_text(pilot.app))

    assert snap_compare(make_app(session, open_session=open_session), terminal_size=NARROW, run_before=run)


def test_opening_failed(make_app, snap_compare):
    def open_session(_):
        raise DataError("manifest.json of “movies” is damaged (line 3): remove the data set and add it again.")

    app = make_app(FakeSession(), open_session=open_session)
    assert snap_compare(app, terminal_size=NARROW, run_before=settle)


def test_too_small(make_app, snap_compare):
    assert snap_compare(make_app(FakeSession()), terminal_size=(50, 12), run_before=settle)


REPORT = Path("/home/ann/.local/state/recsys-tui/reports/20251127T100233.123456-4711-the-tab-user.txt")


@pytest.mark.parametrize(
    ("size", "theme"),
    [(WIDE, "recsys-dark"), (NARROW, "recsys-dark"), (WIDE, "recsys-light")],
    ids=["wide", "narrow", "light"],
)
def test_a_tab_that_met_an_error(make_app, snap_compare, monkeypatch, size, theme):
    app = make_app(contains_errors=True)
    app.theme = theme
    monkeypatch.setattr(containment, "write_report", lambda *_: REPORT)
    monkeypatch.setattr(containment, "place_of", lambda _: "tui/panes/user.py:182")

    async def run(pilot: Any) -> None:
        await settle(pilot)
        await pilot.press("f3")
        await settle(pilot)
        app.pane("user").call_later(lambda: 1 / 0)
        await until(pilot, lambda: "This tab met an error" in screen_text(app))

    assert snap_compare(app, terminal_size=size, run_before=run)


@pytest.mark.parametrize(
    ("size", "theme"),
    [(WIDE, "recsys-dark"), (NARROW, "recsys-dark"), (WIDE, "recsys-light")],
    ids=["wide", "narrow", "light"],
)
def test_quitting_while_a_job_runs(make_app, snap_compare, size, theme):
    session = FakeSession(embedded=12)
    session.hold("embed")
    app = make_app(session)
    app.theme = theme

    async def run(pilot: Any) -> None:
        await until(pilot, lambda: "12 of 20 texts" in screen_text(app))
        await pilot.press("ctrl+q")
        await until(pilot, lambda: "Quit while a job runs?" in screen_text(app))
        await settle(pilot, jobs=False)

    assert snap_compare(app, terminal_size=size, run_before=run)
