"""The refusals of Azure Monitor, as those of the control plane in `control/refusals.py`."""

from __future__ import annotations

from deployer.local_workspace.control.envelopes import RefusalRule

METRICS = RefusalRule(
    when="metrics that do not exist, or a filter, time span or grain that makes no sense",
    form="arm",
    code="BadRequest",
    text="{problem}",
    source="https://learn.microsoft.com/rest/api/monitor/metrics/list",
)
AUTOSCALE = RefusalRule(
    when="an autoscale setting with contradicting bounds, too many profiles or rules, or for a resource that has one",
    form="arm",
    code="BadRequest",
    text="{problem}",
    source="https://learn.microsoft.com/rest/api/monitor/autoscale-settings/create-or-update",
)
NO_AUTOSCALE_SETTING = RefusalRule(
    when="an autoscale setting that does not exist",
    status=404,
    form="arm",
    code="ResourceNotFound",
    text="The Resource '{resource}' under resource group 'local' was not found.",
    source="https://learn.microsoft.com/azure/azure-resource-manager/troubleshooting/error-not-found",
    wording="quoted",
)
