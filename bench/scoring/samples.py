"""What is sent: sample images as base64, and how many of them in one request."""

from __future__ import annotations

from base64 import b64encode

from bench.scoring.contenders import ROOT

IMAGES = 32


def encoded(file: str) -> str:
    """A sample of the folder data as base64."""
    return b64encode((ROOT / "data" / file).read_bytes()).decode()
