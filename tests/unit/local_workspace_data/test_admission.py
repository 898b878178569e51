"""The gate of a deployment: so many at once, as many again waiting, first come first served."""

from __future__ import annotations

import asyncio

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from deployer.local_workspace.serving.admission import Gate, TooManyPending


def test_as_many_again_may_wait_and_no_more() -> None:
    async def body() -> None:
        gate = Gate()
        await gate.enter(1, None)
        second = asyncio.create_task(gate.enter(1, None))
        await asyncio.sleep(0)
        with pytest.raises(TooManyPending):
            await gate.enter(1, None)
        gate.leave()
        await asyncio.wait_for(second, 1)
        gate.leave()
        assert gate.running == 0

    asyncio.run(body())


def test_who_waits_too_long_gives_up_and_leaves_no_trace() -> None:
    async def body() -> None:
        gate = Gate()
        await gate.enter(1, None)
        with pytest.raises(TooManyPending):
            await gate.enter(1, 0.01)
        waiting = asyncio.create_task(gate.enter(1, None))
        await asyncio.sleep(0)
        waiting.cancel()
        await asyncio.wait([waiting])
        gate.leave()
        assert gate.running == 0
        await asyncio.wait_for(gate.enter(1, None), 1)

    asyncio.run(body())


def test_a_turn_that_comes_while_giving_up_goes_to_the_next() -> None:
    async def body() -> None:
        gate = Gate()
        await gate.enter(2, None)
        await gate.enter(2, None)
        first, second = (asyncio.create_task(gate.enter(2, None)) for _ in range(2))
        await asyncio.sleep(0)
        gate.leave()  # gives the turn to the first ...
        first.cancel()  # ... which goes away before it runs again
        await asyncio.wait_for(second, 1)
        gate.leave()
        gate.leave()
        assert gate.running == 0

    asyncio.run(body())


@pytest.mark.slow
@settings(max_examples=60, deadline=None)
@given(
    at_once=st.integers(1, 4),
    arrivals=st.lists(st.tuples(st.integers(0, 3), st.integers(0, 3), st.booleans()), max_size=20),
)
def test_never_more_at_once_than_allowed_and_every_place_comes_back(
    at_once: int, arrivals: list[tuple[int, int, bool]]
) -> None:
    """Each arrival: steps until it comes, steps it stays, whether it is impatient."""
    gate = Gate()
    inside: list[int] = []

    async def request(number: int, comes: int, stays: int, impatient: bool) -> None:
        for _ in range(comes):
            await asyncio.sleep(0)
        try:
            await gate.enter(at_once, 0.0 if impatient else None)
        except TooManyPending:
            return
        inside.append(number)
        assert len(inside) <= at_once
        for _ in range(stays):
            await asyncio.sleep(0)
        inside.remove(number)
        gate.leave()

    async def body() -> None:
        await asyncio.wait_for(asyncio.gather(*(request(i, *arrival) for i, arrival in enumerate(arrivals))), 5)

    asyncio.run(body())
    assert gate.running == 0
