"""Photographs for tests, as telephones write them."""

import io
from typing import Any

from PIL import Image

#: 31.2° N 121.5° E, as EXIF has it.
_POSITION = {1: "N", 2: (31.0, 12.0, 0.0), 3: "E", 4: (121.0, 30.0, 0.0)}


def photo(
    kind: str = "JPEG", size: tuple[int, int] = (640, 480), *, colour: Any = "green", located: bool = False,
    turned: bool = False,
) -> bytes:  # fmt: skip
    """A picture of one colour; `located` with its position and camera, `turned` held on its side."""
    image, exif = Image.new("RGBA" if kind == "PNG" else "RGB", size, colour), Image.Exif()
    if located:
        exif[0x010F] = "A camera of Zhou Xiaoman"
        exif.get_ifd(0x8825).update(_POSITION)
    if turned:
        exif[0x0112] = 6
    file = io.BytesIO()
    image.save(file, kind, exif=exif)
    return file.getvalue()


def bomb() -> bytes:
    """Some kilobytes of PNG that would unfold to 400 million pixels."""
    file = io.BytesIO()
    Image.new("1", (20_000, 20_000)).save(file, "PNG")
    return file.getvalue()


HEIC = b"\0\0\0\x18ftypheic\0\0\0\0mif1heic" + b"\0" * 100
