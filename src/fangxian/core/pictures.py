"""Photographs as they come from a telephone, made fit to be kept: small, upright, and saying nothing but what they show.

A picture is decoded and written anew, so that nothing of the file itself survives: no place, no time, no name of a camera, no
second file behind the first.
"""

import io
import warnings
from dataclasses import dataclass

from django.utils.translation import gettext as _
from PIL import Image, ImageOps, UnidentifiedImageError

from fangxian.core.errors import Invalid

#: What is accepted, in bytes and in pixels as the file declares them; and the longest side of what is kept.
LARGEST = 5 * 1024 * 1024
MOST_PIXELS = 50_000_000
LONGEST_SIDE = 1600
_QUALITY = 80
_FORMATS = ("JPEG", "PNG", "WEBP")
#: Brands in the head of the files that iPhones write (ISO/IEC 23008-12).
_HEIF = frozenset({b"heic", b"heix", b"hevc", b"heim", b"heis", b"mif1", b"msf1", b"avif"})


@dataclass(frozen=True, slots=True)
class Picture:
    """A JPEG without metadata, with its width and height in pixels."""

    content: bytes
    width: int
    height: int


def cleaned(content: bytes) -> Picture:
    """The picture in these bytes (JPEG, PNG or WebP), upright, its longest side at most `LONGEST_SIDE`.

    Raises Invalid, with field `photo`, for what is no picture, is too large, or would unfold to too many pixels.
    """
    if not content:
        raise _refused(_("This photo is empty."), _("Take it again."))
    if len(content) > LARGEST:
        raise _refused(_("This photo is larger than 5 MB."), _("Take it again at a lower resolution."))
    if content[4:8] == b"ftyp" and content[8:12] in _HEIF:
        raise _refused(
            _("This photo is a HEIC file, which is not taken here."),
            _("On an iPhone: Settings, Camera, Formats, “Most Compatible”; then take it again."),
        )
    try:
        with warnings.catch_warnings(action="error", category=Image.DecompressionBombWarning):
            source = Image.open(io.BytesIO(content), formats=_FORMATS)
        if source.width * source.height > MOST_PIXELS:
            raise Image.DecompressionBombError
        source.draft("RGB", (LONGEST_SIDE * 2, LONGEST_SIDE * 2))  # a JPEG is decoded no larger than is needed
        upright = ImageOps.exif_transpose(source)
        upright.thumbnail((LONGEST_SIDE, LONGEST_SIDE), Image.Resampling.LANCZOS)
        flat = _on_white(upright)
    except (Image.DecompressionBombError, Image.DecompressionBombWarning):
        raise _refused(
            _("This photo has more pixels than are taken here."), _("Take it again at a lower resolution.")
        ) from None
    except (UnidentifiedImageError, OSError, ValueError, SyntaxError, EOFError):
        raise _refused(_("This is no photo that can be read."), _("Send a JPEG, PNG or WebP.")) from None
    written = io.BytesIO()
    flat.save(written, "JPEG", quality=_QUALITY, optimize=True)
    return Picture(written.getvalue(), flat.width, flat.height)


def _on_white(image: Image.Image) -> Image.Image:
    """A new picture of the same dots and nothing else: what is transparent becomes white."""
    canvas = Image.new("RGB", image.size, "white")
    if image.has_transparency_data:
        layer = image.convert("RGBA")
        canvas.paste(layer, mask=layer.getchannel("A"))
    else:
        canvas.paste(image.convert("RGB"))
    return canvas


def _refused(what: str, remedy: str) -> Invalid:
    return Invalid(what, remedy=remedy, field="photo")
