"""The order of all writes."""

from __future__ import annotations

from enum import IntEnum, auto


class Phase(IntEnum):
    """The phase of a step, first to last.

    A deployment needs its assets and its endpoint, traffic needs tested deployments, and a deployment must lose its
    traffic before it is deleted. What serves now is written after the tests of what does not, one deployment at a time,
    each tested before the next.
    """

    ASSETS = auto()
    ENDPOINT = auto()
    DEPLOYMENTS = auto()
    SMOKE_TESTS = auto()
    SERVING_DEPLOYMENTS = auto()
    TRAFFIC = auto()
    DELETES_OF_DEPLOYMENTS = auto()
    DELETES_OF_ENDPOINTS = auto()
