"""Pictures without a digit to judge the model with: twelve kinds, nine of which it was not trained on.

`letters`, `clouds` and `grain` are kinds of `others` too, drawn anew.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from scoring.ink import Floats
from scoring.looks import png
from scoring.others import LETTERS, any_font, clouds, fonts, grain, levels, typeset

SIDE = 96
Kind = Callable[[np.random.Generator], Floats]


def _canvas() -> tuple[Image.Image, ImageDraw.ImageDraw]:
    image = Image.new("L", (SIDE, SIDE), 235)
    return image, ImageDraw.Draw(image)


def letter(rng: np.random.Generator) -> Floats:
    """A letter in black on white."""
    return 1 - typeset(str(rng.choice(LETTERS)), any_font(rng))


def foreign(rng: np.random.Generator) -> Floats:
    """A Greek or Cyrillic letter that looks like no digit."""
    signs = "ΓΔΘΛΞΠΣΦΨΩαδεηθλμξπφψωБДЖИЙЛПФЦШЩЪЫЮЯджийлмпфцшщыюя"
    wide = [font for font in fonts() if font.stem.startswith("DejaVu") and "Display" not in font.stem]
    return 1 - typeset(str(rng.choice(list(signs))), wide[rng.integers(len(wide))])


def symbol(rng: np.random.Generator) -> Floats:
    """An arrow, a star, a suit of cards, a note."""
    signs = "←↑→↓↔⇒★☆♠♣♥♦♪♫✓✗☀☂☎✂✈✉∑∫√∞≈≠≤∀∃∈"
    return typeset(str(rng.choice(list(signs))), next(font for font in fonts() if font.stem == "DejaVuSans"))


def text(rng: np.random.Generator) -> Floats:
    """Lines of small letters."""
    image, drawing = _canvas()
    font = ImageFont.truetype(str(any_font(rng)), int(rng.integers(9, 15)))
    for row in range(6, SIDE - 12, 15):
        drawing.text((4, row), "".join(rng.choice([*LETTERS, " "], 14)), 20, font)
    return levels(image)


def face(rng: np.random.Generator) -> Floats:
    """Two eyes and a mouth in a circle."""
    image, drawing = _canvas()
    x, y, radius = rng.uniform(40, 56), rng.uniform(40, 56), rng.uniform(24, 36)
    pen = int(rng.integers(2, 5))
    drawing.ellipse([x - radius, y - radius, x + radius, y + radius], outline=20, width=pen)
    for side in (-1, 1):
        eye = x + side * radius * 0.4
        drawing.ellipse([eye - 4, y - radius * 0.4 - 4, eye + 4, y - radius * 0.4 + 4], fill=20)
    mouth = [x - radius * 0.5, y - radius * 0.3, x + radius * 0.5, y + radius * 0.6]
    drawing.arc(mouth, 20, 160, fill=20, width=pen)
    return levels(image)


def house(rng: np.random.Generator) -> Floats:
    """A scene: ground, a house with a roof, a sun."""
    image, drawing = _canvas()
    ground = int(rng.integers(60, 85))
    drawing.rectangle([0, ground, SIDE, SIDE], fill=int(rng.integers(90, 180)))
    left, width, high = int(rng.integers(8, 40)), int(rng.integers(24, 46)), int(rng.integers(18, 34))
    drawing.rectangle([left, ground - high, left + width, ground], fill=int(rng.integers(20, 90)))
    roof = [(left - 4, ground - high), (left + width + 4, ground - high), (left + width / 2, ground - high - 18)]
    drawing.polygon(roof, fill=int(rng.integers(20, 140)))
    x, y = rng.uniform(8, 88), rng.uniform(6, 24)
    drawing.ellipse([x - 6, y - 6, x + 6, y + 6], fill=int(rng.integers(150, 220)))
    return levels(image)


def bricks(rng: np.random.Generator) -> Floats:
    """A wall."""
    image, drawing = _canvas()
    wide, high = int(rng.integers(12, 30)), int(rng.integers(6, 14))
    for number, row in enumerate(range(0, SIDE, high)):
        for column in range(-wide * (number % 2) // 2, SIDE, wide):
            drawing.rectangle([column + 1, row + 1, column + wide - 2, row + high - 2], fill=int(rng.integers(40, 170)))
    return levels(image)


def code(rng: np.random.Generator) -> Floats:
    """Black and white squares at random."""
    cells = int(rng.integers(7, 20))
    image = Image.fromarray((rng.random((cells, cells)) < 0.5).astype(np.uint8) * 255)
    return levels(image.resize((SIDE, SIDE), Image.Resampling.NEAREST))


def tree(rng: np.random.Generator) -> Floats:
    """Branches that fork."""
    image, drawing = _canvas()
    ends = [(SIDE / 2, SIDE * 0.95, -np.pi / 2, SIDE * 0.3)]
    while ends:
        x, y, angle, length = ends.pop()
        tip = (x + length * np.cos(angle), y + length * np.sin(angle))
        drawing.line([x, y, *tip], 20, max(1, int(length / 8)))
        if length > 8:
            ends += [(*tip, angle + rng.uniform(0.2, 0.7) * side, length * rng.uniform(0.6, 0.75)) for side in (-1, 1)]
    return levels(image)


def chart(rng: np.random.Generator) -> Floats:
    """Axes and a line that goes up and down."""
    image, drawing = _canvas()
    drawing.line([10, 6, 10, 88, 92, 88], 20, 2)
    heights = np.clip(50 + np.cumsum(rng.normal(0, 12, 12)), 10, 84)
    drawing.line([(14 + 6.5 * place, height) for place, height in enumerate(heights)], 60, int(rng.integers(1, 4)))
    return levels(image)


KINDS: dict[str, Kind] = {
    "letters": letter,
    "clouds": clouds,
    "grain": grain,
    "foreign letters": foreign,
    "symbols": symbol,
    "text": text,
    "faces": face,
    "houses": house,
    "bricks": bricks,
    "codes": code,
    "trees": tree,
    "charts": chart,
}


def image_files(kind: str, count: int = 50, seed: int = 5) -> list[bytes]:
    """`count` pictures of `kind` as PNG files."""
    rng = np.random.default_rng((seed, sorted(KINDS).index(kind)))
    return [png(KINDS[kind](rng)) for _ in range(count)]
