"""The tutorial, followed from an empty folder with nothing but the wheel."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.e2e.newcomer.conftest import ROOT, built_wheel
from tests.e2e.newcomer.walkthrough import File, Typed, is_as_shown, moves

END = "@@ended"


class Shell:
    """A shell as a reader has it open: what one command changes is there for the next one."""

    def __init__(self, folder: Path, **environment: str) -> None:
        clean = {name: value for name, value in os.environ.items() if not name.startswith(("AZURE_", "VIRTUAL_ENV"))}
        self._process = subprocess.Popen(
            ["bash", "--noprofile", "--norc"],
            cwd=folder,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            env={**clean, **environment},
        )

    def type(self, command: str) -> tuple[int, list[str]]:
        """The exit code of a command, and the lines that it printed."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(f"{{ {command}\n}} </dev/null; printf '%s %s\\n' {END} $?\n")
        self._process.stdin.flush()
        printed: list[str] = []
        for line in self._process.stdout:
            if line.startswith(END):
                return int(line.split()[1]), printed
            printed.append(line.rstrip("\n"))
        raise AssertionError(f"the shell ended in {command}: {printed}")

    def close(self) -> None:
        """End the shell."""
        self._process.communicate("exit\n", timeout=60)


@pytest.fixture
def shell(tmp_path: Path) -> Iterator[Shell]:
    """A shell in an empty folder, where CHECKOUT is a wheel and `python3` is the one of the tests."""
    programs = tmp_path / "bin"
    programs.mkdir()
    (programs / "python3").symlink_to(Path(sys.base_prefix) / "bin" / f"python3.{sys.version_info.minor}")
    empty = tmp_path / "empty"
    empty.mkdir()
    path = f"{programs}{os.pathsep}{os.environ['PATH']}"
    shell = Shell(empty, CHECKOUT=str(built_wheel(tmp_path / "wheel")), PATH=path)
    yield shell
    for project in ("iris", "iris-mlflow"):
        shell.type(f"cd {empty / project} 2>/dev/null && deployer local down")
    shell.close()


@pytest.mark.long
def test_every_command_of_the_tutorial_prints_what_it_shows(shell: Shell) -> None:
    for move in moves((ROOT / "docs" / "tutorial.md").read_text()):
        match move:
            case File(name=name, text=text):
                shell.type(f"cat > {name} <<'{END}file'\n{text}{END}file")
            case Typed(command=command, output=shown):
                code, printed = shell.type(command)
                assert code == 0, "\n".join([command, *printed])
                of_pip = command.startswith("pip ")  # what it says of its mirrors is its own
                assert of_pip or is_as_shown(printed, shown), "\n".join([f"$ {command}", *printed])


@pytest.mark.parametrize(
    ("shown", "fits"),
    [
        (["a", "b", "c"], True),
        (["…"], True),
        (["a", "…"], True),
        (["…", "c"], True),
        (["a", "…", "b", "…", "c"], True),
        (["a", "b…", "c"], True),
        ([], False),
        (["a", "b"], False),
        (["a", "…", "b"], False),
        (["…", "x", "…"], False),
        (["a.", "b", "c"], False),
    ],
)
def test_what_is_shown_is_compared_line_by_line(shown: list[str], fits: bool) -> None:
    assert is_as_shown(["a", "b", "c"], shown) is fits


def test_the_output_of_a_command_is_compared_where_the_page_shows_none() -> None:
    page = '```console\n$ true\n$ echo a\na\n```\n```yaml title="x.yml"\na: 1\n```\n'
    assert list(moves(page)) == [
        Typed(command="true", output=()),
        Typed(command="echo a", output=("a",)),
        File(name="x.yml", text="a: 1\n"),
    ]
