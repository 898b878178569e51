"""No literal secrets in specs: every reviewer can read them.

Source of the syntax: https://learn.microsoft.com/azure/machine-learning/how-to-deploy-online-endpoint-with-secret-injection
"""

from __future__ import annotations

from collections.abc import Iterator

from deployer.authoring.documents.document import Document, Fault
from deployer.authoring.project_index import World
from deployer.core.secret_shapes import secret_shape

WAY_OUT = (
    "Put it into Key Vault and reference it as ${{keyvault:https://<vault>.vault.azure.net/secrets/<name>}}, "
    "or use {{ secret('NAME') }}."
)


def literal_secret(document: Document, world: World) -> Iterator[Fault]:
    """No environment variable contains a literal secret."""
    for name, value in document.map("environment_variables").items():
        words = secret_shape(name, value) if isinstance(value, str) else ""
        if words and not world.is_hidden(value):
            summary = f"`{name}` looks like {words}, visible to anyone who can read this file"
            yield Fault(path=("environment_variables", name), summary=summary, detail=WAY_OUT)
