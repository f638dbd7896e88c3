"""The Models tab: what can be trained, training and measuring it, and the runs that were made."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from textual import events, on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Container, Vertical
from textual.content import Content
from textual.geometry import Size
from textual.widgets import Input, Static

from engine.data.study import Study
from tui.backend.backend import Backend
from tui.backend.protocols import ModelDesk, SessionLike
from tui.keymap.keymap import shown_key
from tui.messages import Answered, Failed, Failure, StatusChanged
from tui.panes.base import RETRY, WIDE, KeyHelp, Pane
from tui.panes.model_rows import ORDERS, model_columns, ordered, run_columns
from tui.panes.model_text import curves_text, model_text, run_text, validation_line
from tui.panes.run_page import diff_page, run_page
from tui.panes.train_prompt import NOT_OPENED
from tui.state import AppState
from tui.widgets.cell_text import clean, count
from tui.widgets.notice import job_figures, job_heading
from tui.widgets.panel import Panel
from tui.widgets.query_input import QueryInput
from tui.widgets.study_text import progress_line
from tui.widgets.table import Row, Table

if TYPE_CHECKING:
    from engine.data.model_cards import ModelCard
    from engine.session import RunRecord, StoredRuns
    from tui.messages import JobView

PROTOCOLS = ("leave-one-out", "random", "user", "temporal")
#: Those that need no times.
WITHOUT_TIMES = ("random", "user")

#: In a pane lower than this, two lists below each other would have fewer than three rows each.
_LOW = 20
#: So few runs leave the list of models the room that they do not need.
_FEW_RUNS = 3


@dataclass(frozen=True, slots=True)
class _Known:
    """What was read of models and runs."""

    cards: Sequence[ModelCard]
    stored: StoredRuns
    current: frozenset[int]


class ChoosableTable(Table[Row]):
    """A table whose rows have options."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("enter", "choose", "options", id="choose")]


