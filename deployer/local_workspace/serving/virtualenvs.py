"""Environments as virtualenvs: built by uv from image and conda file, kept by content, shared by every deployment."""

from __future__ import annotations

import asyncio
import hashlib
import json
import os
import shutil
import signal
from collections import defaultdict
from dataclasses import dataclass, replace
from pathlib import Path
from typing import IO

import uv

from deployer.local_workspace.ports import WorkloadFailed
from deployer.local_workspace.serving.conda import Packages, read_conda_file
from deployer.local_workspace.serving.interpreters import Interpreter, suited, this_one

SHOWN_LINES = 20
"""How much of the build log a failed operation quotes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Environment:
    """One virtualenv: complete once `built` exists."""

    folder: Path
    packages: Packages
    interpreter: Interpreter
    """The Python that it is made from."""

    @property
    def python(self) -> Path:
        return self.folder / "venv" / "bin" / "python"

    @property
    def log(self) -> Path:
        return self.folder / "build.log"

    @property
    def built(self) -> Path:
        return self.folder / "built"

    def version(self, distribution: str) -> str | None:
        """The version of an installed distribution (name with underscores), None where it is not installed."""
        for metadata in (self.folder / "venv").glob(f"lib/python*/site-packages/{distribution}-*.dist-info"):
            return metadata.name.removesuffix(".dist-info").rpartition("-")[2]
        return None


class Environments:
    """The virtualenvs under one folder, each named by the hash of what is in it."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._locks: defaultdict[Path, asyncio.Lock] = defaultdict(asyncio.Lock)

    def describe(self, image: str | None, conda_file: str | None, added: tuple[str, ...] = ()) -> Environment:
        """The environment of that content and of `added`, unless named in it, built or not.

        Raises WorkloadFailed where its packages are not known.
        """
        packages = _packages(image, conda_file, added)
        interpreter = suited(packages.python)
        if interpreter is None:
            interpreter = this_one()
            packages = replace(packages, remarks=(_other_python(packages.python, interpreter), *packages.remarks))
        # A virtualenv belongs to the interpreter it was made from, so that is part of its content.
        content = json.dumps([packages.requirements, packages.remarks, interpreter.home, interpreter.version])
        name = hashlib.sha256(content.encode()).hexdigest()[:16]
        return Environment(folder=self._folder / name, packages=packages, interpreter=interpreter)

    async def build(self, environment: Environment) -> None:
        """Build the environment unless that was done before; concurrent calls build it once.

        Raises WorkloadFailed (ImageBuildFailure) with the last lines of the log.
        """
        async with self._locks[environment.folder]:
            if environment.built.exists():
                return
            try:
                await _build(environment)
            except OSError as error:
                raise WorkloadFailed("ImageBuildFailure", f"The environment could not be built: {error}") from error


def _other_python(wanted: str, here: Interpreter) -> str:
    asked = wanted.removeprefix("==").removesuffix(".*")
    return (
        f"WARNING: the conda file asks for Python {asked}, which is not on this machine; the environment has "
        f"{here.version}. `uv python install {asked}` brings it."
    )


def _packages(image: str | None, conda_file: str | None, added: tuple[str, ...]) -> Packages:
    if conda_file is not None:
        return read_conda_file(conda_file, added)
    name = image or ""
    if name.startswith("mcr.microsoft.com/azureml/") and "inference" in name:
        # Microsoft's inference images come with the server and nothing a model would need.
        return Packages(requirements=("azureml-inference-server-http",), remarks=())
    raise WorkloadFailed(
        "ImageBuildFailure",
        f"The local workspace does not pull images, so the content of image {image!r} cannot be known: "
        "add a conda file that lists its packages to the environment.",
    )


async def _build(environment: Environment) -> None:
    shutil.rmtree(environment.folder, ignore_errors=True)
    environment.folder.mkdir(parents=True)
    requirements = environment.folder / "requirements.txt"
    requirements.write_text("".join(f"{line}\n" for line in environment.packages.requirements))
    with environment.log.open("w") as log:
        print(*environment.packages.remarks, *environment.packages.requirements, sep="\n", file=log, flush=True)
        venv = str(environment.folder / "venv")
        await _uv(environment, log, "venv", "--python", str(environment.interpreter.python), venv)
        # pip, which conda runs in Azure, takes the best version of all indexes; so has uv to.
        options = ("--index-strategy", "unsafe-best-match", "--python", str(environment.python))
        await _uv(environment, log, "pip", "install", *options, "--requirements", str(requirements))
    environment.built.touch()


async def _uv(environment: Environment, log: IO[str], *arguments: str) -> None:
    """Run uv with the user's own settings (indexes, proxies, certificates) but outside of any project."""
    env = {name: value for name, value in os.environ.items() if name not in ("VIRTUAL_ENV", "PYTHONPATH", "PYTHONHOME")}
    process = await asyncio.create_subprocess_exec(
        uv.find_uv_bin(),
        *arguments,
        "--color=never",
        "--no-progress",
        cwd="/",
        env=env,
        stdin=asyncio.subprocess.DEVNULL,
        stdout=log,
        stderr=log,
        start_new_session=True,
    )
    try:
        code = await process.wait()
    finally:
        if process.returncode is None:
            os.killpg(process.pid, signal.SIGKILL)
    if code:
        lines = environment.log.read_text(errors="replace").splitlines()[-SHOWN_LINES:]
        raise WorkloadFailed("ImageBuildFailure", "\n".join(["The environment could not be built:", *lines]))
