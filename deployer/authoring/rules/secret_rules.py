"""No literal secrets in specs: every reviewer can read them.

Source of the syntax: https://learn.microsoft.com/azure/machine-learning/how-to-deploy-online-endpoint-with-secret-injection
"""

from __future__ import annotations

from collections.abc import Iterator

from deployer.authoring.documents.document import Document, Fault
from deployer.authoring.project_index import World
from deployer.core.diagnostics import Severity
from deployer.core.secret_shapes import is_random, known_shape

CODE = "random-key"
WAY_OUT = (
    "Put it into Key Vault and reference it as ${{keyvault:https://<vault>.vault.azure.net/secrets/<name>}}, "
    "or use {{ secret('NAME') }}."
)


def literal_secret(document: Document, world: World) -> Iterator[Fault]:
    """No environment variable contains a literal secret."""
    for name, value in _written(document, world):
        if words := known_shape(name, value):
            summary = f"`{name}` looks like {words}, visible to anyone who can read this file"
            yield Fault(path=("environment_variables", name), summary=summary, detail=WAY_OUT)


def random_key(document: Document, world: World) -> Iterator[Fault]:
    """No environment variable contains what could be a key; a guess, which can be silenced for a variable."""
    silenced = {*document.get_list("x-allow", CODE), *world.allowed.get(CODE, ())}
    for name, value in _written(document, world):
        if name not in silenced and not known_shape(name, value) and is_random(value):
            summary = f"`{name}` could be a random key, visible to anyone who can read this file"
            detail = f"{WAY_OUT} If it is none, say so: `x-allow: {{{CODE}: [{name}]}}`."
            yield Fault(path=("environment_variables", name), summary=summary, detail=detail, severity=Severity.WARNING)


def _written(document: Document, world: World) -> Iterator[tuple[str, str]]:
    """The environment variables whose values stand in the spec."""
    for name, value in document.map("environment_variables").items():
        if isinstance(value, str) and not world.is_hidden(value):
            yield name, value
