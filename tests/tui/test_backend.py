"""The door to the engine: latest wins, nothing stale, jobs one by one, ten reports a second, out at once."""

from __future__ import annotations

import logging
import threading

import pytest

from engine.data.results import ModelState
from engine.errors import DataError, NotTrainedError, RecsysError, UnknownError
from engine.session import Job, Progress
from tests.tui.fake import FakeSession
from tui.backend import Backend
from tui.backend.connection import Connection
from tui.backend.jobs import Reporter
from tui.messages import (
    Answered,
    DatasetChanged,
    DeviceFailed,
    DeviceReady,
    Failed,
    JobChanged,
    JobView,
    SessionFailed,
    SessionOpened,
    WarmedUp,
)


class Inbox:
    """Collects messages, and waits for one that fits."""

    def __init__(self) -> None:
        self.messages: list[object] = []
        self._came = threading.Condition()

    def __call__(self, message: object) -> None:
        with self._came:
            self.messages.append(message)
            self._came.notify_all()

    def wait_for(self, fits) -> object:
        with self._came:
            assert self._came.wait_for(lambda: any(map(fits, self.messages)), 10), self.messages
            return next(filter(fits, self.messages))

    def until(self, happened) -> None:
        """Wait for something that no message tells of."""
        with self._came:
            for _ in range(1000):
                if happened():
                    return
                self._came.wait(0.01)
        raise AssertionError(self.messages)

    def of(self, kind: type) -> list:
        return [message for message in self.messages if isinstance(message, kind)]


def ended(number):
    return lambda message: isinstance(message, JobChanged) and message.job.id == number and not message.job.active


def is_a(kind):
    return lambda message: isinstance(message, kind)


@pytest.fixture
def inbox():
    return Inbox()


def opened(session, inbox, **options):
    backend = Backend(lambda _: session, "fake", inbox, clock=session.clock, **options)
    backend.open()
    inbox.wait_for(is_a(SessionOpened))
    return backend


def test_opening_tells_of_the_data_set_first_and_of_the_device_then(inbox):
    opened(FakeSession(), inbox)
    inbox.wait_for(is_a(WarmedUp))
    assert [type(message) for message in inbox.messages] == [SessionOpened, DeviceReady, WarmedUp]
    assert inbox.messages[0].dataset.overview.num_items == 20
    assert inbox.messages[1].name == "cpu"


def test_a_failed_opening_is_told_and_can_be_repeated(inbox):
    outcomes = [DataError("no such folder"), FakeSession()]

    def open_session(_):
        outcome = outcomes.pop(0)
        if isinstance(outcome, Exception):
            raise outcome
        return outcome

    backend = Backend(open_session, "fake", inbox)
    backend.open()
    assert inbox.wait_for(is_a(SessionFailed)).failure.text == "no such folder"
    answers = Inbox()
    backend.mailbox("test", answers).ask(lambda session, _: session.data.overview().num_items)
    backend.open()
    assert answers.wait_for(is_a(Answered)).value == 20


def test_a_missing_device_leaves_the_data_set_open(inbox):
    session = FakeSession()
    session.fail("device_name", RecsysError("no CUDA here"))
    backend = opened(session, inbox)
    assert inbox.wait_for(is_a(DeviceFailed)).failure.text == "no CUDA here"
    backend.mailbox("test", inbox).ask(lambda session, _: session.search.search("heat", mode="keyword"))
    assert inbox.wait_for(is_a(Answered)).value.results


def test_what_cannot_be_warmed_up_is_told_and_leaves_the_rest_working(inbox):
    session = FakeSession()
    session.fail("warm_up", DataError("model.safetensors is not what was published: install the package again."))
    backend = opened(session, inbox)
    assert inbox.wait_for(is_a(WarmedUp)).failure.text.startswith("model.safetensors is not")
    backend.mailbox("test", inbox).ask(lambda session, _: session.search.search("heat", mode="keyword"))
    assert inbox.wait_for(is_a(Answered)).value.results


