"""The one door to the engine: worker threads on this side, messages to the screen on the other.

The event loop never computes and never waits. Three kinds of thread do:

- one *opens* the data set after the first paint, then loads the libraries that compute;
- one for each :class:`Mailbox` *answers* what a pane asks; the latest request wins;
- one runs the *long jobs* (embedding, training), one after the other.

All are daemons, and nobody ever joins them: leaving the app does not wait for an ``import torch``.
"""

from __future__ import annotations

import itertools
import logging
import threading
import time
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Protocol

from engine.errors import CancelledError, NotTrainedError, RecsysError, UnknownError
from engine.job import Job, Progress
from tui.messages import (
    Answered,
    Catalogue,
    CatalogueChanged,
    DeviceFailed,
    DeviceReady,
    Failed,
    Failure,
    JobChanged,
    JobView,
    SessionFailed,
    SessionOpened,
    WarmedUp,
)

if TYPE_CHECKING:
    from textual.message import Message

    from engine.results import (
        Answer,
        EmbeddingState,
        FitReport,
        HistoryEntry,
        ModelState,
        Overview,
        Task,
        TitleMatch,
        UserSummary,
    )
    from engine.vocabulary import OutsideId

log = logging.getLogger("recsys_tui")
# Without a handler of its own, logging would write to stderr, which is the screen.
log.addHandler(logging.NullHandler())

#: The screen is told of progress at most this often, in seconds.
REPORT_EVERY = 0.1


class SessionLike(Protocol):
    """What the app needs of :class:`engine.session.Session`."""

    def overview(self) -> Overview: ...  # noqa: D102
    def device_name(self) -> str: ...  # noqa: D102
    def embedding_state(self) -> EmbeddingState: ...  # noqa: D102
    def embed(self, job: Job | None = None) -> EmbeddingState: ...  # noqa: D102
    def warm_up(self, job: Job | None = None) -> None: ...  # noqa: D102
    def search(  # noqa: D102
        self,
        query: str,
        k: int = 10,
        mode: str = "hybrid",
        like: OutsideId | None = None,
        job: Job | None = None,
    ) -> Answer: ...
    def find_users(self, text: str, limit: int = 50) -> list[UserSummary]: ...  # noqa: D102
    def history(self, user: OutsideId) -> list[HistoryEntry]: ...  # noqa: D102
    def recommend(  # noqa: D102
        self,
        user: OutsideId,
        k: int = 10,
        model: str | None = None,
        filter_seen: bool = True,
        job: Job | None = None,
    ) -> Answer: ...
    def complete_title(self, text: str, limit: int = 8) -> list[TitleMatch]: ...  # noqa: D102
    def resolve_title(self, text: str, *, rated: bool = True) -> TitleMatch: ...  # noqa: D102
    def next_items(  # noqa: D102
        self,
        items: Sequence[int],
        k: int = 10,
        model: str | None = None,
        filter_seen: bool = True,
        job: Job | None = None,
    ) -> Answer: ...
    def models(self, task: Task | None = None) -> list[ModelState]: ...  # noqa: D102
    def train(  # noqa: D102
        self, model: str, options: Mapping[str, Any] | None = None, job: Job | None = None, seed: int = 42
    ) -> FitReport: ...


