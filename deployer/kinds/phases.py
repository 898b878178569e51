"""The order of all writes."""

from __future__ import annotations

from enum import IntEnum, auto


class Phase(IntEnum):
    """The phase of a step, first to last.

    A deployment needs its assets and its endpoint, traffic needs tested deployments, and a deployment must lose its
    traffic before it is deleted. What serves now is written after the tests of what does not, one deployment at a time,
    each tested before the next. Autoscale takes over before the traffic moves, and goes before its deployment goes; it
    goes first where the deployment stays, whose instances are then set (AUTOSCALE_OFF).
    """

    ASSETS = auto()
    ENDPOINT = auto()
    AUTOSCALE_OFF = auto()
    DEPLOYMENTS = auto()
    SMOKE_TESTS = auto()
    SERVING_DEPLOYMENTS = auto()
    AUTOSCALE = auto()
    TRAFFIC = auto()
    DELETES_OF_AUTOSCALE = auto()
    DELETES_OF_DEPLOYMENTS = auto()
    DELETES_OF_ENDPOINTS = auto()
