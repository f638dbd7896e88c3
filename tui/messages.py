"""What the backend sends to the screen, and what panes ask of the app.

What the messages carry is frozen. The messages themselves cannot be, because Textual sets attributes on them.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, Protocol

from textual.message import Message

if TYPE_CHECKING:
    from engine.data.results import EmbeddingCost, EmbeddingState, ModelState, Overview
    from engine.session import ExternalId, Item, Mark, Progress, Task, ValidationCurve
    from tui.listing import Listing, Record
    from tui.navigation import Place

FailureKind = Literal["refused", "unknown", "untrained", "unexpected"]
JobState = Literal["waiting", "running", "paused", "stopping", "done", "stopped", "failed"]


@dataclass(frozen=True, slots=True)
class Failure:
    """Why a request failed: a sentence for a person, never a traceback."""

    text: str
    kind: FailureKind = "refused"
    suggestions: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class DatasetState:
    """What is known of the open data set. It changes only when the data set is opened or a job has ended.

    ``cost`` is what embedding the rest of the catalogue costs; None if nothing is left, or the model is unknown.
    ``pictures`` is the column of the items that names their pictures; empty if there is none.
    """

    overview: Overview
    embedding: EmbeddingState
    models: tuple[ModelState, ...]
    cost: EmbeddingCost | None = None
    pictures: str = ""

    def default_model(self, task: Task) -> ModelState | None:
        """The model to offer for a task: the first of the registry that can be trained here, else the first."""
        candidates = [model for model in self.models if model.task == task]
        return next((model for model in candidates if not model.obstacle), next(iter(candidates), None))

    @property
    def takes_unrated(self) -> bool:
        """Whether a trained sequence model uses the texts of items, and so knows items that nobody has rated."""
        return any(one.trained and one.task == "sequence" and one.uses_texts for one in self.models)

    def trained(self, task: Task) -> tuple[tuple[str, str | None], ...]:
        """The models that can answer for this task, and when each was trained; empty where none can."""
        return tuple((model.name, model.trained_at) for model in self.models if model.task == task and model.trained)


@dataclass(frozen=True, slots=True)
class JobView:
    """A long job as the screen shows it.

    Attributes
    ----------
    id
        Counts up from 1.
    task
        The name of the tab that it works for; see :data:`tui.panes.TABS`.
    label
        What it does, as a noun phrase: ``"embedding"``, ``"training explicit"``.
    pace
        Pieces a second over the last few reports.
    seconds_left
        At that pace; None while it is not known.
    losses
        One loss for each epoch, if the job reports ``epoch`` and ``loss``.
    validation
        The validation figures of its epochs; None if there are none.
    detail
        What the job last reported beside figures, such as the trials of a search; None if it did not.
    failure
        Why it failed.
    seconds
        How long it took; only at the end.
    waits_for, wait
        The labels of the jobs that it waits for, the running one first, and for how many seconds; None is unknown.
    model
        The model that it trains or measures; empty if it does neither.
    loss
        The loss that the training was told to minimise; empty for the model's default.
    outcome
        What came of it, in a line, where that is more than that it is done.
    resumable
        Whether what it has done is kept when it is stopped, and it goes on from there when it is asked for again.
    """

    id: int
    task: str
    label: str
    state: JobState = "waiting"
    progress: Progress | None = None
    pace: float | None = None
    seconds_left: float | None = None
    losses: tuple[float, ...] = ()
    validation: ValidationCurve | None = None
    detail: object = None
    failure: Failure | None = None
    seconds: float | None = None
    waits_for: tuple[str, ...] = ()
    wait: float | None = None
    model: str = ""
    loss: str = ""
    outcome: str = ""
    resumable: bool = False

    @property
    def active(self) -> bool:
        """Whether it still waits, runs, is paused or is being stopped."""
        return self.state in ("waiting", "running", "paused", "stopping")

    @property
    def goes_on_later(self) -> bool:
        """Whether it is a training that is kept when it is interrupted: one by epochs, which counts its batches."""
        by_epochs = self.progress is not None and self.progress.unit == "batches"
        return by_epochs and self.label.startswith("training ")


# -- from the backend to the app --------------------------------------------------------------------------------


@dataclass
class SessionOpened(Message):
    """The data set is open."""

    dataset: DatasetState


@dataclass
class SessionFailed(Message):
    """The data set could not be opened."""

    failure: Failure


@dataclass
class DatasetChanged(Message):
    """A job has changed what is embedded or trained."""

    dataset: DatasetState


@dataclass
class DeviceReady(Message):
    """The libraries that compute are loaded."""

    name: str


@dataclass
class WarmedUp(Message):
    """What the first requests need is loaded, or could not be loaded; then the requests will fail, too."""

    failure: Failure | None = None


@dataclass
class DeviceFailed(Message):
    """The libraries that compute could not be loaded, or there is no such device."""

    failure: Failure


@dataclass
class JobChanged(Message):
    """A long job waits, moves on or has ended."""

    job: JobView

    def can_replace(self, message: Message) -> bool:
        """Replace an older report of the same job that has not been handled yet."""
        return isinstance(message, JobChanged) and message.job.id == self.job.id


@dataclass
class Warned(Message):
    """A job has something that a person has to read."""

    text: str


# -- from the backend to the pane that asked -------------------------------------------------------------------


@dataclass
class Answered(Message):
    """An answer to the request with this number."""

    request: int
    value: Any
    seconds: float


@dataclass
class Failed(Message):
    """The request with this number could not be answered."""

    request: int
    failure: Failure


# -- from panes to the app ----------------------------------------------------------------------------------------


@dataclass
class Busy(Message):
    """A pane waits for something, or no longer does (an empty text)."""

    source: str
    text: str


@dataclass
class StatusChanged(Message):
    """A line for the status bar: how the last answer came about.

    Attributes
    ----------
    text
        The line. What failed begins with ``✗``, and is told in front of the screen if the bar cannot show all of it.
    loud
        Whether it is told there in any case, since another line follows soon.
    """

    text: str
    loud: bool = False


@dataclass
class LeavePlace(Message):
    """This place is left for another one in the same tab; the app remembers it."""

    place: Place


@dataclass
class SwitchDataset(Message):
    """Close the open data set and open the one of this name."""

    name: str


@dataclass
class AddToSequence(Message):
    """Append this item to the sequence, from whichever pane."""

    item: Item


@dataclass
class RateItem(Message):
    """Keep what the person at the keyboard says about this item: a number of half stars, or a status.

    Attributes
    ----------
    item
        The item.
    half_stars
        From 1 to 10; None if something else is said.
    status
        ``"watchlist"`` puts the item on the watchlist, or takes it off; ``"forget"`` removes what was said.
    """

    item: Item
    half_stars: int | None = None
    status: str = ""


@dataclass
class ProfileChosen(Message):
    """Rate for this profile from now on."""

    name: str


@dataclass
class ProfileGone(Message):
    """A profile was removed, or has another name: its changes can no longer be undone."""

    name: str


@dataclass
class MatchEntry(Message):
    """Keep which item an entry of one's own ratings means.

    Attributes
    ----------
    entry
        The title of the entry, with its year in brackets.
    item
        The item of the data set; None takes the match back.
    profile
        Whose entry.
    """

    entry: str
    item: Item | None
    profile: str


@dataclass
class OwnRatingsChanged(Message):
    """One's own ratings have changed.

    Attributes
    ----------
    matched
        What was matched by hand, or is no longer; None if something else was changed.
    """

    matched: MatchEntry | None = None


@dataclass
class MarkItem(Message):
    """Pin this item, or hide it, in all searches; once more takes the mark off.

    Attributes
    ----------
    item
        The item.
    mark
        How it is marked.
    """

    item: Item
    mark: Mark


@dataclass
class ItemsMarked(Message):
    """Which items are pinned or hidden has changed."""


@dataclass
class MoreLikeThis(Message):
    """Search for items like this one."""

    item: Item


@dataclass
class ShowDetails(Message):
    """Show the details of this item in a pop-up.

    Attributes
    ----------
    item
        The item.
    figures
        Names and values of what a list knows about it.
    matched, typed
        The words of the item that a search matched, and the words that were typed.
    """

    item: Item
    figures: tuple[tuple[str, str], ...] = ()
    matched: tuple[str, ...] = ()
    typed: str = ""


class PictureFrame(Protocol):
    """A widget that shows a picture, such as :class:`tui.widgets.poster.Poster`."""

    @property
    def is_attached(self) -> bool:
        """Whether it is still there."""

    def expect(self, request: int | None) -> None:
        """Wait for the answer to this request; None if there is no picture."""

    def post_message(self, message: Message) -> bool:
        """Take the answer."""


@dataclass
class PictureWanted(Message):
    """Read and draw the picture of an item.

    Attributes
    ----------
    item
        The item.
    columns, rows
        The room for it in cells.
    poster
        The widget that waits for it: it is told the number of the request, and is sent the answer.
    """

    item: Item
    columns: int
    rows: int
    poster: PictureFrame


@dataclass(frozen=True, slots=True)
class MapLayer:
    """Items that are marked on the map.

    Attributes
    ----------
    kind
        Which mark they have; see :data:`tui.map.layers.MARKS`.
    name
        What they are, for the legend.
    items
        Their internal ids, in the order of the list that they come from.
    """

    kind: Literal["found", "history", "recommended", "sequence", "next", "near"]
    name: str
    items: tuple[int, ...]

    @classmethod
    def of(cls, kind: Any, name: str, items: Iterable[Item]) -> MapLayer:
        """The layer of some items."""
        return cls(kind, name, tuple(item.internal_id for item in items))


@dataclass
class ShowMap(Message):
    """Show the map of the catalogue.

    Attributes
    ----------
    item
        The item that the cursor is to be on; None for the best known one.
    layers
        The items to mark.
    """

    item: Item | None = None
    layers: tuple[MapLayer, ...] = ()


@dataclass
class CopyText(Message):
    """Copy this text to the clipboard, and confirm it.

    Attributes
    ----------
    text
        The text.
    what
        What it is, for the confirmation; the text itself if this is empty.
    """

    text: str
    what: str = ""


@dataclass
class CopyTitle(Message):
    """Copy the title of this item, with its year."""

    item: Item


@dataclass
class CopyAs(Message):
    """Ask in which form this record is copied."""

    record: Record


@dataclass
class ExportList(Message):
    """Ask where this list goes to, and in which format."""

    listing: Listing


@dataclass
class OpenExport(Message):
    """Ask what is exported for all users or items, and where it goes to.

    Attributes
    ----------
    kind
        The kind to begin with.
    model
        The model to begin with; None for the one that answers by default.
    count
        The length of the lists to begin with.
    file
        The file to begin with; empty for a suggestion.
    """

    kind: str
    model: str | None = None
    count: int = 10
    file: str = ""


@dataclass
class OpenPage(Message):
    """Open the page that this item has on the web."""

    item: Item


@dataclass
class FindFans(Message):
    """List the users who rated this item highest."""

    item: Item


@dataclass
class FindSimilarUsers(Message):
    """List the users who are most like this one."""

    user: ExternalId


@dataclass
class ShowUser(Message):
    """Open the User tab with this user.

    Attributes
    ----------
    user
        The user's id.
    part
        Where the cursor goes to.
    model
        The model that answers; None for the one that has answered before.
    """

    user: ExternalId
    part: Literal["history", "recommendations"] = "recommendations"
    model: str | None = None


@dataclass
class SearchFor(Message):
    """Open the Search tab with this line.

    Attributes
    ----------
    line
        The line.
    mode
        The mode of the search; empty for the present one.
    """

    line: str
    mode: str = ""


@dataclass
class UseAsSequence(Message):
    """Read the history of this user and make it the sequence."""

    user: ExternalId


@dataclass
class ReplaceSequence(Message):
    """Make these items the sequence, oldest first, and open the Sequence tab."""

    items: tuple[Item, ...]
