"""The order of all writes."""

from __future__ import annotations

from enum import IntEnum, auto


class Phase(IntEnum):
    """The phase of a step, first to last.

    A deployment needs its assets and its endpoint, traffic needs tested deployments, and a deployment must lose its
    traffic before it is deleted.
    """

    ASSETS = auto()
    ENDPOINT = auto()
    DEPLOYMENTS = auto()
    SMOKE_TESTS = auto()
    TRAFFIC = auto()
    DELETES_OF_DEPLOYMENTS = auto()
    DELETES_OF_ENDPOINTS = auto()
