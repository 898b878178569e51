"""The names in templates: variables, `env`, `env_var('X')`, `secret('X')`; collects secret values."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from deployer.authoring.text.secrets import Entry, Mark, Vault
from deployer.core.secret_shapes import looks_secret

MISSING = object()


class ScopeError(Exception):
    """A template uses a missing environment variable or secret; `code` and `hint` go into the diagnostic."""

    def __init__(self, code: str, name: str, summary: str, hint: str) -> None:
        super().__init__(summary)
        self.name = name
        self.code = code
        self.summary = summary
        self.hint = hint


@dataclass(frozen=True, slots=True, kw_only=True)
class Scope:
    """The names in the templates of one env.

    `vault` has the values behind the marks of `secret()`, and of `env_var()` where these look secret. `assumed` are
    variables that were reported missing and count as set during the search for further problems.
    """

    variables: Mapping[str, Any] = field(default_factory=dict, repr=False)
    environ: Mapping[str, str] = field(default_factory=dict, repr=False)
    vault: Vault = field(default_factory=Vault)
    assumed: set[str] = field(default_factory=set)

    def env_var(self, name: str, default: Any = MISSING) -> Any:
        """An environment variable, or the default; a Mark if it looks like a secret.

        Raises ScopeError if there is neither.
        """
        if name in self.assumed:
            return name
        if name not in self.environ:
            if default is not MISSING:
                return default
            hint = f"Set it, or add a default: env_var('{name}', '…')."
            raise ScopeError("env-variable", name, f"the environment variable {name} is not set", hint)
        value = self.environ[name]
        if looks_secret(name, value):
            return Mark(self.vault.mark(Entry(call=f"env_var('{name}')", value=value, looks_secret=True)))
        return value

    def secret(self, name: str) -> Mark | str:
        """The mark of an environment variable, whose value no output shows.

        Raises ScopeError if it is empty or not set.
        """
        if name in self.assumed:
            return name
        if not self.environ.get(name):
            hint = "Set it in the deployer's environment, from the secret store of your pipeline."
            raise ScopeError("secret-missing", name, f"the secret {name} is not set", hint)
        return Mark(self.vault.mark(Entry(call=f"secret('{name}')", value=self.environ[name])))


def is_name(text: str) -> bool:
    """Whether a template can use this text as a variable name."""
    return re.fullmatch(r"[A-Za-z_][A-Za-z0-9_]*", text) is not None
