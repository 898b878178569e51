"""Writes docs/commands.md from the help texts: `python docs/make_commands.py`. A test checks that it is current."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator
from pathlib import Path

import click

ROOT = Path(__file__).parent.parent
sys.path.insert(0, str(ROOT))

from deployer.cli import cli  # noqa: E402
from deployer.local_workspace.__main__ import parser  # noqa: E402

INTRODUCTION = """# Commands

Made from the help texts by `docs/make_commands.py`; `deployer COMMAND --help` prints the same.

Exit codes: 0 nothing to do or applied; 1 invalid or failed; 2 changes pending (`plan --detailed-exitcode`, `drift`);
3 refused as unsafe, stale or not ours; 4 steps left for the next run (`apply --max-minutes`); 64 wrong usage;
130 interrupted.
"""
EXAMPLE = "Example: "


def reference() -> str:
    """The whole page."""
    return "\n".join([INTRODUCTION, *(_page(name) for name in sorted(cli.commands)), *_local_pages()])


def local_commands(of: argparse.ArgumentParser | None = None) -> Iterator[argparse.ArgumentParser]:
    """The parser of each command of `deployer local`, those of `fault` included."""
    for action in (of or parser())._actions:
        if isinstance(action, argparse._SubParsersAction):
            for command in action.choices.values():
                yield command
                yield from local_commands(command)


def _page(name: str) -> str:
    command = cli.commands[name]
    context = click.Context(command, info_name=f"deployer {name}")
    records = [item.get_help_record(context) for item in command.params]
    return _text(command.get_usage(context), command.help or "", [record for record in records if record])


def _local_pages() -> Iterator[str]:
    for command in local_commands():
        shown = [item for item in command._actions if item.option_strings and item.help != argparse.SUPPRESS]
        rows = [(", ".join(item.option_strings), item.help or "") for item in shown if item.dest != "help"]
        words = [str(item.metavar) for item in command._actions if not item.option_strings and item.metavar]
        usage = " ".join(["Usage:", command.prog, "[OPTIONS]", *words])
        yield _text(usage, f"{command.description}.\n{command.epilog}", rows)


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