Post = Callable[["Message"], object]
Work = Callable[[SessionLike, Job], Any]


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
        self._opening: _Reporter | None = None
        self._jobs = _JobThread(self)

    # -- opening and closing ----------------------------------------------------------------------------------
    def open(self) -> None:
        """Open the session in a thread.

        SessionOpened or SessionFailed follow; after the former DeviceReady and WarmedUp, or DeviceFailed.
        """
        self._opening = _Reporter(JobView(next(_numbers), "open", f"opening {self._name}", "running"), self)
        _start("open", self._run_opening, self._opening)

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
        return self._jobs.add(JobView(next(_numbers), "search", "embedding"), lambda session, job: session.embed(job))

    def train(self, model: str, task: Task) -> int:
        """Train a model with its default options; the job's number."""
        view = JobView(next(_numbers), task, f"training {model}")
        return self._jobs.add(view, lambda session, job: session.train(model, job=job))

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
                return Failure(str(error), "unknown", error.suggestions)
            case NotTrainedError():
                return Failure(str(error), "untrained")
            case RecsysError():
                return Failure(str(error))
        log.error("unexpected error", exc_info=error)
        what = f"{type(error).__name__}: {error}" if str(error) else type(error).__name__
        return Failure(f"unexpected error: {what}; details in {self._log_hint}", "unexpected")

    def catalogue(self, session: SessionLike) -> Catalogue:
        """Read what the screen shows of the data set; cheap, but not for the event loop."""
        return Catalogue(session.overview(), session.embedding_state(), tuple(session.models()))

    def post(self, message: Message) -> None:
        """Tell the app, unless it is leaving."""
        if not self._closing.is_set():
            self._post(message)

    def _run_opening(self, reporter: _Reporter) -> None:
        try:
            try:
                session = self._open_session(reporter.job)
                catalogue = self.catalogue(session)
            except CancelledError:
                return
            except BaseException as error:
                self.post(SessionFailed(self.failure(error)))
                return
            finally:
                reporter.end()
            self._session = session
            self.post(SessionOpened(catalogue))
            self._opened.set()
            self._warm_up(session, reporter.job)
        finally:
            self._opening = None

    def _warm_up(self, session: SessionLike, job: Job) -> None:
        try:
            self.post(DeviceReady(session.device_name()))
            session.warm_up(job)
            self.post(WarmedUp())
        except CancelledError:
            return
        except BaseException as error:
            self.post(DeviceFailed(self.failure(error)))


@dataclass(slots=True)
class _Request:
    number: int
    work: Work
    job: Job


class Mailbox:
    """A slot for one request and a thread that answers it.

    A newer request takes the place of the one that waits and cancels the one that runs; the answer of an overtaken
    request is never posted. Whoever receives an :class:`~tui.messages.Answered` still asks :meth:`is_current`, for
    a newer request may have been made while the message was on its way.
    """

    def __init__(self, backend: Backend, name: str, post: Post) -> None:
        self._backend = backend
        self._name = name
        self._post = post
        self._changed = threading.Condition()
        self._latest = 0
        self._waiting: _Request | None = None
        self._running: _Request | None = None
        self._started = False

    def ask(self, work: Work) -> int:
        """Have ``work(session, job)`` done; the number of the request."""
        with self._changed:
            self._overtake()
            self._waiting = _Request(self._latest, work, Job())
            self._changed.notify()
            if not self._started:
                self._started = True
                _start(self._name, self._run)
            return self._latest

    def withdraw(self) -> None:
        """Forget what was asked: no answer to it will come."""
        with self._changed:
            self._overtake()
            self._waiting = None

    def is_current(self, request: int) -> bool:
        """Whether this is the latest request."""
        return request == self._latest

    @property
    def busy(self) -> bool:
        """Whether a request waits or runs."""
        return self._waiting is not None or self._running is not None

    def _overtake(self) -> None:
        self._latest = next(_numbers)
        if self._running is not None:
            self._running.job.cancel()

    def _run(self) -> None:
        session = self._backend.wait_for_session()
        while True:
            with self._changed:
                self._running = None
                while self._waiting is None:
                    self._changed.wait()
                request, self._waiting = self._waiting, None
                self._running = request
            message = self._answer(session, request)
            if message is not None and self.is_current(request.number):
                self._post(message)

    def _answer(self, session: SessionLike, request: _Request) -> Message | None:
        started = self._backend.clock()
        try:
            value = request.work(session, request.job)
        except CancelledError:
            return None
        except BaseException as error:
            # A failure that nobody waits for any more is nobody's concern, and often the cancel's own doing.
            return None if request.job.cancelled else Failed(request.number, self._backend.failure(error))
        return Answered(request.number, value, self._backend.clock() - started)


