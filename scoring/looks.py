"""Digits drawn as people would send them: moved, turned, with thick and thin pens, on paper in uneven light."""

from __future__ import annotations

from dataclasses import dataclass
from io import BytesIO

import numpy as np
from PIL import Image

from scoring.ink import SIDE, Floats

MARGIN = 2
"""Empty cells around a scan, so that interpolation at its edge fades into the background."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """How a scan is drawn. Lengths are shares of the picture's shorter side, angles radians, light and ink 0 to 1."""

    shift: tuple[float, float] = (0.0, 0.0)
    scale: float = 1.0
    stretch: float = 1.0
    rotation: float = 0.0
    slant: float = 0.0
    edge: float | None = None
    """The ink level where a stroke ends: 0.25 is a thick pen, 0.6 a thin one; None keeps the scan's soft strokes."""
    sharpness: float = 12.0
    paper: float = 0.0
    ink: float = 1.0
    slope: tuple[float, float] = (0.0, 0.0)
    """Change of light from the centre to the right and to the lower edge."""
    noise: float = 0.0
    wobble: float = 0.0
    """How far an unsteady hand moves parts of a stroke at most."""


PLAIN = Look()


def draw(scan: Floats, look: Look, rng: np.random.Generator, size: tuple[int, int] = (SIDE, SIDE)) -> Floats:
    """`scan` as a picture of `size` (width, height): an array of shape (height, width) from 0, black, to 1, white."""
    strokes = _place(_wobbled(scan, look.wobble, rng) if look.wobble else scan, look, size)
    if look.edge is not None:
        strokes = (1 / (1 + np.exp(-look.sharpness * (strokes - look.edge)))).astype(np.float32)
    picture = look.paper + (look.ink - look.paper) * strokes
    if look.slope != (0.0, 0.0):
        down, right = np.meshgrid(np.linspace(-1, 1, size[1]), np.linspace(-1, 1, size[0]), indexing="ij")
        picture = picture + look.slope[0] * right + look.slope[1] * down
    if look.noise:
        picture = picture + rng.normal(0, look.noise, picture.shape)
    drawn: Floats = np.clip(picture, 0, 1).astype(np.float32)
    return drawn


def _wobbled(scan: Floats, reach: float, rng: np.random.Generator) -> Floats:
    """`scan` with a grid of 4x4 patches pulled about at random; its outline stays."""
    side, patches = scan.shape[0], 4
    corners = np.stack(np.meshgrid(*[np.linspace(0, side, patches + 1)] * 2), axis=-1)
    moved = corners + rng.uniform(-reach * side, reach * side, corners.shape)
    mesh = []
    for row in range(patches):
        for column in range(patches):
            box = (*corners[row, column].astype(int), *corners[row + 1, column + 1].astype(int))
            quad = moved[[row, row + 1, row + 1, row], [column, column, column + 1, column + 1]]
            mesh.append((box, tuple(quad.ravel())))
    pulled = Image.fromarray(scan, mode="F").transform(
        (side, side), Image.Transform.MESH, mesh, resample=Image.Resampling.BILINEAR
    )
    return np.asarray(pulled, np.float32)


def _place(scan: Floats, look: Look, size: tuple[int, int]) -> Floats:
    """The ink of `scan`, enlarged, turned and moved to where `look` wants it in a picture of `size`."""
    side, cells = min(size), scan.shape[0]
    padded = Image.fromarray(np.pad(scan, MARGIN), mode="F")
    cos, sin = np.cos(look.rotation), np.sin(look.rotation)
    across = cells / (side * look.scale * look.stretch)
    along = cells / (side * look.scale)
    a, b = across * (cos + look.slant * sin), across * (sin - look.slant * cos)
    d, e = -along * sin, along * cos
    x = size[0] / 2 + look.shift[0] * side
    y = size[1] / 2 + look.shift[1] * side
    centre = padded.width / 2
    matrix = (a, b, centre - a * x - b * y, d, e, centre - d * x - e * y)
    placed = padded.transform(size, Image.Transform.AFFINE, matrix, resample=Image.Resampling.BICUBIC)
    strokes: Floats = np.clip(np.asarray(placed, np.float32), 0, 1)
    return strokes


def any_look(rng: np.random.Generator) -> Look:
    """A look drawn at random from what users send: the augmentation of the training set."""
    light, dark = rng.uniform(0.6, 1.0), rng.uniform(0.0, 0.35)
    paper, ink = (dark, light) if rng.random() < 0.5 else (light, dark)
    scale = rng.uniform(0.5, 1.1)
    reach = max(0.06, (1.1 - scale) / 2)
    return Look(
        shift=(rng.uniform(-reach, reach), rng.uniform(-reach, reach)),
        scale=scale,
        stretch=rng.uniform(0.72, 1.3),
        rotation=rng.uniform(-0.2, 0.2),
        slant=rng.uniform(-0.2, 0.2),
        edge=rng.uniform(0.2, 0.65) if rng.random() < 0.75 else None,
        sharpness=rng.uniform(6, 25),
        paper=paper,
        ink=ink,
        slope=(rng.uniform(-0.12, 0.12), rng.uniform(-0.12, 0.12)) if rng.random() < 0.5 else (0.0, 0.0),
        noise=rng.uniform(0, 0.12) if rng.random() < 0.5 else 0.0,
        wobble=rng.uniform(0, 0.06) if rng.random() < 0.5 else 0.0,
    )


def turned_slightly(rng: np.random.Generator) -> Look:
    """A look that leaves a digit of MNIST where it is and much as it is."""
    return Look(
        shift=(rng.uniform(-1, 1) / SIDE, rng.uniform(-1, 1) / SIDE),
        scale=rng.uniform(0.92, 1.06),
        stretch=rng.uniform(0.9, 1.1),
        rotation=rng.uniform(-0.2, 0.2),
        slant=rng.uniform(-0.2, 0.2),
        wobble=rng.uniform(0, 0.05),
    )


def photograph_look(rng: np.random.Generator) -> Look:
    """A pen on paper, photographed from above in a room: dark on light, uneven light, a little grain."""
    return Look(
        shift=(rng.uniform(-0.15, 0.15), rng.uniform(-0.08, 0.08)),
        scale=rng.uniform(0.65, 0.95),
        stretch=rng.uniform(0.9, 1.15),
        rotation=rng.uniform(-0.12, 0.12),
        slant=rng.uniform(-0.1, 0.1),
        edge=rng.uniform(0.35, 0.6),
        sharpness=rng.uniform(20, 40),
        paper=rng.uniform(0.7, 0.92),
        ink=rng.uniform(0.08, 0.25),
        slope=(rng.uniform(-0.1, 0.1), rng.uniform(-0.1, 0.1)),
        noise=rng.uniform(0.004, 0.02),
    )


def as_image(picture: Floats) -> Image.Image:
    """A drawing from 0 to 1 as an 8-bit grey image."""
    return Image.fromarray((picture * 255).round().astype(np.uint8))


def png(drawing: Floats) -> bytes:
    """`drawing`, from 0 to 1, as a PNG file."""
    file = BytesIO()
    as_image(drawing).save(file, "PNG")
    return file.getvalue()


def jpeg(drawing: Floats) -> bytes:
    """`drawing`, from 0 to 1, as a JPEG file in colour, as cameras write them."""
    file = BytesIO()
    as_image(drawing).convert("RGB").save(file, "JPEG", quality=85)
    return file.getvalue()
