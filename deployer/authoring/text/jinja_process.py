"""Jinja2 in a process of its own, because a template is a program: it ends in time and in memory whatever it does.

The limits of `bounds` refuse what is known to grow, with a better message; these hold for everything else. macOS does
not enforce the limit of memory (`RLIMIT_AS`), only that of time.
"""

from __future__ import annotations

import gc
import os
import pickle
import resource
import signal
import sys
import weakref
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from io import BufferedReader, BufferedWriter
from pathlib import Path
from typing import Any, NoReturn

from deployer.authoring.text.bounds import LimitReached
from deployer.authoring.text.jinja import SMALL, Fenced, render_jinja
from deployer.authoring.text.marked_render import trace
from deployer.authoring.text.secrets import Entry
from deployer.authoring.text.sourcemap import Segment
from deployer.authoring.text.templates import Templates, first_tag
from deployer.core.diagnostics import Diagnostic, Location, Severity
from deployer.core.errors import SpecError

CPU_SECONDS = 1.2
"""After so much processor time an error with a place is raised, which a long step in C delays."""
LAST_CPU_SECOND = 1.6
"""After so much the process is ended."""
MEMORY = 512 * 2**20
"""Bytes of address space beyond those at the start."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """A template to render; with `expected`, its text from an earlier rendering, to find the origins of that."""

    file: str
    template: str
    expected: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Done:
    """What came of a job, and what it added to the templates of the run."""

    text: str = ""
    segments: Sequence[Segment] | None = None
    wrong: Sequence[Diagnostic] = ()
    sources: Mapping[str, str]
    entries: Mapping[str, Entry]


class JinjaProcess:
    """One process for the templates of a run. It ends with this object, with `close`, or with this process."""

    def __init__(self, templates: Templates) -> None:
        jobs, to_child = os.pipe()
        from_child, answers = os.pipe()
        child = os.fork()
        if child == 0:
            os.close(to_child)
            os.close(from_child)
            _serve(templates, os.fdopen(jobs, "rb"), os.fdopen(answers, "wb"))
        os.close(jobs)
        os.close(answers)
        self.pid = child
        self.jobs, self.answers = os.fdopen(to_child, "wb"), os.fdopen(from_child, "rb")
        self.close = weakref.finalize(self, _end, os.getpid(), child, self.jobs, self.answers)

    def run(self, job: Job) -> Done | None:
        """What came of a job; None if the process ended over it."""
        try:
            pickle.dump(job, self.jobs)
            self.jobs.flush()
            done: Done = pickle.load(self.answers)  # noqa: S301 - from a fork of this process
        except (EOFError, OSError, pickle.UnpicklingError):
            self.close()
            return None
        return done


def render_apart(file: str, template: str, templates: Templates) -> str:
    """Render one template. Raises SpecError with places in the template."""
    done = _done(Job(file=file, template=template), templates)
    if done is None:
        raise SpecError([_ended(file, template)])
    if done.wrong:
        raise SpecError(done.wrong)
    return done.text


def _ended(file: str, template: str) -> Diagnostic:
    """The diagnostic for a template over which the process ended, at its first tag."""
    line, column = first_tag(template)
    place = Location(file=file, line=line, column=column)
    summary = "the template is refused: it takes more than 2 s, or more than 512 MB"
    return Diagnostic(severity=Severity.ERROR, code="template-limit", summary=summary, detail=SMALL, location=place)


def trace_apart(file: str, templates: Templates, expected: str) -> Sequence[Segment] | None:
    """The segments of a rendered template; None where they cannot be found, or not in time."""
    done = _done(Job(file=file, template=templates.sources[file], expected=expected), templates)
    return done.segments if done else None


def _done(job: Job, templates: Templates) -> Done | None:
    if not templates.processes:
        templates.processes.append(JinjaProcess(templates))
    done: Done | None = templates.processes[0].run(job)
    if done is None:
        templates.processes.clear()
        return None
    templates.sources.update(done.sources)
    templates.scope.vault.entries.update(done.entries)
    return done


def _end(parent: int, child: int, jobs: BufferedWriter, answers: BufferedReader) -> None:
    """End the process and take its exit code. A fork of its parent has nothing to end."""
    if os.getpid() != parent:
        return
    with suppress(OSError):  # it may have ended before it read what was written last
        jobs.close()
    answers.close()
    with suppress(ProcessLookupError, ChildProcessError):
        os.kill(child, signal.SIGKILL)  # closing is not enough: a later fork has the other end of the pipe too
        os.waitpid(child, 0)


def _serve(templates: Templates, jobs: BufferedReader, answers: BufferedWriter) -> NoReturn:
    """Carry out jobs until the pipe is closed; never returns into the code of the parent."""
    try:
        signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent's, whose end closes the pipe
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
        signal.signal(signal.SIGVTALRM, _too_long)
        signal.signal(signal.SIGPROF, signal.SIG_DFL)
        _limit_memory()
        gc.freeze()  # what was there at the fork: looking through it would copy its pages
        environment = Fenced(templates)
        while True:
            pickle.dump(_carried_out(pickle.load(jobs), environment), answers)  # noqa: S301 - from its parent
            answers.flush()
    except BaseException:
        os._exit(1)


def _carried_out(job: Job, environment: Fenced) -> Done:
    templates = environment.templates
    vault = templates.scope.vault
    sources, entries = set(templates.sources), set(vault.entries)
    templates.sources[job.file] = job.template
    made: dict[str, Any] = {}
    signal.setitimer(signal.ITIMER_PROF, LAST_CPU_SECOND)
    try:
        signal.setitimer(signal.ITIMER_VIRTUAL, CPU_SECONDS)
        if job.expected is None:
            made["text"] = render_jinja(job.template, job.file, environment)
        else:
            made["segments"] = trace(job.file, templates, job.expected)
    except SpecError as error:
        made["wrong"] = error.diagnostics
    except LimitReached:  # where nobody explains it, such as in the search for places
        if job.expected is None:
            os._exit(1)
    finally:
        signal.setitimer(signal.ITIMER_VIRTUAL, 0)
        signal.setitimer(signal.ITIMER_PROF, 0)
    return Done(
        **made,
        sources={file: text for file, text in templates.sources.items() if file not in sources},
        entries={mark: entry for mark, entry in vault.entries.items() if mark not in entries},
    )


def _too_long(_signal: int, _frame: object) -> NoReturn:
    raise LimitReached(f"it takes more than {CPU_SECONDS} s")


def _limit_memory() -> None:
    if sys.platform != "linux":
        return
    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[0])
    there = pages * resource.getpagesize() + MEMORY
    _, hard = resource.getrlimit(resource.RLIMIT_AS)
    resource.setrlimit(resource.RLIMIT_AS, (there if hard == resource.RLIM_INFINITY else min(there, hard), hard))
