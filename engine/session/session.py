"""A session: one open data set and a service for each question, which the app and the command line call.

Nothing here starts a thread. Every method may be called from any thread; those that compute wait for their turn on
the device, so that only one thing computes at a time, and say how far they are through a
:class:`engine.runtime.job.Job`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from engine.errors import DataError
from engine.runtime.executor import LOCAL, require_executor
from engine.runtime.job import Job
from engine.runtime.lazy_import import import_in_background
from engine.runtime.locked_property import locked_property
from engine.session.data import DataService
from engine.session.model_cards import ModelCardService
from engine.session.models import ModelService
from engine.session.open_dataset import OpenDataset
from engine.session.pins import PinService
from engine.session.profile import ProfileService
from engine.session.queries import QueryService
from engine.session.runs import RunService
from engine.session.search import SearchService
from engine.session.sequences import SequenceService
from engine.session.stored_datasets import DatasetService
from engine.session.users import UserService

if TYPE_CHECKING:
    from engine.session.comparison import ComparisonService
    from engine.session.exports.service import ExportService
    from engine.session.map import MapService
    from engine.session.me import MeService
    from engine.session.own_answers import OwnAnswerService
    from engine.session.own_taste import OwnTaste
    from engine.session.people import PeopleService
    from engine.session.pictures import PictureService
    from engine.session.taste import TasteService
    from engine.workspace.dataset_store import Workspace


def open_session(
    workspace: Workspace,
    name: str | None = None,
    *,
    device: str = "auto",
    interactive: bool = False,
    embedding_model: str | None = None,
    index: str | None = None,
    on: str = LOCAL,
    storage: str | None = None,
    brief: bool = False,
    job: Job | None = None,
) -> Session:
    """Open a data set by name; without one, that of the settings, else the set used last, else the bundled demo.

    The demo is stored at its first use, so that it is a data set like any other. What killed processes left is cleared
    first.

    Raises
    ------
    UnknownError
        If there is no data set of this name.
    OptionError
        If ``on`` is no executor, ``storage`` is neither a folder nor an address of S3, or this machine does not have
        the device.
    """
    require_executor(on)
    if storage is not None:
        from engine.datasets.locations.shared_place import require_place

        require_place(storage)
    from engine.datasets.ingest import add
    from engine.session.datasets import clear_leftovers
    from engine.storage.paths import find_paths
    from engine.storage.settings import read_settings
    from engine.workspace.dataset_store import DEMO

    clear_leftovers(workspace)
    settings = read_settings(find_paths().config, strict=False)
    preferred = settings.dataset if settings.dataset in (DEMO, *workspace.names()) else None
    wanted = name or preferred or workspace.current() or DEMO
    device = (settings.device or device) if device == "auto" else device
    if on == LOCAL and not interactive:  # a cluster may have what is not here, and an app tells once it looks
        _require_device(device)
    if wanted == DEMO and DEMO not in workspace:
        try:
            add(workspace, DEMO, job=job)
        except DataError:
            if DEMO not in workspace:  # else another process was quicker
                raise
    workspace.manifest(wanted)
    return Session(
        workspace,
        wanted,
        device=device,
        interactive=interactive,
        embedding_model=embedding_model,
        index=index,
        on=on,
        storage=storage,
        brief=brief,
    )


def _require_device(device: str) -> None:
    """Refuse a device that this machine lacks, also where nothing would be computed on it.

    What every machine has is not looked up, since that would import torch.
    """
    if device not in ("auto", "cpu"):
        import_in_background("torch")
        from engine.runtime.device import resolve

        resolve(device)


class Session:
    """One open data set, with a service for each kind of question.

    Parameters
    ----------
    workspace, name, device, interactive, embedding_model, index, on, storage, brief
        As of :class:`engine.session.open_dataset.OpenDataset`.

    Attributes
    ----------
    data
        What the data set holds.
    profiles
        What the data set is like: its sizes, histograms and faults.
    datasets
        The stored data sets: adding, renaming and removing them.
    queries
        SQL over the tables of the data set.
    pins
        The items that searches show first, and those that they leave out.
    search
        What is like these words, or like this item.
    models
        Which models are trained; training, measuring and tuning them.
    cards
        What each model needs, its options, and what its training would take.
    runs
        What was trained, measured and tuned before.
    users
        Who is in the data set, and what they would like.
    sequences
        What comes after these items.
    """

    def __init__(
        self,
        workspace: Workspace,
        name: str,
        *,
        device: str = "auto",
        interactive: bool = False,
        embedding_model: str | None = None,
        index: str | None = None,
        on: str = LOCAL,
        storage: str | None = None,
        brief: bool = False,
    ) -> None:
        self._opened = OpenDataset(
            workspace,
            name,
            device=device,
            interactive=interactive,
            embedding_model=embedding_model,
            index=index,
            on=on,
            storage=storage,
            brief=brief,
        )
        self.data = DataService(self._opened)
        self.datasets = DatasetService(workspace, name)
        self.profiles = ProfileService(self._opened)
        self.queries = QueryService(self._opened)
        self.pins = PinService(self._opened)
        self.search = SearchService(self._opened, self.pins, lambda profile: self._own_taste.nudge(profile))
        self.models = ModelService(self._opened, self.search)
        self.runs = RunService(self._opened)
        self.cards = ModelCardService(self._opened, self.models)
        self.users = UserService(self._opened, self.models)
        self.sequences = SequenceService(self._opened, self.models)

    @locked_property
    def me(self) -> MeService:
        """The ratings of the people who use the program."""
        from engine.session.me import MeService

        return MeService(self._opened)

    @locked_property
    def _own_taste(self) -> OwnTaste:
        from engine.session.own_taste import OwnTaste

        return OwnTaste(self._opened, self.models, self.me, self.search.stored_vectors)

    @locked_property
    def own_answers(self) -> OwnAnswerService:
        """What the people who use the program would like."""
        from engine.session.own_answers import OwnAnswerService

        return OwnAnswerService(self._opened, self.models, self.me)

    @locked_property
    def people(self) -> PeopleService:
        """The users of the data set and the profiles of one's own ratings, asked in the same way."""
        from engine.session.people import PeopleService

        return PeopleService(self.users, self.me, self.own_answers)

    @locked_property
    def exports(self) -> ExportService:
        """The answers for all users or items, vectors and reports, written to files."""
        from engine.session.exports.service import ExportService

        return ExportService(self._opened, self.models, self.search)

    @locked_property
    def map(self) -> MapService:
        """The catalogue laid out by meaning."""
        from engine.session.map import MapService

        return MapService(self._opened, self.search)

    @locked_property
    def pictures(self) -> PictureService:
        """The pictures of items that lie beside the catalogue."""
        from engine.session.pictures import PictureService

        return PictureService(self._opened)

    @locked_property
    def comparison(self) -> ComparisonService:
        """Models measured by the same questions, and side by side."""
        from engine.session.comparison import ComparisonService

        return ComparisonService(self._opened, self.models, self.sequences)

    @locked_property
    def taste(self) -> TasteService:
        """What users' interactions say of their taste."""
        from engine.session.taste import TasteService

        return TasteService(self._opened, self.me)

    @property
    def name(self) -> str:
        """The name of the data set."""
        return self._opened.name

    @property
    def workspace(self) -> Workspace:
        """Where the data set lies."""
        return self._opened.workspace

    def device_name(self) -> str:
        """What computes: ``"cpu"``, ``"cuda:0 NVIDIA H200"``, ``"mps"`` (imports torch)."""
        import_in_background("torch")
        from engine.runtime.device import describe, leave_a_core, resolve

        if self._opened.interactive:
            leave_a_core()
        return describe(resolve(self._opened.device))