class ModelsPane(Pane[ModelDesk]):
    """The models at the left, the runs at the right, and below what is known of the one under the cursor."""

    DEFAULT_CSS = Path(__file__).with_suffix(".tcss").read_text(encoding="utf-8")

    TASK = "models"

    KEYS: ClassVar[KeyHelp] = (
        ("Enter", "options of a model or a run; the trials of a search"),
        ("d", "all that is known of a model or a run"),
        ("t · e · T", "train, measure, tune and watch"),
        ("o", "the protocol by which models are measured"),
        ("p · Esc · R", "pause or go on; stop; resume what was stopped"),
        ("c · V", "curves of runs; train with a validation part"),
        ("Space", "mark models or runs; then v compares them"),
        ("f", "in what two marked runs differ"),
        ("Tab", "from the models to the runs, and back"),
        ("n · P · Del", "note, make default, remove"),
        ("s", "order of the runs"),
    )

    ACTIONS: ClassVar[tuple[str, ...]] = (*Pane.ACTIONS, "train", "measure", "pause", "mark", "compare", "go_on")

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("t,f5", "train", "train", id="train"),
        Binding("e", "measure", "measure", id="measure"),
        Binding("T", "tune", "tune", show=False, id="tune"),
        Binding("o", "protocol", "protocol", show=False, id="protocol"),
        Binding("p", "pause", "pause", id="pause"),
        Binding("space", "mark", "mark", id="mark"),
        Binding("v", "compare", "compare", id="compare"),
        Binding("R", "go_on", "resume", id="resume-training"),
        Binding("c", "curves", "curves", show=False, id="curves"),
        Binding("V", "validate", "validation", show=False, id="validate"),
        Binding("f", "diff", "differences", show=False, id="diff"),
        Binding("d", "details", "details", show=False, id="details"),
        Binding("n", "note", "note", show=False, id="note"),
        Binding("P", "promote", "make default", show=False, id="promote"),
        Binding("delete,x", "remove", "remove", show=False, id="remove"),
        Binding("s", "order", "order", show=False, id="order"),
        RETRY,
        Binding("slash", "type", "filter", key_display="/", id="edit-query"),
        Binding("tab", "other", "runs/models", id="other-list"),
    ]

    def __init__(self, backend: Backend, state: AppState, *, blink: bool = True) -> None:
        super().__init__(backend, state, QueryInput("Models and runs", "part of a name or note", blink=blink))
        self._models: ChoosableTable[ModelCard] = ChoosableTable(model_columns(), id="models-list")
        self._models_panel = Panel("Models", self._models)
        self._runs: ChoosableTable[RunRecord] = ChoosableTable(run_columns((), ()), id="runs-list")
        self._runs_panel = Panel("Runs", self._runs)
        self._about = Static(id="model-about")
        self._known: _Known | None = None
        self._seen: tuple[object, ...] = ()
        self._marked: list[int] = []
        self._chosen: list[str] = []
        """The models that are marked."""
        self._comparing: int | None = None
        """The job that measures models to compare them."""
        self._order = ORDERS[0]
        self._chosen_protocol = ""
        self._validate = False
        self._folded = "runs"
        self._failure: Failure | None = None
        self._refused = ""
        """Why the last change of the runs was refused; said until the cursor moves."""
        self._loading = self.request("models", "reading models and runs", self._loaded, self._failed)
        self._changing = self.request("runs", "changing runs", self._changed, self._not_changed, changes=True)

    @staticmethod
    def service_of(session: SessionLike) -> ModelDesk:
        """The services for models and for runs."""
        return session

    def compose(self) -> ComposeResult:
        """Two lists, and what is known of the row under the cursor."""
        self._fit_lists(self.app.size)
        yield self.line
        with Container(id="models-body"):
            with Vertical(id="model-side"):
                yield self._models_panel
            with Vertical(id="run-side"):
                yield self._runs_panel
        yield self._about

    def on_mount(self) -> None:
        """Read models and runs as soon as the data set is open."""
        self.refresh_state()

    def on_resize(self) -> None:
        """Side by side where there is room, and one list at a time where there is little."""
        self._fit_lists(self.size)
        self._draw()

    def _fit_lists(self, size: Size) -> None:
        self.set_class(size.width >= WIDE, "-wide")
        self.set_class(size.height < _LOW, "-low")
        self.set_class(size.height < _LOW and size.width < WIDE, "-folded")

    def _give_room(self, runs: int) -> None:
        """Below the models, let few runs have no more rows than they need."""
        few = runs <= _FEW_RUNS and not (self.has_class("-wide") or self.has_class("-folded"))
        self.query_one("#run-side").styles.height = 3 + max(2, runs) if few else None

    def _fold(self) -> None:
        """Where there is room for one list, leave the title of the one that is not in use."""
        if self.is_at(self._runs) or self.is_at(self._models):
            self._folded = "models" if self.is_at(self._runs) else "runs"
        for name, side in (("models", "#model-side"), ("runs", "#run-side")):
            self.query_one(side).set_class(self._folded == name, "-folds")

    def _fold_title(self, panel: Panel, name: str) -> str:
        """What is added to the title of the list that is folded: the key that unfolds it."""
        if not (self.has_class("-folded") and self._folded == name and panel.listing):
            return ""
        return f" · {shown_key(self.app, 'other-list', 'Tab')}"

    @on(events.Click)
    def _unfold(self, event: events.Click) -> None:
        for panel in (self._models_panel, self._runs_panel):
            if event.widget is panel and panel.listing:
                self.go_to(panel.table)

    def focus_start(self) -> None:
        """Begin with the models."""
        self.go_to(self._models if self._models_panel.listing else self.line)
        if not self._models_panel.listing:
            self.line.hold_keys(self.state.pace.hold)

    # -- reading ----------------------------------------------------------------------------------------------
    def refresh_state(self) -> None:
        """Read again whenever a job has ended or the data set has changed; draw the job under way."""
        ended = sum(not job.active for job in self.state.jobs.values())
        seen = (self.state.dataset, ended, bool(self.state.device))
        if self.state.dataset is not None and seen != self._seen:
            self._seen = seen
            self.repeat()
        self._follow_comparison()
        self._draw()

    def _follow_comparison(self) -> None:
        """Once the marked models are measured, show their comparison; elsewhere in the app, leave their runs marked."""
        job = None if self._comparing is None else self.state.jobs.get(self._comparing)
        if job is None or job.active:
            return
        self._comparing = None
        if job.state == "done" and isinstance(job.detail, tuple):
            self._marked, self._chosen = list(job.detail), []
            if self.screen.is_current and self.has_focus_within:
                self.action_compare()

    def repeat(self) -> None:
        """Read models and runs."""
        memory = bool(self.state.device)  # the libraries that estimate it are loaded by then

        def work(desk: ModelDesk, _: object) -> _Known:
            stored = desk.runs.list()
            current = frozenset(run.id for run in stored.runs if desk.runs.is_current(run))
            return _Known(desk.cards.list(memory=memory), stored, current)

        self._loading.send(work)

    def _loaded(self, message: Answered) -> None:
        first = self._known is None
        self._known, self._failure = message.value, None
        present = {run.id for run in message.value.stored.runs}
        self._marked = [number for number in self._marked if number in present]
        self._show_rows()
        self._draw()
        if first and self._models_panel.listing:
            self.begin_at(self._models)  # only now is it on the screen

    def _failed(self, message: Failed) -> None:
        self._failure = message.failure
        self._draw()

    @property
    def exports(self) -> tuple[str, str | None]:
        """The lists of the model under the cursor, if it is trained."""
        card = self._chosen_card
        if card is None or not card.state.trained:
            return super().exports
        return "next" if card.state.task == "sequence" else "recommendations", card.state.name

    def failures(self) -> Iterable[Failure | None]:
        """Why models and runs could not be read."""
        return (self._failure,)

    def _show_rows(self) -> None:
        if self._known is None:
            return
        part = self.line.value.strip().casefold()
        cards = [card for card in self._known.cards if part in card.state.name.casefold()]
        runs = [run for run in self._known.stored.runs if part in f"{run.model} {run.kind} {run.note}".casefold()]
        card, run = self._models.row, self._runs.row
        self._models.show(
            cards,
            model_columns(frozenset(self._chosen)),
            cursor=_place(cards, lambda one: card and one.state.name == card.state.name),
        )
        shown = ordered(runs, self._order)
        columns = run_columns(frozenset(self._marked), self._known.current)
        self._runs.show(shown, columns, cursor=_place(shown, lambda one: run and one.id == run.id))

    # -- drawing ----------------------------------------------------------------------------------------------
    def _draw(self) -> None:
        models, runs = self._models_panel, self._runs_panel
        if self.state.failure is not None:
            models.show_notice().show_failed(NOT_OPENED, self.state.failure)
            runs.show_notice().show("")
        elif self._failure is not None:
            models.show_notice().show_failed("The models cannot be read", self._failure)
        elif self._known is None:
            models.show_notice().show("")
            runs.show_notice().show("")
        else:
            self._draw_lists(self._known)
        self._draw_about()
        self.refresh_keys()

    def _draw_lists(self, known: _Known) -> None:
        models, runs = self._models_panel, self._runs_panel
        trained = sum(card.state.trained for card in known.cards)
        if self._models.rows:
            models.show_rows()
        else:
            models.show_notice().show("No such model", "No name contains what is typed.")
        unfolds = self._fold_title(models, "models")
        models.retitle(f"{trained} of {len(known.cards)} models trained{unfolds}", self._ways)
        damaged = f"{len(known.stored.damage)} damaged, see check" if known.stored.damage else f"by {self._order}"
        if self._runs.rows:
            runs.show_rows()
        elif known.stored.runs:
            runs.show_notice().show("No such run", "No model, kind or note contains what is typed.")
        else:
            runs.show_notice().show(
                "No runs yet", "Each training, measurement and search is kept here.", ("train", "t", "train")
            )
        self._give_room(len(known.stored.runs))
        runs.retitle(f"Runs · {len(known.stored.runs)}{self._fold_title(runs, 'runs')}", damaged)
        self.line.set_leads_on(models.listing or runs.listing)

    @property
    def _protocols(self) -> tuple[str, ...]:
        """The protocols by which this data can be measured."""
        dataset = self.state.dataset
        return PROTOCOLS if dataset is None or dataset.overview.has_timestamps else WITHOUT_TIMES

    @property
    def _protocol(self) -> str:
        return self._chosen_protocol or self._protocols[0]

    @property
    def _ways(self) -> str:
        """How models are measured and trained."""
        return f"measured by {self._protocol}" + (" · validated" if self._validate else "")

    @property
    def _job(self) -> JobView | None:
        """The training, measurement or search under way."""
        active = [job for job in self.state.jobs.values() if job.active and job.model]
        return next((job for job in active if job.state != "waiting"), next(iter(active), None))

    def _draw_about(self) -> None:
        job, parts = self._job, []
        if self._refused:
            parts.append(Content.styled(clean(self._refused), "$text-error"))
        if job is not None:
            waiting = sum(one.active and one.state == "waiting" for one in self.state.jobs.values())
            queued = f" · {waiting} waiting" if waiting and job.state != "waiting" else ""
            parts.append(Content.styled(job_heading(job) + queued, "bold $text"))
            if figures := job_figures(job):
                parts.append(Content(f"{figures} · {self.state.device}"))
            if isinstance(job.detail, Study):
                parts += [Content(line) for line in (progress_line(job.detail, 40),) if line]
            elif len(job.losses) > 1:
                parts.append(_curve(job.losses, max(20, self.size.width - 12)))
                if line := validation_line(job.validation, max(20, self.size.width - 40)):
                    parts.append(Content(line))
        run, card = self._runs.row, self._models.row
        if self.is_at(self._runs) and self._known is not None and run is not None:
            marked = [one for one in self._known.stored.runs if one.id in self._marked]
            if len(marked) > 1:
                parts.append(curves_text(marked))
            else:
                parts.append(run_text(run, run.id in self._known.current, self._changed_options(run)))
        elif card is not None:
            if self._chosen:
                what = f"Marked: {', '.join(self._chosen)}. "
                compares = f"{shown_key(self.app, 'compare', 'v')} measures and compares them."
                parts.append(Content(clean(what + (compares if len(self._chosen) > 1 else "Mark another to compare."))))
            parts.append(model_text(card, self._training_keys))
        self._about.update(Content("\n").join(parts))

    @property
    def _training_keys(self) -> tuple[str, str]:
        """The keys that go on with an interrupted training, and that begin a new one."""
        return shown_key(self.app, "resume-training", "R"), shown_key(self.app, "train", "t")

    def _changed_options(self, run: RunRecord) -> dict[str, Any]:
        """The options of a run that are not the defaults."""
        card = self._card(run.model)
        defaults = {} if card is None else {option.name: option.default for option in card.options}
        return {name: value for name, value in run.options.items() if name in defaults and defaults[name] != value}

    def _card(self, name: str) -> ModelCard | None:
        return next((card for card in self._known.cards if card.state.name == name), None) if self._known else None

    # -- moving -----------------------------------------------------------------------------------------------
    @on(Input.Changed)
    def _typed(self, event: Input.Changed) -> None:
        event.stop()
        self._show_rows()
        self._draw()

    @on(Table.Moved)
    def _moved(self) -> None:
        self._refused = ""
        self._draw_about()
        self.refresh_keys()

    def on_descendant_focus(self) -> None:
        """What is said depends on the list with the cursor."""
        self._fold()
        self._draw()

    @on(QueryInput.Arrow)
    @on(Input.Submitted)
    def _left_input(self) -> None:
        self.focus_start()

    @on(Table.LeftTop)
    def _left_list(self) -> None:
        self.go_to(self.line if self.is_at(self._models) or not self._models_panel.listing else self._models)

    def action_other(self) -> None:
        """Go to the other list."""
        panels = (self._runs_panel, self._runs) if not self.is_at(self._runs) else (self._models_panel, self._models)
        if panels[0].listing:
            self.go_to(panels[1])

    # -- training and measuring -------------------------------------------------------------------------------
    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Offer only what would do something now."""
        match action:
            case "tune" if self._search_job is not None:
                return True
            case "train" | "measure" | "tune":
                card = self._chosen_card
                return card is not None and not card.state.obstacle
            case "go_on":
                card = self._chosen_card
                return card is not None and card.unfinished is not None and not card.unfinished.damage
            case "pause":
                return self._job is not None and self._job.state in ("running", "paused")
            case "stop":
                return self._job is not None and self._job.state != "stopping"
            case "mark" if self.is_at(self._models):
                return self._models.row is not None and not self._models.row.state.obstacle
            case "mark" | "note" | "promote" | "remove":
                return self.is_at(self._runs) and self._runs.row is not None
            case "compare" | "diff":
                return self._known is not None  # with too few marks they say how one marks
            case "curves":
                return self._job is not None or bool(self._curved_runs)
            case "details":
                return self._chosen_card is not None or (self.is_at(self._runs) and self._runs.row is not None)
        return super().check_action(action, parameters)

    @property
    def _chosen_card(self) -> ModelCard | None:
        """The model under the cursor, or that of the run under the cursor."""
        if self.is_at(self._runs) and self._runs.row is not None:
            return self._card(self._runs.row.model)
        return self._models.row

    @on(Table.Chosen)
    def _open_form(self, event: Table.Chosen) -> None:
        from tui.panes.option_form import OptionForm

        event.stop()
        card, run = self._chosen_card, self._runs.row if self.is_at(self._runs) else None
        if run is not None and run.study is not None:
            from tui.panes.study_page import StudyPage

            self.app.push_screen(StudyPage(self.backend, run.model, run.study, sequence=self.state.draft.items))
            return
        if card is None or card.state.obstacle:
            return
        values: Mapping[str, Any] = {} if run is None else self._changed_options(run)

        def chosen(what: str, options: Mapping[str, Any]) -> None:
            if what == "train":
                self.backend.train(card.state.name, card.state.task, options, validate=self._validate)
            else:
                self.backend.evaluate(card.state.name, self._protocol, options)

        self.app.push_screen(OptionForm(self.backend, card, self._protocol, chosen, values))

    def action_train(self) -> None:
        """Train the model, or train the model of a run again with the options of the run."""
        card = self._chosen_card
        if card is not None:
            run = self._runs.row if self.is_at(self._runs) else None
            options = self._changed_options(run) if run else None
            self.backend.train(card.state.name, card.state.task, options, validate=self._validate)

    def action_go_on(self) -> None:
        """Go on with the training of the model that was interrupted."""
        card = self._chosen_card
        if card is not None:
            self.backend.train(card.state.name, card.state.task, resume=True)

    def action_measure(self) -> None:
        """Measure the model by the protocol, with the options of a run if the cursor is on one."""
        card = self._chosen_card
        if card is not None:
            run = self._runs.row if self.is_at(self._runs) else None
            self.backend.evaluate(card.state.name, self._protocol, self._changed_options(run) if run else None)

    def action_tune(self) -> None:
        """Search for good options, or watch the search that is under way."""
        job, card = self._search_job, self._chosen_card
        if job is not None:
            self._show_study(job.model, job)
        elif card is not None:
            from tui.panes.tune_prompt import TunePrompt

            name, protocol = card.state.name, self._protocol

            def chosen(trials: int, metric: str | None, seconds: float | None) -> None:
                number = self.backend.tune(name, protocol, trials, metric=metric, timeout=seconds)
                self._show_study(name, self.state.jobs.get(number), number)

            self.app.push_screen(TunePrompt(name, protocol, chosen))

    @property
    def _search_job(self) -> JobView | None:
        """The search for options under way."""
        job = self._job
        return job if job is not None and isinstance(job.detail, Study) else None

    def _show_study(self, model: str, job: JobView | None, number: int | None = None) -> None:
        from tui.panes.study_page import StudyPage

        study = job.detail if job is not None and isinstance(job.detail, Study) else None
        self.app.push_screen(StudyPage(self.backend, model, study, job, number, self.state.draft.items))

    def action_protocol(self) -> None:
        """Measure by the next protocol."""
        known = self._protocols
        self._chosen_protocol = known[(known.index(self._protocol) + 1) % len(known)]
        self._draw()

    def action_pause(self) -> None:
        """Have the job wait, or go on."""
        if self._job is not None:
            self.backend.pause(self._job.id)

    def action_stop(self) -> None:
        """Stop the job under way."""
        if self._job is not None:
            self.backend.cancel(self._job.id)

    # -- runs -------------------------------------------------------------------------------------------------
    def action_mark(self) -> None:
        """Mark the model or the run, or take the mark away."""
        run, card = self._runs.row, self._models.row
        if self.is_at(self._models):
            if card is not None:
                name = card.state.name
                self._chosen = [one for one in self._chosen if one != name] + [name] * (name not in self._chosen)
                self._show_rows()
                self._models.action_cursor(1)
                self._draw()
        elif run is not None:
            self._marked = [one for one in self._marked if one != run.id] + [run.id] * (run.id not in self._marked)
            self._show_rows()
            self._runs.action_cursor(1)
            self._draw()

    def action_compare(self) -> None:
        """Compare the marked runs, or measure and compare the marked models."""
        from tui.panes.comparison_page import ComparisonPage

        if len(self._chosen) > 1 and (self.is_at(self._models) or len(self._marked) < 2):
            self._comparing = self.backend.compare(self._chosen, self._protocol)
        elif len(self._marked) > 1:
            self.app.push_screen(ComparisonPage(self.backend, self._marked, self.state.draft.items))
        else:
            self._say_how_to_mark("two models or runs", f"{shown_key(self.app, 'compare', 'v')} compares them")

    def _say_how_to_mark(self, what: str, then: str) -> None:
        """Say what a key needs, as it does nothing."""
        mark = shown_key(self.app, "mark", "Space")
        self.post_message(StatusChanged(f"✗ Mark {what} with {mark} first: {then}."))

    def action_curves(self) -> None:
        """Draw the curves of the marked runs, or of the one under the cursor, and of the training under way."""
        from tui.panes.curves_page import CurvesPage

        card = None if self._job is None else self._card(self._job.model)
        losses = [str(option.default) for option in (() if card is None else card.options) if option.name == "loss"]
        self.app.push_screen(CurvesPage(self._curved_runs, self._job, *losses))

    @property
    def _curved_runs(self) -> list[RunRecord]:
        if self._known is None:
            return []
        run = self._runs.row if self.is_at(self._runs) else None
        wanted = self._marked or ([] if run is None else [run.id])
        return [one for one in self._known.stored.runs if one.id in wanted]

    def action_validate(self) -> None:
        """Hold a few interactions out of trainings, for a figure after each epoch; or train on everything again."""
        self._validate = not self._validate
        self._draw()

    def action_diff(self) -> None:
        """Show in what the two marked runs differ."""
        if len(self._marked) != 2:
            key = shown_key(self.app, "diff", "f")
            self._say_how_to_mark("two runs", f"{key} lists their differences")
            return
        first, second = self._marked
        runs = {run.id: f"#{run.id} {run.kind} {run.model}" for run in self._known.stored.runs} if self._known else {}
        self._changing.send(lambda desk, _: ("diff", (runs[first], runs[second], desk.runs.diff(first, second))))

    def action_details(self) -> None:
        """Show all that is known of the run, or of the model, under the cursor."""
        from tui.panes.text_page import TextPage

        run, card = self._runs.row, self._models.row
        if self.is_at(self._runs) and run is not None and self._known is not None:
            is_current = run.id in self._known.current
            page = partial(run_page, run, is_current)
            self.app.push_screen(TextPage(f"Run {run.id}: {run.kind} {run.model}", page))
        elif card is not None:
            self.app.push_screen(TextPage(f"Model {card.state.name}", model_text(card, self._training_keys)))

    def action_note(self) -> None:
        """Write a note on the run."""
        from tui.panes.note_prompt import NotePrompt

        run = self._runs.row
        if run is not None:
            self.app.push_screen(
                NotePrompt(
                    f"Note on run {run.id}",
                    run.note,
                    lambda text: self._changing.send(lambda desk, _: ("note", desk.runs.annotate(run.id, text).id)),
                )
            )

    def action_promote(self) -> None:
        """Have the model that the run trained answer by default."""
        run = self._runs.row
        if run is not None:
            self._changing.send(lambda desk, _: ("promoted", desk.runs.promote(run.id)))

    def action_remove(self) -> None:
        """Remove the marked runs, or else the one under the cursor."""
        run = self._runs.row
        numbers = tuple(self._marked or ([] if run is None else [run.id]))
        if numbers:
            self._remove(numbers, is_new=True)

    def _remove(self, numbers: tuple[int, ...], *, is_new: bool = False) -> None:
        def work(desk: ModelDesk, _: object) -> tuple[str, object]:
            desk.runs.remove(numbers)
            return "removed", (numbers, is_new)

        self._changing.send(work)

    def _restore(self, numbers: tuple[int, ...]) -> None:
        def work(desk: ModelDesk, _: object) -> tuple[str, object]:
            desk.runs.restore(numbers)
            return "restored", numbers

        self._changing.send(work)

    def action_order(self) -> None:
        """Order the runs by the next of number, model, figure and seconds."""
        self._order = ORDERS[(ORDERS.index(self._order) + 1) % len(ORDERS)]
        self._show_rows()
        self._draw()

    def _changed(self, message: Answered) -> None:
        self._refused = ""
        what, value = message.value
        if what == "diff":
            from tui.panes.text_page import TextPage

            first, second, found = value
            self.app.push_screen(TextPage("In what two runs differ", partial(diff_page, first, second, found)))
            return
        if what == "removed":
            numbers, is_new = value
            self._marked = []
            self.post_message(StatusChanged(f"✓ {count(len(numbers), 'run')} removed · u undoes"))
            if is_new:
                undo, redo = partial(self._restore, numbers), partial(self._remove, numbers)
                self.state.changes.record(f"removed {count(len(numbers), 'run')}", undo, redo)
                self.refresh_bindings()
        elif what == "restored":
            self.post_message(StatusChanged(f"✓ {count(len(value), 'run')} put back"))
        elif what == "promoted":
            self.post_message(StatusChanged(f"✓ {value} answers by default"))
        self.repeat()

    def _not_changed(self, message: Failed) -> None:
        self._refused = message.failure.text
        self._draw_about()


def _place(rows: Sequence[Any], is_it: Callable[[Any], object]) -> int:
    """The position of the row that was under the cursor; 0 if it is gone."""
    return next((place for place, row in enumerate(rows) if is_it(row)), 0)


def _curve(losses: Sequence[float], width: int) -> Content:
    from tui.widgets.bars import sparkline

    return Content.assemble("loss ", (sparkline(losses, width), "$text-accent"))
