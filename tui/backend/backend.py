"""Owns the session and every thread that talks to it.

The event loop never computes and never waits. Three kinds of thread do:

- one *opens* the data set after the first paint, then loads the libraries that compute;
- one for each :class:`~tui.backend.mailbox.Mailbox` *answers* what a pane asks; the latest request wins;
- one runs the *long jobs* (embedding, training), one after the other.

All are daemons and never joined: leaving the app does not wait for an ``import torch``.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from engine.errors import CancelledError, RecsysError
from tui.backend.change_queue import ChangeQueue
from tui.backend.connection import Connection, Post
from tui.backend.jobs import JobThread, Reporter
from tui.backend.mailbox import Mailbox
from tui.backend.protocols import SessionLike
from tui.backend.threads import numbers, start
from tui.messages import DatasetChanged, DeviceFailed, DeviceReady, JobView, SessionFailed, SessionOpened, WarmedUp

if TYPE_CHECKING:
    from engine.data.study import Study
    from engine.session import ExportOrder, Job, NewDataset, Task


class Backend:
    """The app's side of the engine.

    Parameters
    ----------
    open_session
        Opens the data set. It is called in a thread, so it may import and read, and it may report progress: a first
        start has to build the demo.
    name
        The data set's name, for that progress.
    post
        Takes messages meant for the whole app, from any thread: ``App.post_message``.
    log_hint
        Where the details of an unexpected error are, for its sentence: the log's path, or ``"the log"``.
    clock
        Seconds, to measure paces and answer times; tests inject a steady one.
    """

    def __init__(
        self,
        open_session: Callable[[Job], SessionLike],
        name: str,
        post: Post,
        *,
        log_hint: str = "the log",
        clock: Callable[[], float] = time.perf_counter,
        report_every: Callable[[], float] = lambda: 0.1,
    ) -> None:
        self._open_session = open_session
        self._name = name
        self._connection = Connection(post, log_hint=log_hint, clock=clock, report_every=report_every)
        self._mailboxes: list[Mailbox] = []
        self._opening: Reporter | None = None
        self._looking = threading.Lock()
        self._jobs = JobThread(self._connection)

    # -- opening and closing ----------------------------------------------------------------------------------
    def open(self) -> None:
        """Open the session in a thread.

        SessionOpened or SessionFailed follow. After SessionOpened, DeviceReady and WarmedUp follow, or DeviceFailed.
        """
        name = self._name or "the data set"
        self._opening = Reporter(JobView(next(numbers), "open", f"opening {name}", "running"), self._connection)
        start("open", self._run_opening, self._opening)

    def close(self, grace: float = 0.25) -> bool:
        """Cancel everything, and give a running job ``grace`` seconds to store what it has.

        Returns
        -------
        bool
            Whether some thread is still busy, perhaps in the middle of an import that nothing can interrupt. The
            process should then leave by ``os._exit`` once the terminal is restored: an orderly exit would have to
            wait for the interpreter's lock.
        """
        self._connection.close()
        if self._opening is not None:
            self._opening.job.cancel()
        for mailbox in self._mailboxes:
            mailbox.withdraw()
        finished = self._jobs.close(grace)
        return not finished or self.answering

    @property
    def answering(self) -> bool:
        """Whether the data set is being opened or a request is waiting or running; long jobs do not count."""
        return self._opening is not None or any(mailbox.busy for mailbox in self._mailboxes)

    @property
    def idle(self) -> bool:
        """Whether nothing is being opened, requested or run: what tests wait for."""
        return not (self.answering or self._jobs.busy)

    # -- work -------------------------------------------------------------------------------------------------
    def mailbox(self, name: str, post: Post) -> Mailbox:
        """A new mailbox with a thread of its own, whose answers go to ``post``, such as ``pane.post_message``."""
        mailbox = Mailbox(self._connection, name, post)
        self._mailboxes = [*(one for one in self._mailboxes if not one.closed), mailbox]
        return mailbox

    def change_queue(self, name: str, post: Post) -> ChangeQueue:
        """A new queue with a thread of its own, for changes of which none may be lost."""
        queue = ChangeQueue(self._connection, name, post)
        self._mailboxes = [*(one for one in self._mailboxes if not one.closed), queue]
        return queue

    def embed(self) -> int:
        """Embed what is not embedded yet; the job's number."""
        view = JobView(next(numbers), "search", "embedding")
        state = self._connection.state
        return self._jobs.add(
            view,
            lambda session, job: session.search.embed(job),
            expected=None if state is None or state.cost is None else state.cost.seconds,
            resumable=True,
            on_stop=lambda session: session.search.forget_interruption(),
        )

    def train(
        self,
        model: str,
        task: Task,
        options: Mapping[str, Any] | None = None,
        *,
        validate: bool = False,
        resume: bool = False,
    ) -> int:
        """Train a model; the job's number.

        Parameters
        ----------
        model, task, options
            What is trained, and the tab that waits for it.
        validate
            Whether to hold out a few interactions, for a figure after each epoch.
        resume
            Whether to go on with the training that was interrupted.
        """
        loss = str((options or {}).get("loss", ""))
        view = JobView(next(numbers), task, f"training {model}{_told(options)}", model=model, loss=loss)
        known = () if self._connection.state is None else self._connection.state.models
        expected = next((one.seconds for one in known if one.name == model), None)

        def work(session: SessionLike, job: Job) -> Any:
            return session.models.train(model, options, job, validate=validate, resume=resume)

        return self._jobs.add(view, work, expected=expected)

    def evaluate(self, model: str, protocol: str, options: Mapping[str, Any] | None = None) -> int:
        """Measure a model on a split of the data; the job's number."""
        view = JobView(next(numbers), "models", f"measuring {model}{_told(options)}", model=model)

        def work(session: SessionLike, job: Job) -> Any:
            from engine.session import EvaluationConfig

            config = EvaluationConfig(protocol=protocol, segments=True, options=options or {})
            return session.models.evaluate(model, config, job)

        return self._jobs.add(view, work)

    def tune(
        self,
        model: str,
        protocol: str,
        trials: int,
        *,
        metric: str | None = None,
        timeout: float | None = None,
    ) -> int:
        """Search for good options of a model; the job's number.

        Parameters
        ----------
        model, protocol, trials, metric, timeout
            As :meth:`engine.session.models.ModelService.tune`; without a metric or a time limit, its defaults.
        """
        view = JobView(next(numbers), "models", f"tuning {model}", model=model)

        def work(session: SessionLike, job: Job) -> Any:
            from engine.session import EvaluationConfig

            config = EvaluationConfig(protocol=protocol)
            return session.models.tune(model, trials, config, job, timeout=timeout, metric=metric)

        return self._jobs.add(view, work)

    def compare(self, models: Sequence[str], protocol: str) -> int:
        """Measure models by the same questions, as far as that was not done yet, and compare them; the job's number.

        The last report's detail is the numbers of their runs.
        """
        names = tuple(models)
        view = JobView(next(numbers), "models", f"comparing {', '.join(names)}", model=names[0])

        def work(session: SessionLike, job: Job) -> None:
            from engine.session import EvaluationConfig, Progress

            found = session.comparison.compare(names, EvaluationConfig(protocol=protocol), job=job)
            job.report(Progress("compared", detail=tuple(model.run.id for model in found.models)))

        return self._jobs.add(view, work)

    def prove(self, study: Study) -> int:
        """Compare the winner of a search with the model that answers now, and train it; the job's number.

        The last report's detail is the numbers of the two runs.
        """
        view = JobView(next(numbers), "models", f"comparing the best {study.model}", model=study.model)
        return self._jobs.add(view, lambda session, job: session.comparison.prove(study, job))

    def pause(self, job: int) -> None:
        """Have the running job wait at its next checkpoint, or go on if it waits there."""
        self._jobs.pause(job)

    def look_again(self) -> None:
        """Read the state of the data set in a thread; DatasetChanged follows if another process has changed it."""
        if self._connection.state is not None and not self._looking.locked():
            start("look", self._look)

    def _look(self) -> None:
        if not self._looking.acquire(blocking=False):
            return
        try:
            known, session = self._connection.state, self._connection.wait_for_session()
            state = self._connection.read_state(session)
            if state != known:
                self._connection.post(DatasetChanged(state))
        except (RecsysError, OSError):
            return  # whoever needs what cannot be read says so
        finally:
            self._looking.release()

    def refine_map(self) -> int:
        """Move neighbours together on the map of the catalogue; the job's number."""
        view = JobView(next(numbers), "map", "refining the map")
        return self._jobs.add(view, lambda session, job: session.map.refine(job))

    def add_dataset(self, new: NewDataset) -> int:
        """Read a data set and store it, or append to a stored one; the job's number."""

        def add(session: SessionLike, job: Job) -> None:
            from engine.session import Progress

            session.datasets.add(new, job, lambda sentence: job.report(Progress(sentence)))

        return self._jobs.add(
            JobView(next(numbers), "data", f"{'updating' if new.is_update else 'adding'} {new.name}"), add
        )

    def export(self, order: ExportOrder) -> int:
        """Write an export; the job's number."""
        from engine.session import EXPORT_KINDS

        owner = EXPORT_KINDS[order.kind].owner
        view = JobView(next(numbers), "data", f"exporting {order.kind} to {order.target.path}")

        def work(session: SessionLike, job: Job) -> str:
            from tui.export_output import describe_export, export_remarks

            done = session.exports.write(order, job)
            return " · ".join([describe_export(done, owner), *export_remarks(done, owner)])

        return self._jobs.add(view, work, resumable=bool(owner) or order.kind == "embeddings")

    def cancel(self, job: int) -> None:
        """Stop a job: a message acknowledges it at once, and the job obeys at its next checkpoint."""
        self._jobs.cancel(job)

    # -- opening ----------------------------------------------------------------------------------------------
    def _run_opening(self, reporter: Reporter) -> None:
        connection = self._connection
        try:
            try:
                session = self._open_session(reporter.job)
                state = connection.read_state(session)
            except CancelledError:
                raise
            except BaseException as error:  # the extensions written in Rust raise some that are no Exception
                connection.post(SessionFailed(connection.failure(error)))
                return
            finally:
                reporter.end()
            connection.post(SessionOpened(state))
            connection.set_session(session)
            self._warm_up(session, reporter.job)
        except CancelledError:
            return
        finally:
            self._opening = None

    def _warm_up(self, session: SessionLike, job: Job) -> None:
        connection = self._connection
        try:
            connection.post(DeviceReady(session.device_name()))
        except BaseException as error:
            connection.post(DeviceFailed(connection.failure(error)))
            return
        try:
            session.search.warm_up(job)
        except CancelledError:
            raise
        except BaseException as error:
            connection.post(WarmedUp(connection.failure(error)))
        else:
            connection.post(WarmedUp())


def _told(options: Mapping[str, Any] | None) -> str:
    """The options of a job, for its label: two jobs of one model with other options are two jobs."""
    return f" ({', '.join(f'{name}={value}' for name, value in options.items())})" if options else ""