def test_the_latest_of_many_requests_is_answered_and_the_running_one_is_cancelled(inbox):
    backend = opened(FakeSession(), inbox)
    mailbox = backend.mailbox("test", inbox)
    started, release, cancelled = threading.Event(), threading.Event(), []

    def first(_, job):
        started.set()
        release.wait(10)
        cancelled.append(job.cancelled)
        return "first"

    numbers = [mailbox.ask(first)]
    assert started.wait(10)
    numbers += [mailbox.ask(lambda _, __, n=n: n) for n in range(50)]
    release.set()
    answer = inbox.wait_for(is_a(Answered))
    assert (answer.request, answer.value) == (numbers[-1], 49)
    assert cancelled == [True]
    assert len(inbox.of(Answered)) == 1
    assert [mailbox.is_current(number) for number in numbers[-2:]] == [False, True]


def test_every_change_is_made_in_order_and_answered(inbox):
    backend = opened(FakeSession(), inbox)
    queue = backend.change_queue("test", inbox)
    started, release, made = threading.Event(), threading.Event(), []

    def first(_, job):
        started.set()
        release.wait(10)
        made.append((0, job.cancelled))

    def fails(_, __):
        raise DataError("The disk is full.")

    numbers = [queue.ask(first)]
    assert started.wait(10)
    numbers += [queue.ask(lambda _, __, n=n: made.append((n, False))) for n in (1, 2)]
    numbers += [queue.ask(fails), queue.ask(lambda _, __: made.append((4, False)))]
    queue.close()  # whoever asked is gone; what was asked is made all the same
    release.set()
    inbox.wait_for(lambda message: isinstance(message, Answered) and message.request == numbers[-1])
    assert made == [(0, False), (1, False), (2, False), (4, False)]
    assert [message.request for message in inbox.of(Answered)] == [numbers[place] for place in (0, 1, 2, 4)]
    assert [message.request for message in inbox.of(Failed)] == [numbers[3]]
    assert all(queue.is_current(number) for number in numbers)


def test_what_is_withdrawn_is_never_answered(inbox):
    backend = opened(FakeSession(), inbox)
    mailbox = backend.mailbox("test", inbox)
    started, release = threading.Event(), threading.Event()
    mailbox.ask(lambda _, __: (started.set(), release.wait(10)))
    assert started.wait(10)
    mailbox.withdraw()
    release.set()
    last = mailbox.ask(lambda _, __: "last")
    assert inbox.wait_for(is_a(Answered)).request == last


def test_mailboxes_do_not_wait_for_each_other(inbox):
    backend = opened(FakeSession(), inbox)
    release = threading.Event()
    backend.mailbox("slow", inbox).ask(lambda _, __: release.wait(10))
    quick = backend.mailbox("quick", inbox).ask(lambda _, __: "quick")
    assert inbox.wait_for(is_a(Answered)).request == quick
    release.set()


@pytest.mark.parametrize(
    ("error", "kind", "text"),
    [
        (UnknownError("There is no user 7.", ("17", "70")), "unknown", "There is no user 7."),
        (NotTrainedError("Train a model first."), "untrained", "Train a model first."),
        (DataError("ratings.csv, row 3: no number."), "refused", "ratings.csv, row 3: no number."),
        (KeyError("x"), "unexpected", "unexpected error: KeyError: 'x'; details in app.log"),
        (AssertionError(), "unexpected", "unexpected error: AssertionError; details in app.log"),
    ],
)
def test_errors_come_as_sentences(inbox, caplog, error, kind, text):
    backend = opened(FakeSession(), inbox, log_hint="app.log")

    def fail(_, __):
        raise error

    with caplog.at_level(logging.ERROR, logger="tui"):
        backend.mailbox("test", inbox).ask(fail)
        failure = inbox.wait_for(is_a(Failed)).failure
    assert (failure.kind, failure.text) == (kind, text)
    assert bool(caplog.records) == (kind == "unexpected")
    assert failure.suggestions == getattr(error, "suggestions", ())


