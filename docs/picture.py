"""Makes docs/plan.svg from the coloured text of a real plan, read from standard input.

    NO_COLOR= script -qc "deployer plan" /dev/null | python docs/picture.py "deployer plan" docs/plan.svg

The font is whatever the reader's machine has, so that the picture fetches nothing.
"""

from __future__ import annotations

import sys
from io import StringIO
from pathlib import Path

from rich.console import Console
from rich.terminal_theme import MONOKAI
from rich.text import Text

MARGIN = 2
SVG = """\
<svg class="rich-terminal" viewBox="0 0 {width} {height}" xmlns="http://www.w3.org/2000/svg">
<style>
.{unique_id}-matrix {{
    font-family: ui-monospace, Menlo, Consolas, "DejaVu Sans Mono", monospace;
    font-size: {char_height}px; line-height: {line_height}px; font-variant-east-asian: full-width;
}}
.{unique_id}-title {{ font-size: 18px; font-weight: bold; font-family: system-ui, sans-serif; }}
{styles}
</style>
<defs>
<clipPath id="{unique_id}-clip-terminal">
<rect x="0" y="0" width="{terminal_width}" height="{terminal_height}" />
</clipPath>
{lines}
</defs>
{chrome}
<g transform="translate({terminal_x}, {terminal_y})" clip-path="url(#{unique_id}-clip-terminal)">
{backgrounds}
<g class="{unique_id}-matrix">
{matrix}
</g>
</g>
</svg>
"""


def picture(text: str, title: str) -> str:
    """The SVG of a terminal that shows `text`, which may hold ANSI colours; as wide as its longest line."""
    shown = Text.from_ansi(text.replace("\r\n", "\n").rstrip())
    width = max(line.cell_len for line in shown.split()) + MARGIN
    console = Console(record=True, file=StringIO(), width=width, force_terminal=True)
    console.print(shown, soft_wrap=True)
    return console.export_svg(title=title, theme=MONOKAI, code_format=SVG, unique_id="plan")


if __name__ == "__main__":
    _, title, target = sys.argv
    Path(target).write_text(picture(sys.stdin.read(), title), encoding="utf-8")
