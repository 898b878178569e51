"""`python -m tests.mutants`: put faults into the deployer, one at a time, and say which no test notices.

Exit code 1 when too few are noticed, or one that may not go unnoticed, and is not accepted with a reason, was not.
"""

from __future__ import annotations

import argparse
import ast
import json
import os
import random
import sys
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import partial
from itertools import takewhile
from pathlib import Path

import pytest

from tests.mutants import forks, testing
from tests.mutants.accepted import Accepted, accepted
from tests.mutants.copy import copied, go_on_in
from tests.mutants.places import PACKAGES, files, is_careful, package_of
from tests.mutants.reach import Reach, reach
from tests.mutants.sites import Site, sites, with_fault

ENOUGH = 0.85
AT_MOST = 90.0
"""Seconds of tests for one fault; what the fastest tests of so much time do not notice has survived."""


UNACCEPTABLE = ", and must not"


class Fate(StrEnum):
    """What became of a fault."""

    KILLED = "killed"
    SURVIVED = "survived"
    NOT_COVERED = "not covered"


@dataclass(frozen=True, slots=True, kw_only=True)
class Mutant:
    """One fault in one file, the how-manieth it is there, and the tests that could notice it."""

    file: Path
    number: int
    site: Site
    tests: tuple[str, ...] = ()

    @property
    def where(self) -> str:
        return f"{self.file}:{self.site.line}"

    @property
    def change(self) -> str:
        return shortened(self.site.before, self.site.after)


def shortened(before: str, after: str) -> str:
    """`before -> after` without most of what is the same in both."""
    head = _common(before, after)
    tail = _common(before[head:][::-1], after[head:][::-1])
    start = max(0, head - 30)
    shown = [text[start : len(text) - max(0, tail - 30)] for text in (before, after)]
    return " -> ".join(f"{'…' * (start > 0)}{text}{'…' * (tail > 30)}" for text in shown)


def _common(one: str, other: str) -> int:
    """How many characters two texts begin with alike."""
    return sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], zip(one, other, strict=False)))


def main() -> int:
    asked = _arguments()
    if not asked.here:
        go_on_in(copied(), sys.argv[1:])
    began = time.monotonic()
    testing.warm_up()
    known = reach(asked.workers)
    if known.failed:
        print(f"fail without any fault, and are left out: {', '.join(known.failed)}")
    chosen = _sample(asked.only, asked.count, random.Random(asked.seed))
    fates = {}
    for mutant, fate in _fates(chosen, known, asked.workers):
        fates[mutant] = fate
        if fate is not Fate.KILLED:
            print(_line(mutant, fate), flush=True)
    return _report(fates, time.monotonic() - began)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.mutants", description=__doc__)
    parser.add_argument("--seed", default="1", help="which sample")
    parser.add_argument("--count", type=int, default=420, help="how many faults; 0 for all")
    parser.add_argument("--only", default="", help="only files whose path has this in it")
    parser.add_argument("--workers", type=int, default=os.cpu_count() or 2)
    parser.add_argument("--here", action="store_true", help="on these very files, which must not change meanwhile")
    return parser.parse_args()


def _sample(only: str, count: int, dice: random.Random) -> list[Mutant]:
    """As many of each package as of any other, as far as it has so many."""
    pools: dict[str, list[Mutant]] = {package: [] for package in PACKAGES}
    for file in files():
        if only in file.as_posix():
            pools[package_of(file)] += _mutants_in(file)
    chosen: list[Mutant] = []
    left = sorted((pool for pool in pools.values() if pool), key=len)
    wanted = count or sum(map(len, left))
    while left:
        pool = left.pop(0)
        share = -(-(wanted - len(chosen)) // (len(left) + 1))
        chosen += dice.sample(pool, min(share, len(pool)))
    return chosen


def _mutants_in(file: Path) -> Iterator[Mutant]:
    tree = ast.parse((testing.ROOT / file).read_text())
    for number, site in enumerate(sites(tree)):
        yield Mutant(file=file, number=number, site=site)


def _fates(chosen: Sequence[Mutant], known: Reach, workers: int) -> Iterator[tuple[Mutant, Fate]]:
    jobs = []
    for mutant in chosen:
        tests = list(_affordable(known.tests_of(mutant.file.as_posix(), mutant.site), known))
        if tests:
            seconds = 20 + 4 * sum(known.seconds[test] for test in tests)
            work = partial(_try, mutant, tests)
            jobs.append(forks.Job(subject=mutant, work=work, seconds=seconds))
        else:
            yield mutant, Fate.NOT_COVERED
    for count, (mutant, answer) in enumerate(forks.run(jobs, workers), start=1):
        forks.progress(f"{count} of {len(jobs)} faults tried")
        yield mutant, _fate(mutant, answer)
    forks.progress("")


def _affordable(tests: Sequence[str], known: Reach) -> Iterator[str]:
    spent = 0.0
    for test in tests:
        spent += known.seconds[test]
        if spent > AT_MOST:
            return
        yield test


def _try(mutant: Mutant, tests: Sequence[str]) -> bytes:
    path = testing.ROOT / mutant.file
    tree = with_fault(path.read_text(), mutant.number)
    return testing.noticed(testing.module_name(mutant.file), path, tree, tests)


def _fate(mutant: Mutant, answer: bytes | None) -> Fate:
    """A fault that lets no test come to an end is noticed too, and so is one with which nothing can be imported."""
    if not answer:
        return Fate.KILLED
    match pytest.ExitCode(json.loads(answer)["code"]):
        case pytest.ExitCode.OK:
            return Fate.SURVIVED
        case pytest.ExitCode.TESTS_FAILED | pytest.ExitCode.INTERRUPTED | pytest.ExitCode.INTERNAL_ERROR:
            return Fate.KILLED
        case code:
            raise SystemExit(f"\n{mutant.where}: pytest ended with {code.name}: were files changed meanwhile?")


def _line(mutant: Mutant, fate: Fate) -> str:
    """One line about a fault that was not noticed."""
    return f"{mutant.where}: {mutant.site.scope or 'module'}: {mutant.change}  ({fate}{_gravity(mutant)})"


def _gravity(mutant: Mutant) -> str:
    """What is to be said of a fault that was not noticed: whether it may be, and whether it is none."""
    if not is_careful(mutant.file, mutant.site.scope):
        return ""
    return ", accepted" if any(_is_about(entry, mutant) for entry in accepted()) else UNACCEPTABLE


def _report(fates: dict[Mutant, Fate], seconds: float) -> int:
    for package in PACKAGES:
        counts = Counter(fate for mutant, fate in fates.items() if package_of(mutant.file) == package)
        if counts:
            print(f"{package:<10}" + "".join(f"{counts[fate]:>6} {fate}" for fate in Fate))
    left = [mutant for mutant, fate in fates.items() if fate is not Fate.KILLED]
    grave = [mutant for mutant in left if _gravity(mutant) == UNACCEPTABLE]
    share = 1 - len(left) / max(1, len(fates))
    print(f"{share:.1%} of {len(fates)} killed, {len(grave)} survive where none may, in {seconds / 60:.1f} minutes")
    return 0 if share >= ENOUGH and not grave else 1


def _is_about(entry: Accepted, mutant: Mutant) -> bool:
    return (entry.file, entry.scope, entry.before, entry.after) == (
        mutant.file.as_posix(),
        mutant.site.scope,
        mutant.site.before,
        mutant.site.after,
    )


if __name__ == "__main__":
    sys.exit(main())
