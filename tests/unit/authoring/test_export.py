"""Specs written from live state ask for exactly what is live."""

from __future__ import annotations

from typing import Any

import pytest
import yaml

from deployer.authoring.canonical import canonical
from deployer.authoring.export import spec_files
from deployer.core.resources import Kind, Resource, deployment_ref, endpoint_ref, state_of


@pytest.mark.parametrize("compute", ["managed", "kubernetes"])
@pytest.mark.parametrize("scale", [None, {"type": "default"}])
def test_defaults_left_out_come_back(compute: str, scale: dict[str, Any] | None) -> None:
    fields = canonical(Kind.DEPLOYMENT, {"type": compute, "instance_type": "small", "scale_settings": scale})
    endpoint = Resource(ref=endpoint_ref("digits"), fields=canonical(Kind.ENDPOINT, {}))
    live = state_of([endpoint, Resource(ref=deployment_ref("digits", "blue"), fields=fields)])
    written = yaml.safe_load(spec_files(live, "digits").files["deployment-blue.yml"])
    assert canonical(Kind.DEPLOYMENT, written) == fields
    assert "liveness_probe" not in written