def test_jobs_run_one_after_the_other(inbox):
    session = FakeSession(trained=())
    backend = opened(session, inbox)
    numbers = [backend.train("explicit", "user"), backend.train("sequence", "sequence")]
    inbox.wait_for(ended(numbers[-1]))
    assert [call[1] for call in session.asked if call[0] == "train"] == ["explicit"] * 10 + ["sequence"] * 10
    states = [(message.job.id, message.job.state) for message in inbox.of(JobChanged)]
    assert states.index((numbers[0], "done")) < states.index((numbers[1], "running"))


def test_an_embedding_is_set_aside_for_a_job_that_takes_less_time(inbox):
    session = FakeSession(embedded=0, trained=())
    gate = session.hold("embed")
    backend = opened(session, inbox)
    embedding = backend.embed()
    inbox.wait_for(lambda message: isinstance(message, JobChanged) and message.job.progress is not None)
    training = backend.train("explicit", "user")
    assert inbox.wait_for(ended(training)).job.state == "done"
    gate.set()
    assert inbox.wait_for(ended(embedding)).job.state == "done"
    states = [message.job.state for message in inbox.of(JobChanged) if message.job.id == embedding]
    assert "waiting" in states[states.index("running") :]
    assert session.done == 20
    assert ("forget_interruption",) not in session.asked


def test_what_is_known_to_take_longer_waits_longer(inbox):
    session = FakeSession(trained=())
    session.further_models = [
        ModelState("slow", "user", "Takes minutes.", seconds=600.0),
        ModelState("quick", "user", "Takes a second.", seconds=1.0),
    ]
    gate = session.hold("train")
    backend = opened(session, inbox)
    backend.train("explicit", "user")
    inbox.wait_for(lambda message: isinstance(message, JobChanged) and message.job.progress is not None)
    numbers = {name: backend.train(name, "user") for name in ("slow", "sequence", "quick")}
    waiting = [message.job for message in inbox.of(JobChanged) if message.job.id == numbers["slow"]]
    assert waiting[-1].waits_for == ("training explicit", "training quick", "training sequence")
    gate.set()
    inbox.wait_for(ended(numbers["slow"]))
    assert list(dict.fromkeys(call[1] for call in session.asked if call[0] == "train")) == [
        "explicit",
        "quick",
        "sequence",
        "slow",
    ]


def test_a_waiting_job_says_how_long_the_one_before_it_takes(inbox):
    session = FakeSession(trained=())
    backend = opened(session, inbox)
    release, added = threading.Event(), threading.Event()

    def train(model, options=None, job=None, seed=42, **_):
        assert added.wait(10)
        for done in range(1, 101):
            session.clock.advance(0.1)
            job.report(Progress("training", done, 200, "batches"))
        assert release.wait(10)

    session.models.train = train
    backend.train("explicit", "user")
    second = backend.train("sequence", "sequence")
    added.set()
    told = inbox.wait_for(
        lambda message: isinstance(message, JobChanged) and message.job.id == second and message.job.wait is not None
    ).job
    assert 9 <= told.wait <= 20
    release.set()
    inbox.wait_for(ended(second))


def test_a_job_that_waits_or_runs_is_not_begun_twice(inbox):
    session = FakeSession(embedded=0, trained=())
    gate = session.hold("embed")
    backend = opened(session, inbox)
    first = backend.embed()
    inbox.wait_for(lambda message: isinstance(message, JobChanged) and message.job.state == "running")
    assert backend.embed() == first
    assert backend.train("explicit", "user") == backend.train("explicit", "user")
    backend.cancel(first)
    # One that is being stopped may be asked for again.
    again = backend.embed()
    assert again != first
    gate.set()
    inbox.wait_for(ended(again))
    assert session.done == 20


