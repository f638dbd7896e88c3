"""The words of the command line inside the app: what follows ``:``."""

from __future__ import annotations

import shlex
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

from engine.errors import RecsysError, UnknownError
from tui.messages import OpenExport, ReplaceSequence, SearchFor, ShowUser

if TYPE_CHECKING:
    from textual.message import Message

    from engine.session import Job
    from tui.backend.backend import Backend
    from tui.backend.protocols import SessionLike
    from tui.state import AppState


class Shell(Protocol):
    """What a command may use of the app."""

    backend: Backend
    state: AppState
    theme: str

    @property
    def available_themes(self) -> dict[str, Any]: ...  # noqa: D102
    @property
    def tab_names(self) -> dict[str, str]: ...  # noqa: D102


class CommandError(Exception):
    """A command cannot be done as it was typed; the message is a sentence for a person."""


#: What a command asks of the engine; it gives the message that is then posted.
Question = Callable[["SessionLike", "Job"], "Message"]
#: What a command does: a message, the name of an action of the app, a question, or nothing more.
Effect = "Message | str | Question | None"


@dataclass(frozen=True, slots=True)
class Word:
    """A command.

    Attributes
    ----------
    name
        What is typed.
    usage
        What follows it.
    help
        What it does.
    run
        Does it with the words that follow.
    values
        What can follow, for completion.
    """

    name: str
    usage: str
    help: str
    run: Callable[[Shell, Sequence[str]], Any]
    values: Callable[[Shell], Sequence[str]] = lambda _: ()


def _options(words: Sequence[str], known: dict[str, str]) -> tuple[list[str], dict[str, str]]:
    """Take options with a value out of the words; ``known`` maps their spellings to their names."""
    rest: list[str] = []
    found: dict[str, str] = {}
    left = list(words)
    while left:
        word = left.pop(0)
        name, _, value = word.partition("=")
        if name in known:
            if not value and not left:
                raise CommandError(f"{name} needs a value after it.")
            found[known[name]] = value or left.pop(0)
        elif word.startswith("-") and len(word) > 1 and not word[1].isdigit() and ":" not in word:
            allowed = f"; {' and '.join(known)} are known here" if known else ""
            raise CommandError(f"There is no option {word} for this command{allowed}.")
        else:
            rest.append(word)
    return rest, found


def _needed(words: Sequence[str], what: str) -> str:
    if not words:
        raise CommandError(f"Name {what}.")
    return " ".join(words)


def _chosen(value: str, choices: Sequence[str], kind: str) -> str:
    """A choice by its name or by the beginning of it that no other has."""
    if value in choices:
        return value
    close = [one for one in choices if one.startswith(value)]
    if len(close) == 1:
        return close[0]
    raise CommandError(f"There is no {kind} {value!r}: {', '.join(choices) or 'none is there'}.")


def _search(shell: Shell, words: Sequence[str]) -> SearchFor:
    from engine.session import MODES

    rest, options = _options(words, {"--mode": "mode"})
    mode = _chosen(options["mode"], MODES, "mode") if "mode" in options else ""
    return SearchFor(_needed(rest, "what to search for"), mode)


def _user_named(session: SessionLike, text: str) -> Any:
    found = session.users.find(text, 1)
    if not found or str(found[0].user_id).casefold() != text.casefold():
        meant = tuple(str(one.user_id) for one in session.users.find(text, 3))
        raise UnknownError(f"There is no user {text!r} in this data set.", meant)
    return found[0].user_id


def _recommend(shell: Shell, words: Sequence[str]) -> Any:
    rest, options = _options(words, {"-m": "model", "--model": "model"})
    user = _needed(rest, "a user, such as :recommend 12")
    model = options.get("model")
    if model is not None:
        dataset = shell.state.dataset
        model = _chosen(model, [name for name, _ in dataset.trained("user")] if dataset else [], "trained model")
    return lambda session, _: ShowUser(_user_named(session, user), model=model)


def _history(shell: Shell, words: Sequence[str]) -> Any:
    user = _needed(_options(words, {})[0], "a user, such as :history 12")
    return lambda session, _: ShowUser(_user_named(session, user), "history")


def _next(shell: Shell, words: Sequence[str]) -> Any:
    titles, _ = _options(words, {})
    whole = _needed(titles, "one or more titles, in quotation marks where they have blanks")

    def resolve(session: SessionLike, _: Job) -> ReplaceSequence:
        try:  # one title of several words needs no quotation marks
            return ReplaceSequence((session.sequences.resolve_title(whole).item,))
        except RecsysError:
            if len(titles) == 1:
                raise
        return ReplaceSequence(tuple(session.sequences.resolve_title(one).item for one in titles))

    return resolve


