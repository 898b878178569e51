"""The contracts of pyproject.toml over a graph of imports, and the rooms that ARCHITECTURE.md puts in order."""

from __future__ import annotations

import re
from collections.abc import Iterator
from copy import deepcopy
from functools import cache
from itertools import permutations
from pathlib import Path
from zlib import crc32

import grimp
from importlinter import Contract
from importlinter.api import read_configuration
from importlinter.contracts.acyclic_siblings import AcyclicSiblingsContract
from importlinter.contracts.forbidden import ForbiddenContract
from importlinter.contracts.layers import LayersContract
from importlinter.contracts.protected import ProtectedContract

ROOT = Path(__file__).parents[3]
LOCAL = "deployer.local_workspace"
_TYPES: dict[str, type[Contract]] = {
    "acyclic_siblings": AcyclicSiblingsContract,
    "forbidden": ForbiddenContract,
    "layers": LayersContract,
    "protected": ProtectedContract,
}
_NAMED = re.compile(r"'importer': '([\w.]+)', 'imported': '([\w.]+)'")
Import = tuple[str, str]


@cache
def graph() -> grimp.ImportGraph:
    """Every import of the package."""
    return grimp.build_graph("deployer", include_external_packages=True, cache_dir=None)


@cache
def contracts() -> tuple[Contract, ...]:
    """What `lint-imports` checks."""
    read = read_configuration(str(ROOT / "pyproject.toml"))
    session, rows = read["session_options"], read["contracts_options"]
    return tuple(_TYPES[row["type"]](row["name"], session, row) for row in rows)


def with_import(importer: str, imported: str) -> grimp.ImportGraph:
    """The imports of the package and one more."""
    planted = deepcopy(graph())
    planted.add_import(importer=importer, imported=imported)
    return planted


def broken(imports: grimp.ImportGraph) -> dict[str, str]:
    """The contracts that these imports break, by name, with what import-linter says of each."""
    checks = {contract.name: contract.check(deepcopy(imports), verbose=False) for contract in contracts()}
    return {name: str(check.metadata) for name, check in checks.items() if not check.kept}


def has_circle(imports: grimp.ImportGraph) -> bool:
    """Whether two neighbours of a folder import each other."""
    (contract,) = (each for each in contracts() if isinstance(each, AcyclicSiblingsContract))
    return not contract.check(imports, verbose=False).kept


def is_named(importer: str, imported: str) -> bool:
    """Whether the contracts would name this very import."""
    said = " ".join(broken(with_import(importer, imported)).values())
    return (importer, imported) in _NAMED.findall(said)


def rooms(package: str) -> list[str]:
    """The packages and modules right below a package."""
    return sorted(graph().find_children(package))


def modules(room: str) -> list[str]:
    """The modules of a room; its `__init__` only where it has nothing else."""
    return sorted(graph().find_descendants(room)) or [room]


def floors(package: str) -> list[list[str]]:
    """The rooms of a package from top to bottom, as ARCHITECTURE.md puts them."""
    (line,) = re.findall(rf"^ +{re.escape(package)}: (.*)$", (ROOT / "ARCHITECTURE.md").read_text(), re.MULTILINE)
    return [[f"{package}.{room.strip()}" for room in floor.split("|")] for floor in line.split(">")]


def upward(package: str) -> Iterator[Import]:
    """Every pair of rooms of which the first may not import the second, by the order alone."""
    height = {room: number for number, floor in enumerate(floors(package)) for room in floor}
    for importer, imported in permutations(rooms(package), 2):
        if height[importer] >= height[imported]:
            yield importer, imported


def against_the_order() -> list[Import]:
    """The ordered pairs of rooms that the order in ARCHITECTURE.md forbids."""
    return [*upward("deployer"), *upward(LOCAL)]


def by_exception() -> list[Import]:
    """The pairs that the order would allow and a sentence of ARCHITECTURE.md forbids."""
    joining = {f"{LOCAL}.{room}" for room in ("serving", "server", "page")}
    return [
        *(("deployer.authoring", f"deployer.{room}") for room in ("applying", "planning")),
        *((room, inner) for room in rooms("deployer") for inner in rooms(LOCAL) if room != LOCAL),
        *((room, f"{LOCAL}.serving") for room in rooms(LOCAL) if room not in joining),
    ]


def one_import(importer: str, imported: str) -> Import:
    """One module of each room, always the same two, and other ones for other rooms."""
    into = [module for module in modules(imported) if module != "deployer.planning.vm_sizes"]
    out = modules(importer)
    chosen = crc32(f"{importer} {imported}".encode())
    return out[chosen % len(out)], into[chosen % len(into)]
