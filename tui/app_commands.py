"""What the palette offers now, by the place it belongs to."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import TYPE_CHECKING, Any

from engine.data.results import ProfileName
from tui.messages import ShowUser
from tui.panes import TABS
from tui.widgets.cell_text import clean
from tui.widgets.notice import waits_for
from tui.widgets.palette import Command, placed
from tui.widgets.verb_target import VerbTarget

if TYPE_CHECKING:
    from textual.widget import Widget

    from tui.contained_app import ContainedApp


def app_commands(app: ContainedApp) -> Iterator[Command]:
    """The verbs on what the cursor is on, the commands of the tab, the models, the other tabs, and the app's own."""
    active = app.active_pane
    yield from placed("Here", _verbs(app.screen_stack[0].focused))
    yield from placed(app.title_of(app.active_tab), active.commands())
    yield from placed("Models", _jobs(app))
    yield from placed("Go to", _places(app))
    yield from placed("App", _general(app))


def _verbs(focused: Widget | None) -> Iterator[Command]:
    if isinstance(focused, VerbTarget):
        for verb in focused.offered:
            title = verb.title[:1].upper() + verb.title[1:]
            yield Command(title, verb.help, partial(focused.action_verb, verb.id), action=verb.id)


def _jobs(app: Any) -> Iterator[Command]:
    for job in app.state.jobs.values():
        if job.active and job.state != "stopping":
            about = f"It waits for {waits_for(job)}" if job.state == "waiting" else "Stop the job that runs"
            yield Command(f"Stop {job.label}", about, partial(app.backend.cancel, job.id), state=job.state)
    dataset = app.state.dataset
    if dataset is None:
        return
    if not dataset.embedding.complete and app.state.active_job("search") is None:
        yield Command("Embed", "Embed the catalogue for search by meaning", app.backend.embed, action="embed")
    for model in dataset.models:
        if not model.obstacle and app.state.active_job(model.task) is None:
            again = " again" if model.trained or model.damage else ""
            about = clean(f"Damaged: {model.damage}" if model.damage else model.description)
            state = "damaged" if model.damage else "trained" if model.trained else ""
            yield Command(
                f"Train {model.name}{again}", about, partial(app.backend.train, model.name, model.task), state=state
            )


def _places(app: Any) -> Iterator[Command]:
    for tab in TABS:
        state = "current" if tab.name == app.active_tab else ""
        opened = partial(app.run_action, f"open('{tab.name}')")
        yield Command(f"Open {tab.title}", f"Go to the {tab.title} tab", opened, action=f"open-{tab.name}", state=state)
    yield Command("Back", "To where you were before", app.action_go_back, action="go-back")
    yield Command("Forward", "To where you came back from", app.action_go_forward, action="go-forward")
    yield Command("Jump", "Letters show beside rows and places", app.action_jump, action="jump")


def _general(app: Any) -> Iterator[Command]:
    changes = app.state.changes
    if changes.can_undo:
        yield Command("Undo", "Take the last change back", app.action_undo, action="undo")
    if changes.can_redo:
        yield Command("Redo", "Make the undone change again", app.action_redo, action="redo")
    if app.state.dataset is not None:
        yield Command("Map", "The catalogue laid out by meaning, with this tab's items", app.open_map, action="map")
        about = "Recommendations, vectors or a report, as a file for other programs"
        yield Command("Export for all users", about, app.open_export, action="export-all")
        me = ProfileName(app.state.profile)
        about = "What you would like, by what you rated in any list: 1 … 9 are half a star to 4½, 0 is 5"
        yield Command("Recommend for me", about, partial(app.post_message, ShowUser(me)))
        yield Command("Watchlist", "What you want to watch", app.action_watchlist)
        about = "Rate for another person; make, rename and remove profiles"
        yield Command("Profiles", about, app.action_profiles, state=app.state.profile)
        yield Command("Import my ratings", "Add an export of another program", app.action_import_ratings)
        about = "What you rated and this data set does not have, or spells otherwise"
        yield Command("Match my ratings by hand", about, app.action_match_ratings)
        yield Command("Export my ratings", "Write them to a file", app.action_export_ratings)
    yield Command("Command line", "search, recommend, next, train …", app.action_command_line, action="command-line")
    yield Command("Theme", "Choose the colours", app.action_change_theme, state=app.theme)
    yield Command("Keys", "Show all keys", app.action_help, action="help")
    yield Command("Quit", "Leave; while a job runs, it asks first", app.action_quit, action="quit")
