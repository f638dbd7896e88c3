"""A picture made small enough for a terminal, by Pillow."""

from __future__ import annotations

import io
from dataclasses import dataclass

from engine.errors import DataError, missing_package

#: The formats that are read. Pillow knows others, of which some start another program.
_FORMATS = ("PNG", "JPEG", "WEBP", "GIF")
#: The most pixels that are unpacked; a few bytes can say that they are many more.
MAX_PIXELS = 25_000_000


@dataclass(frozen=True, slots=True)
class Thumbnail:
    """A small picture.

    Attributes
    ----------
    width, height
        Its size in pixels.
    pixels
        Red, green and blue of each pixel, line by line from the top: ``3 * width * height`` bytes.
    """

    width: int
    height: int
    pixels: bytes


def make_thumbnail(content: bytes, name: str, width: int, height: int) -> Thumbnail:
    """The first picture of a file, as large as fits and never larger than it is; what is transparent becomes white.

    Parameters
    ----------
    content
        The content of the file.
    name
        What the picture is called, for the sentence if it cannot be shown.
    width, height
        The room for it in pixels.

    Raises
    ------
    DataError
        If the content is no such picture, is damaged, or has too many pixels.
    RecsysError
        If Pillow is not installed.
    """
    try:
        from PIL import Image
    except ImportError as error:
        raise missing_package("Showing pictures needs", "pillow") from error
    try:
        image = Image.open(io.BytesIO(content), formats=_FORMATS)
        too_many = image.width * image.height > MAX_PIXELS
    except Image.DecompressionBombError:
        too_many = True
    except Exception as error:  # Pillow's readers raise whatever the bytes lead to
        raise _unreadable(name) from error
    if too_many:
        raise DataError(f"The picture {name} is not shown, as it has more than 25 million pixels.", file=name)
    try:
        image.draft("RGB", (2 * width, 2 * height))  # a JPEG is unpacked no larger than needed
        scale = min(width / image.width, height / image.height, 1.0)
        size = max(1, round(image.width * scale)), max(1, round(image.height * scale))
        if image.mode in ("RGB", "L"):
            small = image.convert("RGB").resize(size, Image.Resampling.BOX)
        else:
            small = image.convert("RGBA").resize(size, Image.Resampling.BOX)
            small = Image.alpha_composite(Image.new("RGBA", size, "white"), small).convert("RGB")
        return Thumbnail(*size, small.tobytes())
    except Exception as error:
        raise _unreadable(name) from error


def _unreadable(name: str) -> DataError:
    return DataError(f"The picture {name} is damaged or not in one of the formats PNG, JPEG, WebP and GIF.", file=name)
