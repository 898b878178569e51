"""Findings about autoscale settings. Pure."""

from __future__ import annotations

from collections.abc import Iterator

from deployer.core.plan import Action, Finding
from deployer.core.resources import Kind
from deployer.planning.autoscale import COUNT, scaled_by
from deployer.planning.facts import whose
from deployer.planning.review import Case, Purpose


def unread_settings(case: Case) -> Iterator[Finding]:
    """Autoscale settings that nobody could look at: what is there is not known, and so nothing is done about it.

    A rollback moves traffic alone, and must not wait for permissions.
    """
    if case.live.unread and case.purpose is not Purpose.ROLLBACK:
        yield Finding(
            code="autoscale-unread",
            summary=f"the autoscale settings were not looked at: {case.live.unread}",
            detail="Grant the action Microsoft.Insights/autoscaleSettings/read on the resource group.",
            blocking=True,
        )


def settings_that_end(case: Case) -> Iterator[Finding]:
    """Deployments that stay and lose their setting: who scales them from now on is their spec."""
    for step in case.steps:
        if step.ref.kind is Kind.AUTOSCALE and step.outlived:
            there, wish = (state.get(scaled_by(step.ref)) for state in (case.live, case.desired))
            now, then = (item.fields.get(COUNT) if item else None for item in (there, wish))
            yield Finding(
                code="autoscale-ends",
                summary=f"{scaled_by(step.ref)} is no longer autoscaled; its instances: {now} now, {then} by its spec",
                detail="Write `instance_count` in its spec if it needs more.",
                ref=step.ref,
                origin=case.origins.of(scaled_by(step.ref)),
            )


def settings_left(case: Case) -> Iterator[Finding]:
    """Settings of deleted deployments that stay, since they are not ours: Azure does not delete them."""
    gone = {ref for step in case.steps if step.action is Action.DELETE for ref in (step.ref, *step.takes)}
    for item in case.live.of_kind(Kind.AUTOSCALE):
        if scaled_by(item.ref) in gone and item.ref not in gone:
            yield Finding(
                code="autoscale-left",
                summary=f"{item.ref} ({item.seen.arm_name}) {whose(item)}, and outlives its deployment",
                detail=f"Delete it by hand: `az monitor autoscale delete --name {item.seen.arm_name}`.",
                ref=item.ref,
            )
