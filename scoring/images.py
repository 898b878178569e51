"""The bytes of an image file -> the picture the model is asked about, or a refusal that says what is wrong with them.

PNG, JPEG, WebP, GIF and BMP are read: what browsers and telephones write. The format is told by the file's first bytes,
and only that one decoder is tried. The three rarer ones are imported when the first such file comes: half a megabyte
that most workers never need.
"""

from __future__ import annotations

import warnings
from io import BytesIO
from typing import BinaryIO, cast

import numpy as np
from PIL import Image
from PIL.ImageFile import ImageFile
from PIL.JpegImagePlugin import JpegImageFile
from PIL.PngImagePlugin import PngImageFile

from .ink import Floats, centred
from .refusal import ScoringRefused

MIN_SIDE = 8
DRAFT = (56, 56)
"""Pixels that are left of a JPEG at least when it is decoded at less than its size."""
MAX_PIXELS = 4096 * 4096
"""Of all images of a request together; a telephone's photograph has 12 million."""

PNG = b"\x89PNG\r\n\x1a\n"
JPEG = b"\xff\xd8\xff"
GIF = b"GIF8"
BMP = b"BM"
WEBP = b"RIFF"
SIGNATURES = (PNG, JPEG, GIF, BMP, WEBP)
"""How files of each format begin."""

warnings.filterwarnings("ignore", module="PIL")  # about damaged files; the answer says it
ORIENTATION = 0x0112
UPRIGHT = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
"""What undoes each EXIF orientation (tag 0x0112)."""


def is_image(content: bytes) -> bool:
    """Whether `content` begins like an image file."""
    return content.startswith(SIGNATURES)


def opened(content: bytes, max_pixels: int = MAX_PIXELS) -> ImageFile:
    """The image file `content`, its header read and not a pixel decoded yet. Raises ScoringRefused."""
    reader = _reader(content)
    try:
        image = reader(BytesIO(content))
        moves = getattr(image, "is_animated", False)  # only formats that can move have it
    except Exception as error:  # decoders raise whatever they trip over
        raise _unreadable(error) from error
    if moves:
        raise ScoringRefused(415, "animated_image", "the image is animated; send one still picture")
    _check_size(image.width, image.height, max_pixels)
    return image


def _reader(content: bytes) -> type[ImageFile]:
    if content.startswith(PNG):
        return PngImageFile
    if content.startswith(JPEG):
        return JpegImageFile
    if content.startswith(GIF):
        from PIL.GifImagePlugin import GifImageFile

        return GifImageFile
    if content.startswith(BMP):
        from PIL.BmpImagePlugin import BmpImageFile

        return BmpImageFile
    if content.startswith(WEBP):
        from PIL.WebPImagePlugin import WebPImageFile

        return WebPImageFile
    raise ScoringRefused(415, "not_an_image", "this is not an image; PNG, JPEG, WebP, GIF and BMP are read")


def picture(image: ImageFile, full_decode: bool = False) -> Floats:
    """The digit in `image` as the model wants it: (28, 28) from 0, paper, to 1, ink. Raises ScoringRefused.

    A JPEG is decoded at an eighth of its size where that is enough; `full_decode` turns that off, for comparison.
    """
    try:
        if isinstance(image, JpegImageFile) and not full_decode:
            file = cast("BinaryIO", image.fp)  # open, since nothing is decoded yet
            image.draft("L", DRAFT)
            return centred(_upright(image), lambda: _upright(_again(file)))
        return centred(_upright(image))
    except ScoringRefused:
        raise
    except Exception as error:  # decoders raise whatever they trip over
        raise _unreadable(error) from error


def _again(file: BinaryIO) -> ImageFile:
    """The JPEG in `file`, to be decoded at its full size."""
    file.seek(0)
    return JpegImageFile(file)


def _unreadable(error: Exception) -> ScoringRefused:
    if isinstance(error, TimeoutError):  # the server's alarm went off while decoding: its answer to give
        raise error
    return ScoringRefused(400, "unreadable_image", f"the image is damaged or cut off ({error})")


def _check_size(width: int, height: int, max_pixels: int) -> None:
    if width * height > max_pixels:
        limit = f"a request may have {MAX_PIXELS:,}"
        problem = f"{width} x {height} pixels are too many; {limit}"
        raise ScoringRefused(413, "too_many_pixels", problem)
    if min(width, height) < MIN_SIDE:
        problem = f"{width} x {height} pixels cannot show a digit; send {MIN_SIDE} or more"
        raise ScoringRefused(400, "image_too_small", problem)


def _grey(image: Image.Image) -> Image.Image:
    """8-bit grey, transparent parts on white."""
    if image.mode == "L" and "transparency" not in image.info:
        return image
    if image.mode.startswith("I;16"):
        return Image.fromarray((np.asarray(image) >> 8).astype(np.uint8))
    if image.has_transparency_data:
        layer = image.convert("RGBA")
        return Image.alpha_composite(Image.new("RGBA", layer.size, "white"), layer).convert("L")
    return image.convert("L")


def _upright(image: Image.Image) -> Image.Image:
    """`image`, decoded, in grey, turned as its EXIF data want it."""
    image.load()
    turn = UPRIGHT.get(image.getexif().get(ORIENTATION, 1)) if "exif" in image.info else None
    grey = _grey(image)
    return grey if turn is None else grey.transpose(turn)
