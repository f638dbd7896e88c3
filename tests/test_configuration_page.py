"""docs/configuration.md names every setting and every action, with the keys that the code gives them."""

from __future__ import annotations

import re
import tomllib

from engine.storage.config_file import ConfigFile
from engine.storage.setting import resolve
from tests.test_guides import ROOT, module_from
from tui.keymap.keymap import make_keymap
from tui.settings.declared import SETTINGS

PAGE = ROOT / "docs" / "configuration.md"


def test_the_tables_are_those_of_the_code() -> None:
    make_page = module_from(ROOT / "docs" / "make_configuration_page.py", "make_configuration_page")
    assert make_page.page() == PAGE.read_text(encoding="utf-8"), "run python docs/make_configuration_page.py"


def test_the_example_of_keys_can_be_used() -> None:
    (example,) = re.findall(r"```toml\n(keymap.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)
    content = tomllib.loads(example)
    values, problems = resolve(SETTINGS, ConfigFile(PAGE, content), {})
    keymap, objections = make_keymap(values["keymap"].value, values["keys"].value)
    assert not problems
    assert not objections
    assert keymap.keys["quit"] == ("q", "ctrl+q", "alt+x")
