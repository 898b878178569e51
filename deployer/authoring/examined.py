"""What was looked at, as one value: success is said of that, and nothing looked at is no success."""

from __future__ import annotations

from deployer.authoring.project import SPECS, Checked, in_order
from deployer.core.diagnostics import Diagnostic, Examined, Location, PassedOver, Severity

MOVE = "If it does not belong to the specs, start its name with `_` or move it out of the folder."
ONLINE_ONLY = "This tool deploys online endpoints only."
NOTHING = (
    "Name files with an online endpoint, a deployment, a model or an environment, or a folder that holds some; "
    "a `$schema` line tells any file's kind."
)


def examined(checked: Checked, *, strict: bool, place: str = SPECS) -> Examined:
    """The files checked and passed over; passing over is an error if `strict`, or if nothing else was there.

    `place` is where they were looked for.
    """
    diagnostics = [*checked.diagnostics]
    looked_at = {document.file for document in checked.documents} | {item.location.file for item in diagnostics}
    if strict or not looked_at:
        diagnostics += map(_refused, checked.passed)
    if not looked_at and not checked.passed:
        diagnostics.append(_nothing(place))
    return Examined(
        diagnostics=in_order(diagnostics),
        checked=tuple(sorted(document.file for document in checked.documents)),
        passed=checked.passed,
    )


def _refused(passed: PassedOver) -> Diagnostic:
    return Diagnostic(
        severity=Severity.ERROR,
        code=passed.code,
        summary=f"this is {passed.what}, which is not checked",
        location=Location(file=passed.file),
        detail=f"{ONLINE_ONLY} {MOVE}",
    )


def _nothing(place: str) -> Diagnostic:
    summary = "nothing was checked: there is no spec here"
    return Diagnostic(
        severity=Severity.ERROR,
        code="nothing-checked",
        summary=summary,
        location=Location(file=place),
        detail=NOTHING,
    )
