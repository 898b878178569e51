"""Writes docs/commands.md from the help texts: `python docs/make_commands.py`. A test checks that it is current."""

from __future__ import annotations

import sys
from pathlib import Path

import click

ROOT = Path(__file__).parent.parent
sys.path.insert(0, str(ROOT))

from deployer.cli import cli  # noqa: E402
from deployer.local_workspace.__main__ import group  # noqa: E402

INTRODUCTION = """# Commands

Made from the help texts by `docs/make_commands.py`; `deployer COMMAND --help` prints the same.

Exit codes: 0 nothing to do or applied; 1 invalid or failed; 2 changes pending (`plan --detailed-exitcode`, `drift`);
3 refused as unsafe, stale or not ours; 4 steps left for the next run (`apply --max-minutes`); 64 wrong usage;
130 interrupted.
"""
ANYWHERE = ("root", "json")
"""The options that every command of `deployer local` takes; it sets the first itself."""
EXAMPLE = "Example: "


def reference() -> str:
    """The whole page."""
    local = (_page(f"local {name}", command) for name, command in local_commands().items())
    return "\n".join([INTRODUCTION, *(_page(name, cli.commands[name]) for name in sorted(cli.commands)), *local])


def local_commands(of: click.Group = group, before: str = "") -> dict[str, click.Command]:
    """Each command of `deployer local` by its words, those of `fault` included."""
    found: dict[str, click.Command] = {}
    for name, command in of.commands.items():
        found[f"{before}{name}"] = command
        if isinstance(command, click.Group):
            found |= local_commands(command, f"{before}{name} ")
    return found


def _page(name: str, command: click.Command) -> str:
    context = click.Context(command, info_name=f"deployer {name}")
    records = [item.get_help_record(context) for item in command.params if item.name not in ANYWHERE or " " not in name]
    return _text(command.get_usage(context), command.help or "", [record for record in records if record])


def _text(usage: str, text: str, rows: list[tuple[str, str]]) -> str:
    """One section: how it is called, what it does, an example, the options."""
    call = " ".join(usage.split()).partition(": ")[2]
    said, _, example = text.partition(EXAMPLE)
    sentence = " ".join(said.split())
    table = "".join(
        f"| `{name.replace('|', chr(92) + '|')}` | {' '.join(text.split())} |\n" for name, text in rows if text
    )
    options = f"\n| option | meaning |\n|---|---|\n{table}" if table else ""
    title = " ".join(word for word in call.split()[:4] if word.islower() and word.replace("-", "").isalpha())
    return f"## {title}\n\n{sentence[:1].upper()}{sentence[1:]}\n\n```\n{call}\n\n{example.strip()}\n```\n{options}"


if __name__ == "__main__":
    (ROOT / "docs" / "commands.md").write_text(reference(), encoding="utf-8")
