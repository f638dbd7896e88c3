"""What is wrong with the settings as far as only the whole app can tell: names of actions, clashing keys, themes."""

from __future__ import annotations

from dataclasses import dataclass

from engine.errors import abridged
from engine.session.settings import Problem
from tui.keymap.keymap import Keymap, make_keymap, objection_to_names
from tui.keymap.keys import write_key
from tui.settings.effective import Effective


@dataclass(frozen=True, slots=True)
class CheckedSettings:
    """Settings of which everything that can be wrong is known.

    Attributes
    ----------
    effective
        The settings.
    keymap
        The keys; an entry that is a problem is not part of it.
    problems
        Everything that is not used, in the order of the lines.
    """

    effective: Effective
    keymap: Keymap
    problems: tuple[Problem, ...]


def check_settings(effective: Effective) -> CheckedSettings:
    """Check the settings. This imports every pane, and reads the folder of themes: not for the event loop."""
    from tui.themes.catalogue import read_themes, themes_folder

    keymap, problems = _check_keys(effective)
    problems += [Problem("theme", None, sentence) for sentence in read_themes(themes_folder()).problems]
    problems += effective.problems
    return CheckedSettings(effective, keymap, tuple(sorted(problems, key=lambda problem: problem.line or 0)))


def _check_keys(effective: Effective) -> tuple[Keymap, list[Problem]]:
    from tui.actions import actions, conflicts

    own = dict(effective["keys"])
    if not own:
        return make_keymap(effective["keymap"], {})[0], []
    objections = objection_to_names(own, actions())
    objections = {**make_keymap(effective["keymap"], own)[1], **objections}
    while True:
        used = {action: keys for action, keys in own.items() if action not in objections}
        keymap, _ = make_keymap(effective["keymap"], used)
        clash = next((one for one in conflicts(keymap) if set(one.actions) & set(used)), None)
        if clash is None:
            return keymap, [_problem(effective, action, why) for action, why in objections.items()]
        mine = max((action for action in clash.actions if action in used), key=list(used).index)
        other = next(action for action in clash.actions if action != mine)
        key = write_key(clash.key)
        objections[mine] = f"{mine} cannot be on {key}, the key of {other} in {clash.place}; choose another key"


def _problem(effective: Effective, action: str, why: str) -> Problem:
    place = effective.config.place("keys", action)
    if action in effective.points:
        why = f"{action} is a setting and no action; it belongs above [keys]"
    return Problem("keys", effective.config.lines.get(("keys", action)), abridged(f"{place}: {why}."))
