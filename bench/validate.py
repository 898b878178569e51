"""How long `deployer validate` takes, and how much memory, beside what a user would use instead.

    python bench/validate.py            the whole process on the example, beside check-jsonschema on one of its files
    python bench/validate.py --many     1,000 and 10,000 deployment specs as well, and hostile files

Times are medians over runs in turn, so that both programs see the same machine.
"""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

ROOT = Path(__file__).parent.parent
BIN = Path(sys.executable).parent
RUNS = 11
ENV = "project: bench\nworkspace: local\nvariables: {vm: Standard_DS3_v2, names: [LOG, MODE], count: 2}\n"
PLACEHOLDERS = """name: dep-{number}
endpoint_name: "{{{{ env }}}}-{folder}"
model: azureml:m:{number}
environment: azureml:e:1
instance_type: {{{{ vm }}}}
instance_count: {{{{ count }}}}
environment_variables:
  LOG: on
  MODE: "{number}"
request_settings:
  request_timeout_ms: 9000
tags:
  owner: team-{folder}
"""
FULL = PLACEHOLDERS.replace("  LOG: on\n", "{{% for name in names %}}\n  {{{{ name | lower }}}}: x\n{{% endfor %}}\n")
HOSTILE = {
    "a loop of 10^6": "name: abc\n{% for i in range(1000000) %}\nk{{ i }}: 1\n{% endfor %}\n",
    "a power": "name: {{ 9**9999999 }}\n",
    "100,000 brackets": "name: " + "[" * 100_000 + "\n",
    "1,000 levels": "\n".join(" " * depth + "a:" for depth in range(1000)),
    "an alias bomb": "a: &a [x, x, x, x, x, x, x, x, x, x]\n"
    + "".join(f"{b}: &{b} [{', '.join([f'*{a}'] * 10)}]\n" for a, b in zip("abcdefghi", "bcdefghij", strict=True)),
    "over 1 MB": "# " + "x" * 1_000_001,
}


def timed(command: Sequence[object], folder: Path = ROOT) -> tuple[float, float, int]:
    """Seconds of processor time, megabytes at most, and exit code of a process.

    Processor time is what counts where other programs run beside this one; alone, it is the time by the clock.
    """
    with subprocess.Popen([str(part) for part in command], cwd=folder, stdout=subprocess.DEVNULL) as process:
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    return usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024, process.returncode


def example() -> None:
    """The whole process on the example, beside check-jsonschema on one of the same files."""
    ours = [BIN / "deployer", "validate", "--env", "local"]
    theirs = [BIN / "check-jsonschema", "--schemafile", "schemas/model.schema.json", "specs/model.yml"]
    pairs = [(timed(ours), timed(theirs)) for _ in range(RUNS)]
    mine = statistics.median(pair[0][0] for pair in pairs)
    other = statistics.median(pair[1][0] for pair in pairs)
    assert {code for pair in pairs for *_, code in pair} == {0}
    print(f"deployer validate  {mine:.3f} s  {max(pair[0][1] for pair in pairs):.0f} MB")
    print(f"check-jsonschema   {other:.3f} s  {max(pair[1][1] for pair in pairs):.0f} MB")
    print(f"ratio              {statistics.median(a[0] / b[0] for a, b in pairs):.2f}  (at most 0.65)")


def many(template: str, folders: int, each: int) -> float:
    """Seconds to validate folders of an endpoint and some deployments, the whole process."""
    with tempfile.TemporaryDirectory() as name:
        specs = Path(name) / "specs"
        (specs / "env").mkdir(parents=True)
        (specs / "env/local.yml").write_text(ENV)
        for folder in range(folders):
            (specs / f"e{folder}").mkdir()
            (specs / f"e{folder}/endpoint.yml").write_text(f'name: "{{{{ env }}}}-{folder}"\nauth_mode: key\n')
            for number in range(each):
                text = template.format(number=folder * each + number, folder=folder)
                (specs / f"e{folder}/d{number}.yml").write_text(text)
        command = [BIN / "deployer", "validate", "--env", "local", "--project", name]
        runs = [timed(command) for _ in range(3)]
    assert {code for *_, code in runs} == {0}
    return statistics.median(seconds for seconds, *_ in runs)


def large_projects() -> None:
    """1,000 specs in 100 folders, and ten times as many."""
    for title, template in (("placeholders", PLACEHOLDERS), ("loops and filters", FULL)):
        thousand, ten_thousand = many(template, 100, 10), many(template, 1000, 10)
        print(
            f"1,000 specs with {title}: {thousand:.2f} s; 10,000: {ten_thousand:.2f} s, {ten_thousand / thousand:.1f} x"
        )


def hostile_files() -> None:
    """Files that are made to hurt: each a clear error, soon."""
    for title, text in HOSTILE.items():
        with tempfile.TemporaryDirectory() as name:
            path = Path(name) / "endpoint.yml"
            path.write_text(text)
            seconds, megabytes, code = timed([BIN / "deployer", "validate", path])
        print(f"{title}: {seconds:.2f} s, {megabytes:.0f} MB, exit {code}")
        assert code == 1


if __name__ == "__main__":
    example()
    if "--many" in sys.argv:
        large_projects()
        hostile_files()
