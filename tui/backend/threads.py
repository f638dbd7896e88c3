"""What all worker threads have in common: they are daemons and have names, and requests and jobs have numbers."""

from __future__ import annotations

import itertools
import threading
from collections.abc import Callable
from typing import Any

#: Numbers for requests and jobs; none is used twice.
numbers = itertools.count(1)


def start(name: str, target: Callable[..., None], *arguments: Any) -> None:
    """Run something in a thread that the end of the process does not wait for."""
    threading.Thread(target=target, args=arguments, name=f"recsys-{name}", daemon=True).start()
