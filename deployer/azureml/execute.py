"""One step of a plan -> calls of the SDK; waits for their operations to end."""

from __future__ import annotations

from typing import assert_never

from deployer.azureml.access import Writer
from deployer.azureml.kinds import code_assets
from deployer.azureml.kinds.table import azure_kind
from deployer.core.plan import Action, Step
from deployer.core.resources import Kind, Resource


def execute(writer: Writer, step: Step) -> None:
    """Carry out a step that writes. Raises WorkspaceError with Azure's own reason."""
    if step.action is Action.TEST:
        raise ValueError("a TEST step writes nothing")
    writer.sdk.wake()
    kind = azure_kind(step.ref.kind)
    match step.action:
        case Action.CREATE | Action.UPDATE:
            kind.put(writer, step, _after(step))
        case Action.REPLACE:
            if step.ref.kind is not Kind.TRAFFIC:  # its endpoint would be down in between
                kind.delete(writer, step)
            kind.put(writer, step, _after(step))
        case Action.DELETE:
            kind.delete(writer, step)
        case _:
            assert_never(step.action)


def upload(writer: Writer, step: Step) -> bool:
    """Upload the code of a deployment. Models and build contexts go with their versions, which never change."""
    if step.after is None or code_assets.FIELD not in step.after.sources:
        return False
    writer.sdk.wake()
    code_assets.id_for(writer, step.after)
    return True


def _after(step: Step) -> Resource:
    if step.after is None:
        raise ValueError(f"the step does not say what {step.ref} should be")
    return step.after