def test_the_catalogue_is_read_again_before_a_job_is_called_done(inbox):
    backend = opened(FakeSession(trained=()), inbox)
    number = backend.train("explicit", "user")
    inbox.wait_for(ended(number))
    changed = inbox.of(DatasetChanged)[-1]
    assert changed.dataset.trained("user") == (("explicit", "2025-11-21T23:00:00Z"),)
    assert inbox.messages.index(changed) < inbox.messages.index(inbox.wait_for(ended(number)))


def test_stopping_is_acknowledged_before_it_is_obeyed(inbox):
    session = FakeSession(trained=())
    gate = session.hold("train", stubborn=True)
    backend = opened(session, inbox)
    number = backend.train("explicit", "user")
    inbox.wait_for(lambda message: isinstance(message, JobChanged) and message.job.progress is not None)
    backend.cancel(number)
    assert inbox.of(JobChanged)[-1].job.state == "stopping"
    gate.set()
    assert inbox.wait_for(ended(number)).job.state == "stopped"


def test_a_stop_is_carried_out_although_a_library_is_being_loaded(inbox):
    session = FakeSession(trained=())
    loaded, stopped_there = threading.Event(), []

    def train(model, options=None, job=None, seed=42, **_):
        if model == "explicit":
            assert loaded.wait(10)  # an import, which nothing can interrupt
            stopped_there.append(job.cancelled)
            job.checkpoint()

    session.models.train = train
    backend = opened(session, inbox)
    first, second = backend.train("explicit", "user"), backend.train("sequence", "sequence")
    inbox.wait_for(lambda message: isinstance(message, JobChanged) and message.job.state == "running")
    backend.cancel(first)
    assert inbox.wait_for(ended(first)).job.state == "stopped"
    assert inbox.wait_for(ended(second)).job.state == "done"
    assert not loaded.is_set()
    loaded.set()
    inbox.until(lambda: stopped_there == [True])
    assert [message.job.state for message in inbox.of(JobChanged) if message.job.id == first][-1] == "stopped"


def test_an_embedding_that_was_stopped_on_request_is_not_gone_on_with_at_the_next_start(inbox):
    session = FakeSession(embedded=5)
    session.hold("embed")
    backend = opened(session, inbox)
    number = backend.embed()
    inbox.wait_for(lambda message: isinstance(message, JobChanged) and message.job.progress is not None)
    backend.cancel(number)
    inbox.wait_for(ended(number))
    inbox.until(lambda: ("forget_interruption",) in session.asked)
    assert not session.interrupted


def test_leaving_the_app_does_not_count_as_stopping_an_embedding(inbox):
    session = FakeSession(embedded=5)
    session.hold("embed")
    backend = opened(session, inbox)
    inbox.wait_for(is_a(WarmedUp))
    backend.embed()
    inbox.wait_for(lambda message: isinstance(message, JobChanged) and message.job.progress is not None)
    assert backend.close(grace=5.0) is False
    assert session.interrupted


def test_a_waiting_job_is_taken_back_without_being_started(inbox):
    session = FakeSession(trained=())
    gate = session.hold("train")
    backend = opened(session, inbox)
    first, second = backend.train("explicit", "user"), backend.train("sequence", "sequence")
    backend.cancel(second)
    assert inbox.wait_for(ended(second)).job.state == "stopped"
    gate.set()
    inbox.wait_for(ended(first))
    assert "sequence" not in {call[1] for call in session.asked if call[0] == "train"}


def test_a_failed_job_says_why_and_the_next_one_runs(inbox):
    session = FakeSession(embedded=0, trained=())
    session.fail("embed", DataError("The disk is full."))
    backend = opened(session, inbox)
    first, second = backend.embed(), backend.train("explicit", "user")
    assert inbox.wait_for(ended(first)).job.failure.text == "The disk is full."
    assert inbox.wait_for(ended(second)).job.state == "done"


