"""Every refusal of the control plane: its text, its envelope, and the public source that shows Azure refusing it.

`source` documents the refusal or the rule behind it; None marks an assumption. `wording` says whether the text is
quoted from a real response or is our own.
"""

from __future__ import annotations

from deployer.local_workspace.control.envelopes import RefusalRule

_DOCS = "https://learn.microsoft.com/azure/machine-learning"
_ARM = "https://learn.microsoft.com/azure/azure-resource-manager"
_MOP = "https://github.com/Azure/carnegie-mop/tree/main/doc/troubleshooting/model_wrapper"

INVALID_TOKEN = RefusalRule(
    when="a missing or wrong bearer token",
    status=401,
    form="arm",
    code="InvalidAuthenticationToken",
    text="The access token is invalid.",
    source=f"{_ARM}/troubleshooting/common-deployment-errors",
)
MISSING_API_VERSION = RefusalRule(
    when="no api-version in the query",
    form="arm",
    code="MissingApiVersionParameter",
    text="The api-version query parameter (?api-version=) is required for all requests.",
    source="https://github.com/cloudquery/cloudquery/issues/6626",
    wording="quoted",
)
UNKNOWN_API_VERSION = RefusalRule(
    when="an api-version that the provider does not have",
    form="arm",
    code="NoRegisteredProviderFound",
    text="No registered resource provider found for location '{location}' and API version '{version}' for type "
    "'{type}'.",
    source=f"{_ARM}/troubleshooting/error-register-resource-provider",
    wording="quoted",
)
NO_SUBSCRIPTION = RefusalRule(
    when="a subscription id other than the local one",
    status=404,
    form="arm",
    code="SubscriptionNotFound",
    text="The subscription '{subscription}' could not be found.",
    source=f"{_ARM}/troubleshooting/common-deployment-errors",
)
NO_RESOURCE_GROUP = RefusalRule(
    when="a resource group other than the local one",
    status=404,
    form="arm",
    code="ResourceGroupNotFound",
    text="Resource group '{group}' could not be found.",
    source=f"{_ARM}/troubleshooting/error-not-found",
    wording="quoted",
)
NO_WORKSPACE = RefusalRule(
    when="a workspace name other than the local one",
    status=404,
    form="arm",
    code="ResourceNotFound",
    text="The Resource 'Microsoft.MachineLearningServices/workspaces/{workspace}' under resource group '{group}' was "
    "not found. For more details please go to https://aka.ms/ARMResourceNotFoundFix",
    source=f"{_ARM}/troubleshooting/error-not-found",
    wording="quoted",
)
NO_ROUTE = RefusalRule(
    when="a path or method that the local workspace does not serve",
    status=404,
    form="arm",
    code="InvalidResourceType",
    text="The local workspace has no route for {method} {path}.",
    source=None,
)
NOT_FOUND = RefusalRule(
    when="an endpoint or deployment that does not exist",
    status=404,
    form="not-found",
    code="NotFound",
    text="The specified resource was not found.",
    source="https://github.com/Azure/azure-cli-extensions/issues/7107",
    wording="quoted",
)
NO_ASSET = RefusalRule(
    when="a model, environment or code version that does not exist",
    status=404,
    form="service",
    code="UserError",
    text="{kind} {name} was not found.",
    source=None,
)
ASSET_EXISTS = RefusalRule(
    when="an existing asset version written again with different content",
    status=409,
    form="service",
    code="UserError",
    text="{kind} {name} already exists, and its content cannot be changed. Register it under a new version.",
    source="https://github.com/Azure/azure-sdk-for-python/blob/main/sdk/ml/azure-ai-ml/azure/ai/ml/operations/"
    "_model_operations.py",
)
NOT_JSON = RefusalRule(
    when="a body that is not a JSON object",
    form="arm",
    code="InvalidRequestContent",
    text="The request content was invalid and could not be deserialized: '{problem}'.",
    source=f"{_ARM}/troubleshooting/error-invalid-template",
    wording="quoted",
)
UNKNOWN_PARAMETER = RefusalRule(
    when="a query parameter that the operation does not have",
    form="arm",
    code="InvalidQueryParameter",
    text="This operation has no query parameter '{name}'.",
    source=None,
)
WRONG_BODY = RefusalRule(
    when="a field that is unknown, missing or of the wrong type",
    member="{path}",
    text="{problem}",
    source=None,
)
WRONG_NAME = RefusalRule(
    when="an endpoint or deployment name that is not 3 to 32 letters, digits and dashes",
    member="name",
    text="The name '{name}' is not valid: 3 to 32 letters, digits and dashes, the first a letter, the last no dash.",
    source=f"{_DOCS}/how-to-manage-quotas",
)
NO_IDENTITY = RefusalRule(
    when="an endpoint without an identity",
    member="identity",
    text="The identity field is required.",
    source=f"{_DOCS}/how-to-access-resources-from-endpoints-managed-identities",
)
IDENTITY_CHANGED = RefusalRule(
    when="a different identity for an existing endpoint",
    member="identity",
    text="The identity of endpoint [{endpoint}] cannot be changed after it was created.",
    source=f"{_DOCS}/how-to-access-resources-from-endpoints-managed-identities",
)
PROPERTY_CHANGED = RefusalRule(
    when="a different value for an existing entry of `properties`",
    member="properties.{name}",
    text="The property '{name}' can be added, but not removed or altered.",
    source="https://learn.microsoft.com/azure/templates/microsoft.machinelearningservices/workspaces/onlineendpoints",
)
EGRESS_CHANGED = RefusalRule(
    when="a different egressPublicNetworkAccess for an existing deployment",
    member="egressPublicNetworkAccess",
    text="The egressPublicNetworkAccess of deployment [{deployment}] cannot be changed after it was created.",
    source=f"{_DOCS}/concept-secure-online-endpoint",
)
ENDPOINT_FAILED = RefusalRule(
    when="a write to an endpoint whose creation failed",
    text="Specified endpoint [{endpoint}] has not been created successfully. Please recreate the endpoint.",
    source=f"{_MOP}/AmlEndpointCreating.md",
    wording="quoted",
)
ENDPOINT_UNUSABLE = RefusalRule(
    when="a PUT of a deployment whose endpoint failed or is being deleted",
    text="This endpoint has not been created successfully or is in deleting provisioning state. Please recreate "
    "endpoint and then try again to create deployment.",
    source=None,
)
ENDPOINT_BUSY = RefusalRule(
    when="a PUT of a deployment while its endpoint is being written",
    text="Cannot create a deployment in endpoint {endpoint} because it is in {state} provisioning state.",
    source="https://github.com/Azure/azure-sdk-for-net/issues/36961",
    wording="quoted",
)
BUSY = RefusalRule(
    when="a write to an endpoint or deployment while another write is in progress",
    status=409,
    form="service",
    code="Conflict",
    text="{kind} {name} is in {state} provisioning state; another operation on it is in progress.",
    source=f"{_DOCS}/how-to-troubleshoot-online-endpoints",
)
ENDPOINT_NAME_TAKEN = RefusalRule(
    when="a PUT of an endpoint while the endpoint of that name is being deleted",
    text="There is already an endpoint with this name, Endpoint name needs to be unique within a region. Try some "
    "other name.",
    source="https://github.com/Azure/azureml-examples/pull/1930",
    wording="quoted",
)
UNRECOVERABLE = RefusalRule(
    when="a PUT of a deployment whose first provisioning failed",
    text="Specified deployment [{deployment}] failed during initial provisioning and is in an unrecoverable state. "
    "Delete and re-create.",
    source=f"{_MOP}",
    wording="quoted",
)
TRAFFIC_SUM = RefusalRule(
    when="traffic that adds up to neither 0 nor 100, or a share outside 0 to 100",
    member="traffic",
    text="Traffic values need to be between 0 and 100 and sum to 0 or 100; they sum to {sum}.",
    source=f"{_DOCS}/reference-yaml-endpoint-online",
)
TRAFFIC_TARGET = RefusalRule(
    when="traffic or mirror traffic for a deployment that does not exist",
    member="{member}",
    text="Endpoint [{endpoint}] has no deployment [{deployment}] to send traffic to.",
    source=f"{_DOCS}/reference-yaml-endpoint-online",
)
MIRROR = RefusalRule(
    when="mirror traffic above 50 percent, to more than one deployment, or to one that takes live traffic",
    member="mirrorTraffic",
    text="{problem}",
    source=f"{_DOCS}/how-to-safely-rollout-online-endpoints",
)
TAKES_TRAFFIC = RefusalRule(
    when="a DELETE of a deployment that takes traffic",
    text="Deployment [{deployment}] takes {share} percent of the traffic of endpoint [{endpoint}]. Set it to 0 first.",
    source=f"{_DOCS}/how-to-safely-rollout-online-endpoints",
)
TOO_MANY_DEPLOYMENTS = RefusalRule(
    when="more than 20 deployments in one endpoint",
    text="Endpoint [{endpoint}] already has {limit} deployments, the most that one endpoint can have.",
    source=f"{_DOCS}/how-to-manage-quotas",
)
TOO_MANY_ENDPOINTS = RefusalRule(
    when="more than 100 endpoints in a subscription and region",
    text="The subscription already has {limit} endpoints in this region, the most that it can have.",
    source=f"{_DOCS}/how-to-manage-quotas",
)
TOO_MANY_TAGS = RefusalRule(
    when="more than 50 tags, a tag name above 512 or a value above 256 characters",
    form="arm",
    code="InvalidTags",
    text="{problem}",
    source=f"{_ARM}/management/tag-resources",
)
NO_KEYS = RefusalRule(
    when="listKeys or regenerateKeys of an endpoint without keys",
    text="Endpoint [{endpoint}] has auth mode {mode}; only endpoints with auth mode Key have keys.",
    source=f"{_DOCS}/concept-endpoints-online-auth",
)
NO_TOKENS = RefusalRule(
    when="a token requested from an endpoint whose auth mode is not AMLToken",
    text="Endpoint [{endpoint}] has auth mode {mode}; only endpoints with auth mode AMLToken issue tokens.",
    source=f"{_DOCS}/concept-endpoints-online-auth",
)
MISSING_REFERENCE = RefusalRule(
    when="a deployment that names a model, environment or code that is not registered",
    member="{member}",
    text="Could not find asset with ID: {id}",
    source=None,
)
NO_ENVIRONMENT = RefusalRule(
    when="a deployment without an environment whose model is not an MLflow model",
    member="environmentId",
    text="An environment is required unless the model is an MLflow model.",
    source=f"{_DOCS}/reference-yaml-deployment-managed-online",
)
QUOTA = RefusalRule(
    when="not enough cores of a VM family left",
    form="quota",
    member="VmSize",
    text="Not enough quota available for {size} in SubscriptionId {subscription}. Current usage/limit: {used}/{limit}. "
    "Additional needed: {needed} Please see troubleshooting guide, available here: "
    "https://aka.ms/oe-tsg#error-outofquota",
    source="https://github.com/MicrosoftLearning/mslearn-azure-ml/issues/30",
    wording="quoted",
)
LAST_PAGE = RefusalRule(
    when="a page token that no list returned",
    form="arm",
    code="InvalidSkipToken",
    text="The continuation token '{token}' is not valid.",
    source=None,
)
DISK_FULL = RefusalRule(
    when="a full disk; only here, since Azure does not write to your disk",
    status=507,
    form="arm",
    code="InsufficientStorage",
    text="The disk that holds {place} is full; nothing was written. Free some space and try again.",
    source=None,
)
INTERNAL = RefusalRule(
    when="an internal error of the local workspace",
    status=500,
    form="arm",
    code="InternalServerError",
    text="Internal error in the local workspace: {problem}. Details are in {log}",
    source=None,
)
