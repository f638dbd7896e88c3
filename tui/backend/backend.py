"""The one door to the engine: worker threads on this side, messages to the screen on the other.

The event loop never computes and never waits. Three kinds of thread do:

- one *opens* the data set after the first paint, then loads the libraries that compute;
- one for each :class:`Mailbox` *answers* what a pane asks; the latest request wins;
- one runs the *long jobs* (embedding, training), one after the other.

All are daemons, and nobody ever joins them: leaving the app does not wait for an ``import torch``.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from typing import TYPE_CHECKING

from engine.errors import CancelledError, NotTrainedError, RecsysError, UnknownError
from engine.session import Job
from tui.backend.host import Post
from tui.backend.jobs import JobThread, Reporter
from tui.backend.mailbox import Mailbox
from tui.backend.services import SessionLike
from tui.backend.threads import numbers, start
from tui.messages import (
    DatasetState,
    DeviceFailed,
    DeviceReady,
    Failure,
    JobView,
    SessionFailed,
    SessionOpened,
    WarmedUp,
)
from tui.wording import describe

if TYPE_CHECKING:
    from textual.message import Message

    from engine.data.results import (
        Task,
    )

log = logging.getLogger("recsys_tui")
# Without a handler of its own, logging would write to stderr, which is the screen.
log.addHandler(logging.NullHandler())


class Backend:
    """Owns the session and every thread that talks to it.

    Parameters
    ----------
    open_session
        Opens the data set; called in a thread, so it may import and read what it likes, and may report progress
        (a first start has to build the demo).
    name
        The data set's, for that progress.
    post
        Takes messages meant for the whole app, from any thread: ``App.post_message``.
    log_hint
        Where the details of an unexpected error are, for its sentence: the log's path, or ``"the log"``.
    clock
        Seconds, for paces and answer times; tests inject a steady one.
    """

    def __init__(
        self,
        open_session: Callable[[Job], SessionLike],
        name: str,
        post: Post,
        *,
        log_hint: str = "the log",
        clock: Callable[[], float] = time.perf_counter,
    ) -> None:
        self._open_session = open_session
        self._name = name
        self._post = post
        self._log_hint = log_hint
        self.clock = clock
        self._session: SessionLike | None = None
        self._opened = threading.Event()
        self._closing = threading.Event()
        self._mailboxes: list[Mailbox] = []
        self._opening: Reporter | None = None
        self._jobs = JobThread(self)

    # -- opening and closing ----------------------------------------------------------------------------------
    def open(self) -> None:
        """Open the session in a thread.

        SessionOpened or SessionFailed follow; after the former DeviceReady and WarmedUp, or DeviceFailed.
        """
        name = self._name or "the data set"
        self._opening = Reporter(JobView(next(numbers), "open", f"opening {name}", "running"), self)
        start("open", self._run_opening, self._opening)

    def close(self, grace: float = 0.25) -> bool:
        """Cancel everything and give a running job ``grace`` seconds to put down what it has.

        Returns
        -------
        bool
            Whether some thread is still busy, perhaps in the middle of an import that nothing can interrupt. The
            process should then leave by ``os._exit`` once the terminal is restored: an orderly exit would have to
            wait for the interpreter's lock.
        """
        self._closing.set()
        if self._opening is not None:
            self._opening.job.cancel()
        for mailbox in self._mailboxes:
            mailbox.withdraw()
        finished = self._jobs.close(grace)
        return not finished or self._opening is not None or any(mailbox.busy for mailbox in self._mailboxes)

    @property
    def quiet(self) -> bool:
        """Whether nothing is opening, asked for or running: what tests wait for."""
        return not (self._opening or self._jobs.busy or any(mailbox.busy for mailbox in self._mailboxes))

    # -- work -------------------------------------------------------------------------------------------------
    def mailbox(self, name: str, post: Post) -> Mailbox:
        """A new mailbox whose answers go to ``post``, from its own thread: ``pane.post_message``."""
        mailbox = Mailbox(self, name, post)
        self._mailboxes.append(mailbox)
        return mailbox

    def embed(self) -> int:
        """Embed what is not embedded yet; the job's number."""
        return self._jobs.add(
            JobView(next(numbers), "search", "embedding"), lambda session, job: session.search.embed(job)
        )

    def train(self, model: str, task: Task) -> int:
        """Train a model with its default options; the job's number."""
        view = JobView(next(numbers), task, f"training {model}")
        return self._jobs.add(view, lambda session, job: session.models.train(model, job=job))

    def cancel(self, job: int) -> None:
        """Stop a job: acknowledged by a message at once, obeyed at the job's next checkpoint."""
        self._jobs.cancel(job)

    # -- for the threads --------------------------------------------------------------------------------------
    def wait_for_session(self) -> SessionLike:
        """Block a worker until the session is open."""
        self._opened.wait()
        assert self._session is not None
        return self._session

    def failure(self, error: BaseException) -> Failure:
        """What to tell the person; what is unexpected also goes to the log, with its traceback."""
        match error:
            case UnknownError():
                return Failure(describe(error), "unknown", error.suggestions)
            case NotTrainedError():
                return Failure(describe(error), "untrained")
            case RecsysError():
                return Failure(describe(error))
        log.error("unexpected error", exc_info=error)
        what = f"{type(error).__name__}: {error}" if str(error) else type(error).__name__
        return Failure(f"unexpected error: {what}; details in {self._log_hint}", "unexpected")

    def dataset_state(self, session: SessionLike) -> DatasetState:
        """Read what the screen shows of the data set; cheap, but not for the event loop."""
        return DatasetState(session.data.overview(), session.search.embedding_state(), tuple(session.models.states()))

    def post(self, message: Message) -> None:
        """Tell the app."""
        self.deliver(self._post, message)

    def deliver(self, post: Post, message: Message) -> None:
        """Post a message, unless there is nobody left to read it."""
        if not self._closing.is_set():
            with suppress(RuntimeError):  # the event loop has just ended
                post(message)

    def _run_opening(self, reporter: Reporter) -> None:
        try:
            try:
                session = self._open_session(reporter.job)
                catalogue = self.dataset_state(session)
            except CancelledError:
                raise
            except Exception as error:
                self.post(SessionFailed(self.failure(error)))
                return
            finally:
                reporter.end()
            self._session = session
            self.post(SessionOpened(catalogue))
            self._opened.set()
            self._warm_up(session, reporter.job)
        except CancelledError:
            return
        finally:
            self._opening = None

    def _warm_up(self, session: SessionLike, job: Job) -> None:
        try:
            self.post(DeviceReady(session.device_name()))
        except Exception as error:
            self.post(DeviceFailed(self.failure(error)))
            return
        try:
            session.search.warm_up(job)
        except CancelledError:
            raise
        except Exception as error:
            self.post(WarmedUp(self.failure(error)))
        else:
            self.post(WarmedUp())
