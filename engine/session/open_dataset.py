"""One open data set: what all services of a session share."""

from __future__ import annotations

from threading import Thread
from typing import TYPE_CHECKING
from weakref import WeakSet

from engine.runtime.device_queue import DeviceQueue
from engine.runtime.executor import LOCAL, Executor, make_executor
from engine.runtime.job import Job
from engine.runtime.locked_property import locked_property
from engine.runtime.pandas_later import import_arrow

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    from engine.data.dataset import Dataset
    from engine.data.interaction_stats import InteractionStats
    from engine.data.user_index import UserIndex
    from engine.storage.settings import Settings
    from engine.storage.shared_storage import SharedStorage
    from engine.workspace.dataset_store import Workspace
    from engine.workspace.manifest import Manifest


#: The places in which this process shares data with the machines of a cluster.
_storages: WeakSet[SharedStorage] = WeakSet()


class OpenDataset:
    """A data set, read when something first needs it, and the device that computes.

    Parameters
    ----------
    workspace
        Where it lies, with its embeddings and its trained models.
    name
        The data set's.
    device
        ``"auto"``, ``"cpu"``, ``"cuda"`` or ``"mps"``.
    interactive
        Whether somebody sits before a screen: a hybrid search then answers by keyword while the embedding model is
        not loaded yet, and a core is left to the screen.
    embedding_model
        A name or a folder; None for the one in the settings, else the one that comes with the package.
    index
        The address of a store of vectors that search by meaning asks; None for the vectors of this machine. See
        :func:`engine.search.semantic.table_address.open_table`.
    on
        Where large work is computed; see :func:`engine.runtime.executor.make_executor`.
    storage
        Where the machines of a cluster read large data; see :func:`engine.datasets.locations.shared_place.open_place`.
        None for the one in the settings, else it is sent to them.
    brief
        Whether models are asked for few answers, as by a command: NumPy then gives those that it can, and torch, whose
        import would take longer than an answer, is left out.
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
        self.workspace = workspace
        self.name = name
        self.device = device
        self.interactive = interactive
        self.embedding_model = embedding_model
        self.index = index
        self.on = on
        self.storage = storage
        self.brief = brief
        self.queue = DeviceQueue()
        self._executor: Executor | None = None

    def executor(self, job: Job) -> Executor:
        """Give what computes large work. A cluster is started or joined when something first needs it.

        Parameters
        ----------
        job
            The job that needs it; when it is cancelled, it does not wait for a cluster any longer.

        Raises
        ------
        RecsysError
            If the cluster cannot be reached, or its storage cannot be written to.
        """
        place = self.storage or self.settings.storage

        def open_storage() -> SharedStorage:
            from engine.datasets.locations.shared_place import open_place

            storage = open_place(place or "")
            _storages.add(storage)
            return storage

        if self._executor is None:  # two jobs may each make one, which serve alike
            self._executor = make_executor(self.on, open_storage if place else None, job)
        return self._executor

    def distributed(self, job: Job) -> Executor | None:
        """Give the executor, if it is another one than this process; see :meth:`executor`."""
        return None if self.on == LOCAL else self.executor(job)

    @locked_property
    def manifest(self) -> Manifest:
        """The data set's description."""
        return self.workspace.manifest(self.name)

    @locked_property
    def dataset(self) -> Dataset:
        """The data set itself."""
        import_arrow()
        return self.workspace.open(self.name)

    @locked_property
    def settings(self) -> Settings:
        """The settings when the data set was opened; what is damaged counts as not set."""
        from engine.storage.paths import find_paths
        from engine.storage.settings import read_settings

        return read_settings(find_paths().config, strict=False)

    @property
    def shows_adult(self) -> bool:
        """Whether the settings have items for adults shown in every list."""
        return self.settings.show_adult or False

    @locked_property
    def _by_user(self) -> tuple[UserIndex, InteractionStats]:
        # Both are read from files where the data set is large, else they are made of what is in memory anyway.
        return self.workspace.open_by_user(self.manifest, lambda: self.dataset.interactions)

    @property
    def user_index(self) -> UserIndex:
        """Who interacted with what."""
        return self._by_user[0]

    @property
    def stats(self) -> InteractionStats:
        """What is counted over all interactions."""
        return self._by_user[1]

    @locked_property
    def popularity(self) -> npt.NDArray[np.int64]:
        """The number of interactions of each item, by internal id."""
        return self.stats.popularity(self.dataset.num_items)


def remove_shared_data(seconds: float) -> None:
    """Remove what this process shares with the machines of a cluster, as far as that goes in so many seconds.

    It is for a process that ends at once, without what Python does at an orderly end.
    """
    storages = list(_storages)

    def remove() -> None:
        for one in storages:
            one.remove()

    if storages:
        removing = Thread(target=remove, daemon=True)
        removing.start()
        removing.join(seconds)


def check(job: Job | None) -> None:
    """Stop before the work begins if it was cancelled while it waited for the device."""
    if job is not None:
        job.checkpoint()
