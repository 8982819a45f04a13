"""Photos: how much of what is done to a picture the hashes withstand, measured on made-up ones."""

from pathlib import Path

import numpy as np
import pytest
from PIL import ExifTags, Image, ImageEnhance, ImageFilter, ImageOps

from engines.trust.cases import DAY, advance, parties, table
from karez.doors.files.errors import PhotoUnreadableError
from karez.doors.files.photo_hashes import read_photo
from karez.engines.trust import Evidence, Kind, Rules, Verdict
from karez.engines.trust import evidence as ev
from karez.engines.trust.photos import HASHES, distances, photo, reused

PICTURES = 40
LIMIT = Rules().photo_bits_most


def picture(seed):
    """Return a scene: soft light, and some things in it."""
    rng = np.random.default_rng(seed)
    light = rng.integers(0, 256, (5, 7, 3), dtype=np.uint8)
    scene = np.array(Image.fromarray(light).resize((640, 480), Image.Resampling.BICUBIC))
    for _ in range(12):
        x, y, w, h = rng.integers(0, 500), rng.integers(0, 380), *rng.integers(30, 160, 2)
        scene[y : y + h, x : x + w] = rng.integers(0, 256, 3)
    return Image.fromarray(scene)


def cut(image, share, left, top):
    width, height = (round(side * share) for side in image.size)
    x, y = round((image.width - width) * left), round((image.height - height) * top)
    return image.crop((x, y, x + width, y + height))


def as_jpeg(image, path, quality=90):
    image.save(path, "JPEG", quality=quality)
    return path


@pytest.fixture(scope="module")
def hashes(tmp_path_factory):
    folder: Path = tmp_path_factory.mktemp("photos")

    def found(change):
        return np.array(
            [
                read_photo(as_jpeg(change(picture(seed)), folder / "one.jpg")).hashes
                for seed in range(PICTURES)
            ]
        )

    return found


@pytest.fixture(scope="module")
def originals(hashes):
    return hashes(lambda image: image)


CHANGES = {
    "brighter": (lambda image: ImageEnhance.Brightness(image).enhance(1.2), 1.0),
    "half the size": (lambda image: image.resize((320, 240)), 1.0),
    "blurred": (lambda image: image.filter(ImageFilter.GaussianBlur(2)), 1.0),
    "in a mirror": (ImageOps.mirror, 1.0),
    "cut by 5 % at the middle": (lambda image: cut(image, 0.95, 0.5, 0.5), 1.0),
    "cut by 5 % at a corner": (lambda image: cut(image, 0.95, 0.0, 1.0), 1.0),
    "cut by 7 % anywhere": (lambda image: cut(image, 0.93, 0.3, 0.8), 0.85),
    "cut by 15 % at the middle": (lambda image: cut(image, 0.85, 0.5, 0.5), 1.0),
    "cut by 15 % anywhere": (lambda image: cut(image, 0.85, 0.2, 0.7), 0.5),
    "cut by 15 % in a mirror": (lambda image: ImageOps.mirror(cut(image, 0.85, 0.5, 0.5)), 1.0),
}


@pytest.mark.parametrize("change", CHANGES)
def test_photo__is_seen_again(hashes, originals, change):
    made, least = CHANGES[change]
    apart = distances(hashes(made), originals)
    recall = float((apart.diagonal() <= LIMIT).mean())
    assert recall >= least, f"{change}: {recall:.3f}"


def test_photo__as_it_was_worst_saved(tmp_path, originals):
    found = [
        read_photo(as_jpeg(picture(seed), tmp_path / "one.jpg", quality=30)).hashes
        for seed in range(PICTURES)
    ]
    assert (distances(np.array(found), originals).diagonal() <= LIMIT).all()


def test_photo__others_are_not_taken_for_it(originals):
    apart = distances(originals, originals)
    others = apart[np.triu_indices(PICTURES, 1)]
    assert (others > LIMIT).all(), f"nearest {others.min()}"


def test_reused__finds_the_nearest_earlier_one():
    rng = np.random.default_rng(1)
    found = rng.integers(0, 2**63, (600, HASHES), dtype=np.uint64)
    found[500] = found[3]
    found[599, 0] = found[500, 20] ^ np.uint64(0b111)
    assert list(reused(found, LIMIT)) == [(500, 3, 0), (599, 3, 3)]


def test_check__holds_the_second_advance_and_not_a_second_photo_of_the_first():
    hashed = np.repeat(np.arange(HASHES, dtype=np.uint64)[None] * np.uint64(7919 << 30), 3, axis=0)
    at = DAY * 1440
    place = (30.0, 104.0, 10.0, False, 30.0, 104.0)
    evidence = Evidence(
        advances=table(ev.ADVANCE, [advance(kind=Kind.LOAN, on=DAY + 1) for _ in range(2)]),
        parties=parties(),
        visits=table(ev.VISIT, [(row, 3, at, at + 30, *place) for row in range(2)]),
        photos=table(ev.PHOTO, [(0, at, -1), (0, at + 1, -1), (1, at + 2, -1)]),
        photo_prints=hashed,
    )
    answer = photo(evidence, Rules())
    assert answer.verdict.tolist() == [Verdict.PASS, Verdict.HOLD]


def test_hashes__of_what_is_no_picture_are_refused(tmp_path):
    broken = tmp_path / "broken.jpg"
    broken.write_bytes(as_jpeg(picture(1), tmp_path / "whole.jpg").read_bytes()[:900])
    text = tmp_path / "text.jpg"
    text.write_text("no picture")
    for path in (broken, text, tmp_path / "nowhere.jpg"):
        with pytest.raises(PhotoUnreadableError, match="cannot be read as a picture"):
            read_photo(path)


@pytest.mark.parametrize(
    ("written", "taken"),
    [
        ("2026:03:01 10:15:00", "2026-03-01T10:15:00"),
        ("2026:03:01 10:15:00\0", "2026-03-01T10:15:00"),
        ("0000:00:00 00:00:00", None),
        ("yesterday", None),
        ("", None),
        (None, None),
    ],
)
def test_photo__has_the_time_that_its_camera_wrote(tmp_path, written, taken):
    fields = Image.Exif()
    if written is not None:
        fields.get_ifd(ExifTags.IFD.Exif)[ExifTags.Base.DateTimeOriginal] = written
    path = tmp_path / "one.jpg"
    picture(1).save(path, "JPEG", exif=fields)
    found = read_photo(path).taken
    assert (found and found.isoformat()) == taken
