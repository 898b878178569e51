"""Work done in forked processes, a few at a time, each with a deadline: a fork has everything imported already."""

from __future__ import annotations

import os
import resource
import selectors
import signal
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Generic, TypeVar

T = TypeVar("T")

MEMORY = 6 * 2**30
"""Bytes of address space for one fork: a fault can make a loop that never stops collecting."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Job(Generic[T]):
    """Work for one fork, which answers with bytes; `subject` is what it is about."""

    subject: T
    work: Callable[[], bytes]
    seconds: float


@dataclass(slots=True, kw_only=True)
class _Running(Generic[T]):
    job: Job[T]
    process: int
    pipe: int
    deadline: float
    answer: bytearray = field(default_factory=bytearray)


def run(jobs: Iterable[Job[T]], at_once: int) -> Iterator[tuple[T, bytes | None]]:
    """The answers as they come; None where the deadline passed, nothing where the fork died."""
    waiting, running = iter(jobs), selectors.DefaultSelector()
    while True:
        while len(running.get_map()) < at_once and (job := next(waiting, None)):
            begun = _fork(job)
            running.register(begun.pipe, selectors.EVENT_READ, begun)
        if not running.get_map():
            return
        yield from _ended(running)


def progress(text: str) -> None:
    """How far it came, where somebody looks on."""
    if sys.stderr.isatty():
        print(f"\r\033[K{text}", end="", file=sys.stderr, flush=True)


def _ended(running: selectors.BaseSelector) -> Iterator[tuple[T, bytes | None]]:
    entries: list[_Running[T]] = [key.data for key in running.get_map().values()]
    next_deadline = min(entry.deadline for entry in entries)
    for key, _ in running.select(max(0.0, next_deadline - time.monotonic())):
        entry: _Running[T] = key.data
        if part := os.read(entry.pipe, 1 << 16):
            entry.answer += part
        else:
            _bury(entry, running)
            yield entry.job.subject, bytes(entry.answer)
    for entry in entries:
        if entry.pipe in running.get_map() and time.monotonic() >= entry.deadline:
            _bury(entry, running)
            yield entry.job.subject, None


def _bury(entry: _Running[T], running: selectors.BaseSelector) -> None:
    running.unregister(entry.pipe)
    os.close(entry.pipe)
    try:
        os.killpg(entry.process, signal.SIGKILL)
    except ProcessLookupError:
        os.kill(entry.process, signal.SIGKILL)
    os.waitpid(entry.process, 0)


def _fork(job: Job[T]) -> _Running[T]:
    readable, writable = os.pipe()
    process = os.fork()
    if process == 0:
        os.close(readable)
        _be_a_child(job, writable)
    os.close(writable)
    return _Running(job=job, process=process, pipe=readable, deadline=time.monotonic() + job.seconds)


def _be_a_child(job: Job[T], writable: int) -> None:
    """Never returns. What the work prints is nobody's."""
    try:
        os.setsid()
        resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
        nowhere = os.open(os.devnull, os.O_RDWR)
        for stream in range(3):
            os.dup2(nowhere, stream)
        with os.fdopen(writable, "wb") as pipe:
            pipe.write(job.work())
    finally:
        os._exit(0)