class _JobThread:
    """Runs long jobs one after the other."""

    def __init__(self, backend: Backend) -> None:
        self._backend = backend
        self._changed = threading.Condition()
        self._waiting: deque[tuple[_Reporter, Work]] = deque()
        self._running: _Reporter | None = None
        self._started = False

    @property
    def busy(self) -> bool:
        return bool(self._waiting) or self._running is not None

    def add(self, view: JobView, work: Work) -> int:
        reporter = _Reporter(view, self._backend)
        with self._changed:
            self._waiting.append((reporter, work))
            self._changed.notify_all()
            if not self._started:
                self._started = True
                _start("jobs", self._run)
        reporter.tell()
        return view.id

    def cancel(self, number: int) -> None:
        with self._changed:
            for entry in self._waiting:
                if entry[0].view.id == number:
                    self._waiting.remove(entry)
                    entry[0].tell(state="stopped")
                    return
            running = self._running
        if running is not None and running.view.id == number:
            running.stop()

    def close(self, grace: float) -> bool:
        """Cancel all; whether the running one came to its end within ``grace`` seconds."""
        with self._changed:
            self._waiting.clear()
            if self._running is not None:
                self._running.job.cancel()
            return self._changed.wait_for(lambda: self._running is None, grace)

    def _run(self) -> None:
        session = self._backend.wait_for_session()
        while True:
            with self._changed:
                while not self._waiting:
                    self._changed.wait()
                reporter, work = self._waiting.popleft()
                self._running = reporter
            try:
                reporter.run(work, session)
            finally:
                with self._changed:
                    self._running = None
                    self._changed.notify_all()


class _Reporter:
    """Turns what a job reports into what the screen shows, often enough and no oftener."""

    #: Reports over which the pace is taken: three seconds' worth.
    _WINDOW = 30

    def __init__(self, view: JobView, backend: Backend) -> None:
        self.view = view
        self.job = Job(self._report)
        self._backend = backend
        self._told_at = float("-inf")
        self._seen: deque[tuple[float, int]] = deque(maxlen=self._WINDOW)
        self._losses: dict[int, float] = {}
        self._telling = threading.Lock()

    def run(self, work: Work, session: SessionLike) -> None:
        started = self._backend.clock()
        self.tell(state="running")
        try:
            work(session, self.job)
        except CancelledError:
            state, failure = "stopped", None
        except BaseException as error:
            state, failure = "failed", self._backend.failure(error)
        else:
            state, failure = "done", None
        # Also after a stop or a failure: what was done so far may have been kept.
        try:
            self._backend.post(CatalogueChanged(self._backend.catalogue(session)))
        except BaseException as error:
            failure = failure or self._backend.failure(error)
        self.tell(state=state, failure=failure, seconds=self._backend.clock() - started, seconds_left=None)

    def end(self) -> None:
        """Take what was reported off the screen; a job that never reported was never on it."""
        told = self.view.progress is not None
        self.view = replace(self.view, state="done")
        if told:
            self.tell()

    def stop(self) -> None:
        """Acknowledge first, then ask the job."""
        self.tell(state="stopping")
        self.job.cancel()

    def tell(self, **changes: Any) -> None:
        with self._telling:
            if changes.get("state") == "stopping" and not self.view.active:
                return
            self.view = replace(self.view, **changes)
            self._backend.post(JobChanged(self.view))

    def _report(self, progress: Progress) -> None:
        if not self.view.active:
            return
        now = self._backend.clock()
        values = progress.values
        if "epoch" in values and "loss" in values:
            self._losses[int(values["epoch"])] = float(values["loss"])
        if now - self._told_at < REPORT_EVERY:
            return
        previous = self.view.progress
        if previous is None or previous.stage != progress.stage or progress.done < previous.done:
            self._seen.clear()
        elif previous.total is not None and progress.total is not None and progress.total < previous.total:
            # An epoch's end may be reported as an end of its own.
            progress = replace(progress, total=previous.total)
        self._told_at = now
        self._seen.append((now, progress.done))
        then, before = self._seen[0]
        pace = (progress.done - before) / (now - then) if now > then else None
        left = (progress.total - progress.done) / pace if pace and progress.total is not None else None
        self.tell(progress=progress, pace=pace, seconds_left=left, losses=tuple(self._losses.values()))


_numbers = itertools.count(1)


def _start(name: str, target: Callable[..., None], *arguments: Any) -> None:
    threading.Thread(target=target, args=arguments, name=f"recsys-{name}", daemon=True).start()
