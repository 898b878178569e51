"""What the local workspace cannot serve, known before anything is written: registries, containers, Triton. Pure."""

from __future__ import annotations

from collections.abc import Iterator

from deployer.core.plan import Finding
from deployer.core.references import AssetType
from deployer.core.resources import Kind, Resource, reference_at, referenced, value_at
from deployer.planning.review import Case

SERVING_IMAGES = "mcr.microsoft.com/azureml/"
"""Microsoft's images; those named "inference" hold its inference server."""


def local_containers(case: Case) -> Iterator[Finding]:
    """Deployments of a local env that only a container can serve."""
    for deployment in _deployments(case):
        if reason := _container(deployment, case):
            yield Finding(
                code="local-container",
                summary=f"{deployment.ref} cannot run in the local workspace: {reason}",
                detail="Azure runs it. For this env, write an environment with a conda file and a scoring script, or "
                "leave the deployment out: `{% if env != 'local' %}` around its spec.",
                ref=deployment.ref,
                origin=case.origins.of(deployment.ref, ("environment",)),
                blocking=True,
            )


def local_registries(case: Case) -> Iterator[Finding]:
    """References of a local env to registries."""
    for deployment in _deployments(case):
        for type_ in (AssetType.MODEL, AssetType.ENVIRONMENT):
            reference = reference_at(deployment, (type_.value,), type_)
            if reference and reference.is_in_registry:
                yield Finding(
                    code="local-registry",
                    summary=f"{deployment.ref} needs {reference}, and the local workspace has no registries",
                    detail=f"Azure has them. For this env, name {type_.value} files or a version of this workspace: "
                    f"give the {type_.value} a variable, and set it in the env file.",
                    ref=deployment.ref,
                    origin=case.origins.of(deployment.ref, (type_.value,)),
                    blocking=True,
                )


def _deployments(case: Case) -> tuple[Resource, ...]:
    return case.desired.of_kind(Kind.DEPLOYMENT) if case.is_local else ()


def _container(deployment: Resource, case: Case) -> str:
    """Why only a container can serve a deployment; "" if the local workspace can."""
    model, environment = (_asset(deployment, kind, case) for kind in (Kind.MODEL, Kind.ENVIRONMENT))
    if model and model.fields.get("type") == "triton_model":
        return "its model is one for NVIDIA Triton"
    if environment is None:
        return ""
    image = str(environment.fields.get("image") or "")
    if environment.fields.get("build"):
        return "its environment is built from a Dockerfile"
    if any(value_at(environment.fields, ("inference_config", route)) for route in _ROUTES):
        return f"its environment is a server of its own in the image {image}"
    known = image.startswith(SERVING_IMAGES) and "inference" in image
    if image and not known and not environment.fields.get("conda_file") and "conda_file" not in _unknown(environment):
        return f"what is in the image {image} cannot be known, and it has no conda file"
    return ""


_ROUTES = ("liveness_route", "readiness_route", "scoring_route")


def _asset(deployment: Resource, kind: Kind, case: Case) -> Resource | None:
    ref = referenced(deployment, kind)
    return (case.desired.get(ref) or case.live.get(ref)) if ref else None


def _unknown(environment: Resource) -> set[str]:
    return {path[0] for path in environment.seen.unknown}
