"""The settings of a running app: applied at its start, and again when their file changes."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import fields, replace
from typing import TYPE_CHECKING, Any, Final

from tui.keymap.keymap import Keymap, make_keymap
from tui.log import configure_log
from tui.pace import Pace
from tui.terminal import is_slow

if TYPE_CHECKING:
    from engine.session.settings import Problem
    from tui.checked_settings import CheckedSettings
    from tui.contained_app import ContainedApp
    from tui.settings.effective import Effective, SettingsSource

#: Seconds between two looks at the file.
EVERY: Final = 2.0
#: The settings that hold at once when the file changes; the others hold from the next start.
AT_ONCE: Final = ("theme", "keymap", "keys", "settle-milliseconds", "low-traffic", "log-level")
#: The least seconds that typing and moving must rest where little is to be sent.
_SLOW: Final = 0.4
#: Seconds between two drawings of how far a job is, over a slow connection.
_SLOW_PROGRESS: Final = 1.0


class LiveSettings:
    """Applies the settings, and looks at their file from time to time.

    Parameters
    ----------
    app
        What they are about.
    source
        Reads them.
    pace
        How fast the screen reacts; the settings change it.
    set_keymap
        Has other keys hold from now on.
    save_traffic
        Has the app write less to the terminal, or all that is drawn anew.
    """

    def __init__(
        self,
        app: ContainedApp,
        source: SettingsSource,
        pace: Pace,
        set_keymap: Callable[[Keymap], None],
        save_traffic: Callable[[bool], None],
    ) -> None:
        self._app = app
        self._source = source
        self._pace, self._usual_pace = pace, replace(pace)
        self._usual_animations = app.animation_level
        self._set_keymap, self._save_traffic = set_keymap, save_traffic
        self._reading = False
        self.effective: Effective = source.effective
        """The settings that hold."""

    def apply_unchecked(self) -> None:
        """Apply what the first paint needs, as far as it can be used unchecked."""
        self._set_keymap(make_keymap(self.effective["keymap"], self.effective["keys"])[0])
        self._set_pace()

    def begin(self) -> None:
        """Check the settings, say what is wrong with them, and follow the file from now on."""
        self._app.set_interval(EVERY, self._look)
        self._start(first=True)

    def _look(self) -> None:
        if not self._reading:
            self._start(first=False)

    def _start(self, *, first: bool) -> None:
        from tui.backend.threads import start

        self._reading = True
        start("settings", self._read, first)

    def _read(self, first: bool) -> None:
        """Read and check the settings, in a thread of its own."""
        from tui.checked_settings import check_settings

        try:
            effective = self._source.effective if first else self._source.reread()
            checked = None if effective is None else check_settings(effective)
        finally:
            self._reading = False
        if checked is not None:
            with suppress(RuntimeError):  # the event loop has just ended
                self._app.call_later(self._apply, checked, first)

    def _apply(self, checked: CheckedSettings, first: bool) -> None:
        before, self.effective = self.effective, checked.effective
        changed = [name for name in before.points if before[name] != checked.effective[name]]
        self._set_keymap(checked.keymap)
        if "theme" in changed and checked.effective["theme"] in self._app.available_themes:
            self._app.theme = checked.effective["theme"]
        if "log-level" in changed:
            configure_log(checked.effective["log-level"])
        self._set_pace()
        self._tell(checked.problems, changed, first)

    def _set_pace(self) -> None:
        effective, pace = self.effective, self._pace
        for one in fields(pace):
            setattr(pace, one.name, getattr(self._usual_pace, one.name))
        if effective.is_set("settle-milliseconds"):
            pace.settle = effective["settle-milliseconds"] / 1000
        slow = is_slow(effective["low-traffic"])
        if slow:
            pace.frame, pace.progress = _SLOW_PROGRESS if pace.frame else 0.0, _SLOW_PROGRESS
        if effective["low-traffic"] == "on":
            pace.settle, pace.glance, pace.frame = max(pace.settle, _SLOW), max(pace.glance, _SLOW), 0.0
        self._save_traffic(slow)
        self._app.animation_level = "none" if slow else self._usual_animations

    def _tell(self, problems: Sequence[Problem], changed: Sequence[str], first: bool) -> None:
        if problems:
            more = f" ({len(problems) - 1} more: recsys-tui config)" if len(problems) > 1 else ""
            self._notify(problems[0].sentence + more, "Not all settings are used", "warning")
        elif changed and not first:
            later = [name for name in changed if name not in AT_ONCE]
            held = f"{', '.join(changed)}: changed" if not later else f"{', '.join(later)}: from the next start"
            self._notify(f"config.toml was read again; {held}.", "Settings", "information")

    def _notify(self, sentence: str, title: str, severity: Any) -> None:
        from tui.widgets.cell_text import clean

        self._app.notify(clean(sentence), title=title, severity=severity, markup=False, timeout=10)
