"""Ten digits as somebody draws them with a mouse on a white page: a thin line, small, somewhere on it."""

from __future__ import annotations

import numpy as np
from PIL import Image, ImageDraw

Point = tuple[float, float]

LINES: dict[int, list[list[Point]]] = {
    0: [
        [
            (52, 2),
            (30, 6),
            (14, 26),
            (8, 52),
            (14, 80),
            (32, 98),
            (54, 96),
            (72, 78),
            (80, 50),
            (74, 22),
            (60, 6),
            (50, 3),
        ]
    ],
    1: [[(40, 20), (56, 2), (54, 34), (52, 66), (50, 100)]],
    2: [[(14, 24), (22, 8), (44, 0), (66, 8), (70, 28), (58, 50), (36, 72), (12, 96), (42, 94), (78, 97)]],
    3: [[(16, 12), (38, 0), (62, 6), (68, 26), (54, 42), (36, 47), (60, 54), (74, 72), (64, 92), (38, 100), (12, 90)]],
    4: [[(48, 0), (32, 28), (10, 58), (44, 60), (82, 58)], [(62, 28), (60, 62), (58, 100)]],
    5: [[(72, 2), (46, 3), (24, 4), (20, 24), (17, 42), (42, 38), (66, 50), (72, 72), (58, 92), (34, 98), (12, 90)]],
    6: [[(62, 2), (40, 18), (22, 44), (16, 70), (26, 92), (48, 98), (68, 86), (70, 66), (54, 54), (34, 58), (20, 74)]],
    7: [[(12, 6), (42, 4), (76, 3), (62, 30), (48, 62), (38, 98)]],
    8: [
        [
            (62, 12),
            (44, 1),
            (24, 10),
            (26, 30),
            (46, 46),
            (68, 66),
            (66, 90),
            (42, 100),
            (20, 88),
            (20, 68),
            (60, 33),
            (60, 9),
        ]
    ],
    9: [[(68, 22), (52, 4), (28, 8), (18, 28), (28, 46), (50, 46), (66, 30), (69, 18), (66, 48), (58, 74), (48, 100)]],
}
"""Each line through the points it was drawn by: right and down, in a square of a hundred."""


def drawn(digit: int, rng: np.random.Generator) -> Image.Image:
    """`digit` in dark ink on a white page, 30 pixels tall to half of the page, in a line of 1.5 pixels or more."""
    width, height = (int(side) for side in rng.integers(200, 520, 2))
    tall = rng.uniform(0.12, 0.5) * min(width, height)
    tall = max(tall, 30.0)
    corner = rng.uniform(8, [width - tall - 8, height - tall - 8])
    pen, ink = max(1.5, tall * rng.uniform(0.025, 0.06)), int(rng.integers(0, 90))
    page = Image.new("L", (4 * width, 4 * height), 255)
    drawing = ImageDraw.Draw(page)
    for line in LINES[digit]:
        points = 4 * (corner + _through(np.array(line) + rng.normal(0, 1.2, (len(line), 2))) * tall / 100)
        drawing.line([tuple(point) for point in points], ink, round(4 * pen), "curve")
    return page.resize((width, height), Image.Resampling.BOX)


def _through(points: np.ndarray) -> np.ndarray:
    """A smooth curve through `points`, (n, 2), as Catmull and Rom have it: (8 n - 7, 2)."""
    padded = np.concatenate([points[:1], points, points[-1:]])
    share = np.linspace(0, 1, 8, endpoint=False)[:, None]
    parts = []
    for before, start, end, after in zip(padded, padded[1:], padded[2:], padded[3:], strict=False):
        bend = 2 * before - 5 * start + 4 * end - after
        parts.append(
            0.5
            * (2 * start + (end - before) * share + bend * share**2 + (3 * start - 3 * end + after - before) * share**3)
        )
    return np.concatenate([*parts, points[-1:]])