def _train(shell: Shell, words: Sequence[str]) -> None:
    dataset = shell.state.dataset
    name = _needed(_options(words, {})[0], "a model, such as :train svd")
    models = {model.name: model for model in (dataset.models if dataset else ())}
    model = models[_chosen(name, tuple(models), "model")]
    if model.obstacle:
        raise CommandError(model.obstacle)
    shell.backend.train(model.name, model.task)


def _embed(shell: Shell, words: Sequence[str]) -> None:
    dataset = shell.state.dataset
    if dataset is None or dataset.embedding.complete:
        raise CommandError("Everything is embedded already.")
    if shell.state.active_job("search") is None:
        shell.backend.embed()


def _stop(shell: Shell, words: Sequence[str]) -> None:
    job = shell.state.active_job()
    if job is None:
        raise CommandError("Nothing runs that could be stopped.")
    shell.backend.cancel(job.id)


def _theme(shell: Shell, words: Sequence[str]) -> None:
    shell.theme = _chosen(_needed(words, "a theme"), sorted(shell.available_themes), "theme")


def _export(shell: Shell, words: Sequence[str]) -> OpenExport:
    from engine.session import EXPORT_KINDS

    known = {"-m": "model", "--model": "model", "-k": "count", "--out": "file"}
    rest, options = _options(words, known)
    kind = _chosen(rest[0] if rest else "recommendations", tuple(EXPORT_KINDS), "export")
    count = options.get("count", "10")
    if not count.isdecimal() or not int(count):
        raise CommandError(f"-k is the length of the lists, a number, and not {count!r}.")
    file = " ".join(rest[1:]) or options.get("file", "")
    return OpenExport(kind, options.get("model"), int(count), file)


def _open(shell: Shell, words: Sequence[str]) -> str:
    tab = _chosen(_needed(words, "a tab").casefold(), tuple(shell.tab_names), "tab")
    return f"open('{tab}')"


#: The words in the order in which they are offered.
WORDS: tuple[Word, ...] = (
    Word("search", "QUERY… [--mode MODE]", "find items by words, a mood or filters", _search),
    Word("recommend", "USER [-m MODEL]", "what a user would like", _recommend),
    Word("history", "USER", "what a user has seen", _history),
    Word("next", "TITLE…", "what comes after these titles", _next),
    Word("train", "MODEL", "train a model", _train, lambda shell: _model_names(shell)),
    Word("embed", "", "embed the catalogue for search by meaning", _embed),
    Word("export", "KIND [FILE] [-m MODEL] [-k N]", "write files for all users", _export, lambda _: _export_kinds()),
    Word("stop", "", "stop the job that runs", _stop),
    Word("open", "TAB", "go to a tab", _open, lambda shell: tuple(shell.tab_names)),
    Word("theme", "NAME", "choose the colours", _theme, lambda shell: sorted(shell.available_themes)),
    Word("watchlist", "", "what you want to watch", lambda *_: "watchlist"),
    Word("profiles", "", "whose ratings are yours: switch, make, rename, remove", lambda *_: "profiles"),
    Word("back", "", "back to where one was", lambda *_: "go_back"),
    Word("forward", "", "forward again", lambda *_: "go_forward"),
    Word("undo", "", "undo the last change", lambda *_: "undo"),
    Word("help", "", "the keys", lambda *_: "help"),
    Word("quit", "", "leave", lambda *_: "quit"),
)


def _export_kinds() -> Sequence[str]:
    from engine.session import EXPORT_KINDS

    return tuple(EXPORT_KINDS)


def _model_names(shell: Shell) -> Sequence[str]:
    dataset = shell.state.dataset
    return [model.name for model in (dataset.models if dataset else ()) if not model.obstacle]


def parse(line: str) -> tuple[Word, list[str]]:
    """The command of a line, and the words that follow it.

    Raises
    ------
    CommandError
        If there is no such command, or a quotation mark is not closed.
    """
    name, _, rest = line.strip().removeprefix(":").strip().partition(" ")
    names = [word.name for word in WORDS]
    found = _chosen(name.casefold(), names, "command")
    word = next(one for one in WORDS if one.name == found)
    if word.name == "search":  # the line is the search tab's own, whose quotation marks mean something else
        return word, rest.split()
    try:
        return word, shlex.split(rest)
    except ValueError:
        raise CommandError("A quotation mark is not closed.") from None


def complete(shell: Shell, line: str, limit: int = 8) -> list[tuple[str, str]]:
    """Lines that a half-typed one can become, each with what it means."""
    text = line.removeprefix(":").lstrip()
    name, blank, rest = text.partition(" ")
    if not blank:
        return [(word.name, f"{word.usage}  {word.help}".strip()) for word in WORDS if word.name.startswith(name)][
            :limit
        ]
    word = next((one for one in WORDS if one.name == name), None)
    if word is None:
        return []
    typed = rest.lstrip()
    values = [value for value in word.values(shell) if value.startswith(typed) and value != typed]
    return [(f"{name} {value}", word.help) for value in values[:limit]]
