"""validate, render and explain: commands that need no workspace."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal, assert_never

from deployer.commands.console import Console
from deployer.commands.hints import DEFAULT_ENV
from deployer.core.diagnostics import Diagnostic, Examined
from deployer.core.errors import DeployerError, UsageError

if TYPE_CHECKING:
    from deployer.workspaces import Request

DiagnosticsFormat = Literal["text", "json", "sarif", "github"]


_AZURE_CODE = re.compile(r"(?:[A-Z][a-z0-9]+){2,}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """What to validate: the specs of a project, or `paths`; `files` also checks the files that they refer to,
    and `strict` takes no file that is none.
    """

    project: Path
    env: str | None
    paths: Sequence[Path]
    overrides: Sequence[str]
    files: bool
    outside: Sequence[Path] = ()
    strict: bool = False


def validate(check: Check, shape: DiagnosticsFormat, console: Console) -> int:
    """Print what was checked and all diagnostics as text, json, sarif or github; exit 1 if there is an error."""
    looked = _examined(check)
    console.at(env=check.env or DEFAULT_ENV, project=check.project)
    (console.tell if shape == "text" else console.out)(_shown(looked, shape, check, console))
    return 1 if any(item.severity.stops for item in looked.diagnostics) else 0


def _examined(check: Check) -> Examined:
    from deployer.authoring import validate_paths, validate_project

    if not check.paths:
        return validate_project(
            check.project, check.env or "local", overrides=check.overrides, outside=check.outside, strict=check.strict
        )
    return validate_paths(
        check.paths,
        project=check.project,
        env=check.env,
        overrides=check.overrides,
        files=check.files,
        strict=check.strict,
    )


def _shown(looked: Examined, shape: DiagnosticsFormat, check: Check, console: Console) -> str:
    match shape:
        case "json":
            from deployer.report.json_output import diagnostics_json

            return diagnostics_json(looked)
        case "sarif":
            from deployer.report.sarif import sarif

            return sarif(looked.diagnostics)
        case "github":
            from deployer.report.github_annotations import workflow_commands

            return workflow_commands(looked.diagnostics)
        case "text":
            from deployer.report.diagnostics_text import diagnostics_text, looked_at

            found = looked.diagnostics
            text = diagnostics_text(found, sources=_sources(found, check.project), color=console.color)
            return text + looked_at(looked)
        case _:
            assert_never(shape)


def _sources(found: Sequence[Diagnostic], project: Path) -> Mapping[str, str]:
    """The texts of all files with diagnostics."""
    files = {item.location.file for item in found}
    return {name: text for name in files if (text := _readable(project / name)) is not None}


def _readable(file: Path) -> str | None:
    try:
        return file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError):
        return None


@dataclass(frozen=True, slots=True, kw_only=True)
class Rendering:
    """Which specs to render, of all kinds or one; and where to, else to the standard output."""

    kind: str = ""
    show_secrets: bool = False
    out: Path | None = None


def render(request: Request, asked: Rendering, console: Console) -> int:
    """Print the specs as plain YAML for `az ml ... create -f`, or write them to a folder."""
    from deployer.authoring import render_project

    _refuse_place(request.project, asked)
    files = render_project(
        request.project,
        request.env,
        overrides=request.options.overrides,
        show_secrets=asked.show_secrets,
        outside=tuple(map(Path, request.options.outside)),
        endpoint=request.options.endpoint,
        kind=asked.kind,
        out=asked.out,
    )
    if asked.out:
        return _written(files, asked.out, console)
    console.out("\n".join(f"---\n# {name}\n{text.rstrip()}\n" for name, text in sorted(files.items())))
    return 0


def _refuse_place(project: Path, asked: Rendering) -> None:
    if asked.out and asked.show_secrets:
        hint = "Leave --out away, or set the variables by hand where the files are used."
        raise UsageError("--show-secrets prints to the terminal only, not to files", hint=hint)
    if asked.out and asked.out.resolve().is_relative_to((project / "specs").resolve()):
        raise UsageError(
            "what is rendered cannot lie in `specs`, where it would be a spec", hint="Name another folder."
        )


def _written(files: Mapping[str, str], out: Path, console: Console) -> int:
    from deployer.authoring import below_specs
    from deployer.report.format import count

    for name, text in files.items():
        place = out / below_specs(name)
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text(text, encoding="utf-8")
    console.out(f"Wrote {count(len(files), 'file')} to {out}.\n")
    return 0


def explain(subject: str, console: Console) -> int:
    """Print the page of a code or the description of a field."""
    from deployer.authoring import explain as page_of
    from deployer.authoring import suggestion

    page = page_of(subject) or _page_of_azure(subject)
    if page is None:
        hint = suggestion(subject) or "Codes are in brackets at the end of messages."
        raise DeployerError(f"{subject} is neither a code nor a field", hint=hint)
    console.out(page)
    return 0


def _page_of_azure(code: str) -> str | None:
    """What is known of a code of Azure; None for a word that does not look like one, `InThisForm`."""
    if not _AZURE_CODE.fullmatch(code):
        return None
    from deployer.azureml.causes import TROUBLESHOOTING, likely_cause
    from deployer.azureml.refusal import Refusal

    cause = likely_cause(Refusal(status=400, code=code, message=""))
    known = f"{cause}\n\n" if cause else ""
    return f"{code}\n\nA code of Azure: the message before it is Azure's own.\n\n{known}{TROUBLESHOOTING}\n"
