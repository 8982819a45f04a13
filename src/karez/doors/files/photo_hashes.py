"""What the engine of trust looks at in a photo: perceptual hashes, and when it was taken."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import attrs
import imagehash
import numpy as np
import numpy.typing as npt
from PIL import ExifTags, Image, ImageOps

from karez.doors.files.errors import PhotoUnreadableError
from karez.engines.trust.photos import HASHES, VIEWS
from karez.kernel.errors import ensure

_SIDE = 256  # a hash looks at 32 by 32; parts of it must still be larger than that


@attrs.frozen
class Photo:
    """A photo: the hashes of the whole, its mirror image and its parts (``VIEWS``); its own time.

    ``taken`` is what the camera wrote into the file, as its clock had it; None where it wrote none.
    """

    hashes: npt.NDArray[np.uint64]
    taken: datetime | None


def read_photo(path: Path) -> Photo:
    """Return what there is to see of a photo.

    Raises:
        PhotoUnreadableError: it is no picture, is broken, or is so large that it may be a trap.
    """
    try:
        with Image.open(path) as opened:
            taken = _taken(opened)
            opened.draft("L", (_SIDE, _SIDE))  # a JPEG is decoded no larger than is needed
            turned = ImageOps.exif_transpose(opened)
            picture = turned.convert("L").resize((_SIDE, _SIDE), Image.Resampling.LANCZOS)
    except (OSError, ValueError, Image.DecompressionBombError, Image.DecompressionBombWarning) as e:
        raise PhotoUnreadableError(file=path, reason=e) from e
    views = [picture, ImageOps.mirror(picture)]
    for share, left, top in VIEWS:
        side = round(_SIDE * share)
        x, y = round((_SIDE - side) * left), round((_SIDE - side) * top)
        views.append(picture.crop((x, y, x + side, y + side)))
    ensure(len(views) == HASHES, "a photo has so many hashes")
    return Photo(np.array([_hash(view) for view in views], np.uint64), taken)


def _taken(picture: Image.Image) -> datetime | None:
    """Return DateTimeOriginal of EXIF, which has no zone; whatever is no time counts as none."""
    fields = picture.getexif().get_ifd(ExifTags.IFD.Exif)
    text = str(fields.get(ExifTags.Base.DateTimeOriginal, "")).strip("\0 ")
    try:
        return datetime.strptime(text, "%Y:%m:%d %H:%M:%S")  # noqa: DTZ007 - it has no zone
    except ValueError:
        return None


def _hash(picture: Image.Image) -> int:
    """Return the 64 bits of pHash."""
    return int(str(imagehash.phash(picture)), 16)
