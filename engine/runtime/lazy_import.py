"""Import torch and other large packages in a thread without freezing the thread that draws the screen.

During such an import two things hold the interpreter lock for a quarter of a second each: loading huge shared
libraries, which CPython does while it holds the lock, and full runs of the garbage collector over the many new objects.
Therefore the libraries are loaded first through ctypes, which releases the lock during the call, and the collector is
switched off until the import ends.
"""

from __future__ import annotations

import contextlib
import ctypes
import gc
import importlib
import importlib.util
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

_importing = threading.RLock()

#: Package -> the shared libraries in it that are loaded first, in this order; some of them may not exist.
_LIBRARIES = {
    "torch": ("lib/libc10.so", "lib/libtorch_cpu.so", "lib/libtorch_python.so"),
    "pyarrow": ("libarrow.so.*", "libarrow_compute.so.*", "libparquet.so.*", "libarrow_python.so.*"),
}


def import_in_background(*modules: str) -> None:
    """Import modules, from any thread, and hold the interpreter lock as briefly as possible.

    Parameters
    ----------
    modules
        Names such as ``"torch"``. Modules that are already imported cost nothing.

    Raises
    ------
    ImportError
        If one of the modules is not installed.
    """
    if all(name in sys.modules for name in modules):
        return
    with importing(), _collector_off():
        for name in modules:
            _load_libraries(name.partition(".")[0])
            importlib.import_module(name)


@contextlib.contextmanager
def importing() -> Iterator[None]:
    """The right to import in the background, which one thread has at a time."""
    with _importing:
        yield


@contextlib.contextmanager
def _collector_off() -> Iterator[None]:
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if enabled:
            # The objects of an import live until the process ends. Frozen ones are not examined at each collection.
            gc.freeze()
            gc.enable()


def _load_libraries(package: str) -> None:
    patterns = _LIBRARIES.get(package)
    if patterns is None or package in sys.modules or sys.platform != "linux":
        return
    spec = importlib.util.find_spec(package)
    if spec is None or not spec.submodule_search_locations:
        return
    dlopen = ctypes.CDLL(None).dlopen
    dlopen.restype = ctypes.c_void_p
    dlopen.argtypes = [ctypes.c_char_p, ctypes.c_int]
    folder = Path(next(iter(spec.submodule_search_locations)))
    for pattern in patterns:
        for library in sorted(folder.glob(pattern)):
            dlopen(str(library).encode(), _RTLD_NOW)


_RTLD_NOW = 2
