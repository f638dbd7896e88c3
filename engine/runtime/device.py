"""The device that computes, and the number of cores that it uses."""

from __future__ import annotations

import torch

from engine.errors import ErrorKind, OptionError
from engine.runtime.devices import DEVICES
from engine.runtime.thread_pool import usable_cores


def resolve(name: str | torch.device = "auto") -> torch.device:
    """The device with this name.

    Parameters
    ----------
    name
        ``cpu``, ``cuda``, ``cuda:1`` and so on, ``mps`` (Apple graphics), or ``auto`` for the first of CUDA, MPS and
        CPU that this machine has.

    Raises
    ------
    OptionError
        If there is no such name, or this machine has no such device.
    """
    if str(name) == "auto":
        if torch.cuda.is_available():
            return torch.device("cuda", torch.cuda.current_device())
        return torch.device("mps" if torch.backends.mps.is_available() else "cpu")
    try:
        device = torch.device(name)
    except RuntimeError:
        raise _unknown(str(name)) from None
    if device.type == "cuda":
        if not torch.cuda.is_available():
            raise _missing(str(name), "This machine has no CUDA device that torch can use.")
        index = int(str(device).partition(":")[2] or torch.cuda.current_device())
        if index >= torch.cuda.device_count():
            raise _missing(str(name), f"This machine has no device {device}, but {torch.cuda.device_count()} of CUDA.")
        return torch.device("cuda", index)
    if device.type == "mps":
        if not torch.backends.mps.is_available():
            raise _missing(str(name), "This machine has no MPS device (Apple graphics).")
    elif device.type != "cpu":
        raise _unknown(str(name))
    return device


def _unknown(name: str) -> OptionError:
    return OptionError(
        f"Models cannot compute on a device {name!r}: use {', '.join(DEVICES[:-1])} or {DEVICES[-1]}.",
        kind=ErrorKind.UNKNOWN_DEVICE,
        name=name,
        choices=DEVICES,
    )


def _missing(name: str, message: str) -> OptionError:
    return OptionError(message, kind=ErrorKind.NO_DEVICE, name=name, choices=("cpu", "auto"))


#: From this width on, the matrix products of a net take longer than starting them.
WIDE = 128


def mixed_precision_pays(device: torch.device, width: int) -> bool:
    """Whether to compute the matrix products in bfloat16 when a net of vectors of this width is trained.

    This is true for wide nets on CUDA devices that support bfloat16. Parameters, sums, losses and the state of the
    optimizer stay in float32. Since bfloat16 has the range of float32, nothing underflows and no loss is scaled. In
    narrow nets, such as those of the default width 32, the conversions would cost more than the products gain. The
    training of a factorization has almost no matrix products: it reads and writes rows of a float32 table. Scores are
    always computed in float32, since rounding would change ranks.
    """
    return device.type == "cuda" and width >= WIDE and torch.cuda.is_bf16_supported(including_emulation=False)


def describe(device: torch.device) -> str:
    """The name of a device for a person: ``cpu``, ``cuda:0 NVIDIA H200``, ``mps``."""
    return f"{device} {torch.cuda.get_device_name(device)}" if device.type == "cuda" else device.type


def leave_a_core() -> int:
    """Let torch use all cores except one, which draws the screen; returns the number. The app calls this once."""
    threads = max(1, usable_cores() - 1)
    torch.set_num_threads(threads)
    return threads