def test_progress_comes_at_most_ten_times_a_second_with_pace_and_time_left(inbox):
    session = FakeSession(trained=())

    def train(model, options=None, job=None, seed=42, **_):
        for done in range(1, 1001):
            session.clock.advance(0.01)
            job.report(Progress("training", done, 1000, "batches", {"epoch": done // 100, "loss": 1 / done}))

    session.models.train = train
    backend = opened(session, inbox)
    number = backend.train("explicit", "user")
    inbox.wait_for(ended(number))
    reports = [message.job for message in inbox.of(JobChanged) if message.job.state == "running"]
    assert 90 <= len(reports) <= 102
    assert reports[-1].pace == pytest.approx(100)
    assert reports[50].seconds_left == pytest.approx((1000 - reports[50].progress.done) / 100, abs=0.2)
    assert len(reports[-1].losses) >= 10


def test_messages_about_one_job_stand_in_for_each_other():
    from tui.messages import JobView

    older, newer = JobChanged(JobView(1, "user", "x")), JobChanged(JobView(1, "user", "x", "done"))
    assert older.can_replace(newer)
    assert not older.can_replace(JobChanged(JobView(2, "user", "x")))


def test_closing_does_not_wait_for_what_cannot_be_cancelled(inbox):
    session = FakeSession()
    backend = opened(session, inbox)
    release, started = threading.Event(), threading.Event()
    backend.mailbox("test", inbox).ask(lambda _, __: (started.set(), release.wait(10)))
    assert started.wait(10)
    assert backend.close(grace=0.0) is True
    told = len(inbox.messages)
    release.set()
    assert len(inbox.messages) == told


def test_closing_lets_a_job_put_down_what_it_has(inbox):
    session = FakeSession(embedded=0)
    session.hold("embed")
    backend = opened(session, inbox)
    inbox.wait_for(is_a(WarmedUp))
    backend.embed()
    inbox.wait_for(lambda message: isinstance(message, JobChanged) and message.job.progress is not None)
    assert backend.close(grace=5.0) is False


def test_no_thread_keeps_the_process_alive(inbox):
    opened(FakeSession(), inbox).mailbox("test", inbox).ask(lambda _, __: None)
    ours = [thread for thread in threading.enumerate() if thread.name.startswith("recsys-")]
    assert ours
    assert all(thread.daemon for thread in ours)


def test_at_its_end_a_job_has_the_losses_of_all_epochs_however_soon_they_came() -> None:
    inbox = Inbox()
    reporter = Reporter(JobView(1, "user", "training explicit"), Connection(inbox, clock=lambda: 0.0))

    def work(_: object, job: Job) -> None:
        for epoch in (1, 2, 3):
            job.report(Progress("training explicit", values={"epoch": epoch, "loss": 1 / epoch, "validation mrr": 0.5}))

    reporter.run(work, FakeSession())
    ended = reporter.view
    assert ended.state == "done"
    assert ended.losses == (1.0, 1 / 2, 1 / 3)
    assert ended.validation is not None
    assert ended.validation.epochs == (1, 2, 3)


def test_a_detail_that_comes_too_soon_after_a_report_is_shown_though_no_other_follows() -> None:
    """The first trial of a search begins right after its first report, and may last for hours."""
    inbox = Inbox()
    reporter = Reporter(JobView(1, "models", "tuning"), Connection(inbox, clock=lambda: 0.0), lambda: None)

    def work(_: object, job: Job) -> None:
        job.report(Progress("tuning", 0, 12, "trials", detail="no trial"))
        job.report(Progress("tuning", 0, 12, "trials", detail="trial 0 runs"))
        inbox.wait_for(lambda message: isinstance(message, JobChanged) and message.job.detail == "trial 0 runs")

    reporter.run(work, FakeSession())
    assert reporter.view.state == "done"
