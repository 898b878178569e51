"""Deleting an endpoint or a deployment, and waiting until it is gone."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from deployer.azureml.access import Raw, Writer
from deployer.azureml.kinds.observed import settled
from deployer.azureml.retry import wait_for
from deployer.core.errors import NotFound
from deployer.core.resources import Ref


def delete_and_wait(writer: Writer, ref: Ref, *, look: Callable[[], Raw | None], begin: Callable[[Any], Any]) -> None:
    """Delete a resource, and wait until it is gone: until then it holds its name and quota."""
    what = f"delete {ref}"
    settled(writer.sdk.patience, ref, look)
    try:
        writer.sdk.operate(what, begin)
    except NotFound:
        return
    wait_for(writer.sdk.patience, what, look, lambda raw: raw is None)
