"""Where a pane puts its questions: the latest one wins."""

from __future__ import annotations

import threading
from dataclasses import dataclass
from typing import TYPE_CHECKING

from engine.errors import CancelledError
from engine.session import Job
from tui.backend.host import Host, Post, Work
from tui.backend.services import SessionLike
from tui.backend.threads import numbers, start
from tui.messages import Answered, Failed

if TYPE_CHECKING:
    from textual.message import Message


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

    def __init__(self, host: Host, name: str, post: Post) -> None:
        self._host = host
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
                start(self._name, self._run)
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
        self._latest = next(numbers)
        if self._running is not None:
            self._running.job.cancel()

    def _run(self) -> None:
        session = self._host.wait_for_session()
        while True:
            with self._changed:
                self._running = None
                while self._waiting is None:
                    self._changed.wait()
                request, self._waiting = self._waiting, None
                self._running = request
            message = self._answer(session, request)
            if message is not None and self.is_current(request.number):
                self._host.deliver(self._post, message)

    def _answer(self, session: SessionLike, request: _Request) -> Message | None:
        started = self._host.clock()
        try:
            value = request.work(session, request.job)
        except CancelledError:
            return None
        except Exception as error:
            # A failure that nobody waits for any more is nobody's concern, and often the cancel's own doing.
            return None if request.job.cancelled else Failed(request.number, self._host.failure(error))
        return Answered(request.number, value, self._host.clock() - started)
