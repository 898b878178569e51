"""Canaries in every field that takes text, whatever happens to them: no command and no format shows one, nor a part."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from urllib.parse import quote

import pytest

from tests.unit.commands.conftest import Shop
from tests.unit.commands.test_live_secrets import CANARIES, traces

SHAPES = {
    **CANARIES,
    "one": "Ж",
    "a word": "kingfisher",
    "words with blanks": "correct horse battery staple",
    "digits": "73914",
    "two": "Щ9",
    "three": "z§9",
    "backslashes": "\\C4nary\\n\\\\x",
    "five thousand": "".join(f"C{number:04x}" for number in range(1000)),
    "comment": "C4nary #comment",
    "tricks": "*C4nary: [x] !y | & > % @ `",
    "spaces": "  C4nary sp ",
}
WAYS = {
    "alone": "{{ secret('NAME') }}",
    "quoted": "\"{{ secret('NAME') }}\"",
    "inside": "https://u:{{ secret('NAME') }}@h",
    "json": "'{\"k\": {{ secret('NAME') | tojson }}}'",
    "base64": "{{ secret('NAME') | b64encode }}",
    "env_var": "{{ env_var('NAME_TOKEN') }}",
}
MAPS = ("environment_variables", "tags", "properties")
CHANGES = ("added", "changed", "rotated", "moved", "removed", "renamed", "broken", "misplaced")
REFUSED = ("broken", "misplaced")
COMMANDS = (
    *(("validate", "--format", shape) for shape in ("text", "json", "github", "sarif")),
    ("render",),
    *(("plan", "--format", shape) for shape in ("text", "markdown", "json")),
    ("plan", "--out", "plan.json"),
    *(("drift", "--format", shape) for shape in ("text", "markdown", "json")),
    ("status",),
    ("logs", "blue"),
    ("apply", "plan.json", "--yes"),
    ("apply", "--yes"),
)


def lines(where: int, way: str, rename: str = "", *, plain: bool = False) -> Iterator[str]:
    """The fields of a spec with every shape in one of the maps, written in one way; the description has one too."""
    yield f"{MAPS[where % len(MAPS)]}:"
    for number, _ in enumerate(SHAPES):
        text = "before" if plain else WAYS[way].replace("NAME", f"CANARY_{number}")
        yield f"  K{rename}{number}: {text}"
    yield "description: " + ("before" if plain else f"\"for {{{{ secret('CANARY_{where}') }}}}\"")


def declare(shop: Shop, more: Iterator[str] | tuple[str, ...]) -> None:
    spec = "\n".join(f"{key}: {json.dumps(value)}" for key, value in shop.deployment("digits", "blue").items())
    (shop.folder / "specs/digits/deployment-blue.yml").write_text("\n".join([spec, *more, ""]), encoding="utf-8")


def set_values(shop: Shop, turn: int) -> list[str]:
    values = list(SHAPES.values())
    values = [*values[turn:], *values[:turn]]
    for number, value in enumerate(values):
        shop.monkeypatch.setenv(f"CANARY_{number}", value)
        shop.monkeypatch.setenv(f"CANARY_{number}_TOKEN", f"{value}+C4nary-t0ken")
    return values


def change_specs(shop: Shop, change: str, way: str, where: int) -> None:
    """Apply what was before, and write the specs of after."""
    match change:
        case "added":
            declare(shop, ())
        case "changed":
            declare(shop, lines(where, way, plain=True))
        case _:
            declare(shop, lines(where, way))
    shop.applied()
    match change:
        case "rotated":
            set_values(shop, 7)
        case "moved":
            declare(shop, lines(where + 1, way))
        case "removed":
            declare(shop, ())
        case "renamed":
            declare(shop, lines(where, way, rename="R"))
        case "broken":
            declare(shop, [*lines(where, way), "instance_count: -1", "unknown_field: 1"])  # type: ignore[arg-type]
        case "misplaced":
            declare(shop, [*lines(where, way), f"model_mount_path: {WAYS[way]}".replace("NAME", "CANARY_3")])  # type: ignore[arg-type]
        case _:
            declare(shop, lines(where, way))


def written(shop: Shop) -> str:
    files = [path for path in shop.folder.rglob("*") if path.is_file() and "specs" not in path.parts]
    return "".join(path.read_text(errors="replace") for path in files)


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("change", CHANGES)
def test_no_command_shows_a_canary(change: str, way: str, shop: Shop) -> None:
    where = (CHANGES.index(change) + list(WAYS).index(way)) % len(MAPS)
    values = set_values(shop, 0)
    change_specs(shop, change, way, where)
    unmistakable = [value for value in values if value != "7" and len(value) < 3]
    hunted = {trace for value in values for trace in traces(value)} | set(unmistakable)
    hunted |= {quote(value) for value in unmistakable} | {base64.b64encode(values[-1].encode()).decode()}
    for words in COMMANDS:
        said = shop.run(*words, "--env", "dev")
        shown = said.out + said.err + written(shop)
        assert "bug of deployer" not in shown
        if words[:3] == ("plan", "--format", "text"):
            assert "(sensitive)" in said.out or "(hidden)" in said.out or change in REFUSED, said
            assert said.code == 1 or change not in REFUSED or way == "env_var", said
        assert not [trace for trace in hunted if trace in shown], (words, said.out[:3000], said.err)
