"""Doubles a number. CHANGE says what is wrong with this version: `slow`, `failing`, or nothing."""

import json
import os
import time

CHANGE = os.environ["CHANGE"]


def init():
    """There is no model to load."""


def run(data):
    """Answer {"number": 1} with 2."""
    number = json.loads(data)["number"]
    time.sleep(0.03 if CHANGE == "slow" else 0.02)
    if CHANGE == "failing" and number % 33 == 0:
        raise ValueError(f"this version cannot double {number}")
    return 2 * number
