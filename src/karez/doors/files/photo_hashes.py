"""The perceptual hashes of a photo, by which the engine of trust sees it again."""

from __future__ import annotations

from pathlib import Path

import imagehash
import numpy as np
import numpy.typing as npt
from PIL import Image, ImageOps

from karez.doors.files.errors import PhotoUnreadableError
from karez.engines.trust.photos import HASHES, VIEWS
from karez.kernel.errors import ensure

_SIDE = 256  # a hash looks at 32 by 32; parts of it must still be larger than that


def photo_hashes(path: Path) -> npt.NDArray[np.uint64]:
    """Return the hashes of a picture: the whole, its mirror image, and its parts (``VIEWS``).

    Raises:
        PhotoUnreadableError: it is no picture, is broken, or is so large that it may be a trap.
    """
    try:
        with Image.open(path) as opened:
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
    return np.array([_hash(view) for view in views], np.uint64)


def _hash(picture: Image.Image) -> int:
    """Return the 64 bits of pHash."""
    return int(str(imagehash.phash(picture)), 16)
