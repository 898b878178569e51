"""The bytes of an image file -> the picture the model is asked about, or a refusal that says what is wrong with them.

PNG, JPEG, WebP, GIF and BMP are read: what browsers and telephones write. The format is told by the file's first bytes,
and only that one decoder is tried.
"""

from __future__ import annotations

from io import BytesIO

import numpy as np
import numpy.typing as npt
from PIL import Image
from PIL.BmpImagePlugin import BmpImageFile
from PIL.GifImagePlugin import GifImageFile
from PIL.ImageFile import ImageFile
from PIL.JpegImagePlugin import JpegImageFile
from PIL.PngImagePlugin import PngImageFile
from PIL.WebPImagePlugin import WebPImageFile

from .refusal import Refused

Floats = npt.NDArray[np.float32]

SIDE = 28
MIN_SIDE = 8
MAX_PIXELS = 4096 * 4096
MIN_CONTRAST = 8
"""Levels of 255 between the darkest and the lightest point, below which a picture shows nothing."""

SIGNATURES: tuple[tuple[bytes, type[ImageFile]], ...] = (
    (b"\x89PNG\r\n\x1a\n", PngImageFile),
    (b"\xff\xd8\xff", JpegImageFile),
    (b"GIF8", GifImageFile),
    (b"BM", BmpImageFile),
    (b"RIFF", WebPImageFile),
)
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
ORIENTATION = 0x0112


def picture(content: bytes, full_decode: bool = False) -> Floats:
    """`content` as the model wants it: (28, 28) from 0, black, to 1, white. Raises Refused.

    A JPEG is decoded at an eighth of its size where that is enough; `full_decode` turns that off, for comparison.
    """
    reader = _reader(content)
    try:
        image = reader(BytesIO(content))
        _check(image)
        if reader is JpegImageFile and not full_decode:
            image.draft("L", (2 * SIDE, 2 * SIDE))
        small = _upright(image, _small(_grey(image)))
    except Refused:
        raise
    except Exception as error:  # decoders raise whatever they trip over
        raise Refused(400, "unreadable_image", f"the image is damaged or cut off: {error}") from error
    return _contrasted(small)


def is_image(content: bytes) -> bool:
    """Whether `content` begins like an image file."""
    return any(content.startswith(signature) for signature, _ in SIGNATURES)


def _reader(content: bytes) -> type[ImageFile]:
    for signature, reader in SIGNATURES:
        if content.startswith(signature):
            return reader
    raise Refused(415, "not_an_image", "the data is not an image; PNG, JPEG, WebP, GIF and BMP are read")


def _check(image: ImageFile) -> None:
    width, height = image.size
    if width * height > MAX_PIXELS:
        raise Refused(
            413, "too_many_pixels", f"the image has {width} x {height} pixels; at most {MAX_PIXELS:,} are read"
        )
    if min(width, height) < MIN_SIDE:
        raise Refused(
            400, "image_too_small", f"the image is {width} x {height}; a digit needs at least {MIN_SIDE} pixels"
        )
    if not isinstance(image, JpegImageFile) and getattr(image, "is_animated", False):
        raise Refused(415, "animated_image", "the image is animated; send one still picture")


def _grey(image: Image.Image) -> Image.Image:
    """8-bit grey, transparent parts on white."""
    if image.mode == "L" and "transparency" not in image.info:
        return image
    if image.mode.startswith("I"):
        return Image.fromarray((np.asarray(image) >> 8).clip(0, 255).astype(np.uint8))
    if image.has_transparency_data:
        layer = image.convert("RGBA")
        return Image.alpha_composite(Image.new("RGBA", layer.size, "white"), layer).convert("L")
    return image.convert("L")


def _small(image: Image.Image) -> Image.Image:
    return image if image.size == (SIDE, SIDE) else image.resize((SIDE, SIDE), Image.Resampling.BICUBIC)


def _upright(image: Image.Image, small: Image.Image) -> Image.Image:
    """`small`, made from `image`, turned as the EXIF data of `image` wants it."""
    small.load()
    turn = UPRIGHT.get(image.getexif().get(ORIENTATION, 1)) if "exif" in image.info else None
    return small if turn is None else small.transpose(turn)


def _contrasted(small: Image.Image) -> Floats:
    levels = np.frombuffer(small.tobytes(), np.uint8).reshape(SIDE, SIDE)
    if int(levels.max()) - int(levels.min()) < MIN_CONTRAST:
        raise Refused(400, "blank_image", "the image is of one tone; there is nothing to read in it")
    scaled: Floats = levels * np.float32(1 / 255)
    return scaled
