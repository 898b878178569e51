"""What in a value still waits to be filled in by a pipeline: one notion, for every field and for values of secrets."""

from __future__ import annotations

import re

AZURES_OWN = r"\$\{\{\s*(?:keyvault:|azureml://)"
"""What Azure itself fills in: https://learn.microsoft.com/azure/machine-learning/how-to-deploy-online-endpoint-with-secret-injection."""
ACTIONS = rf"(?!{AZURES_OWN})\$\{{\{{[^{{}}\n]{{1,200}}\}}\}}"
"""`${{ github.sha }}`, which GitHub fills in."""
HASHED = r"#\{[^{}\n]{1,80}\}#"
"""Of the task Replace Tokens of Azure Pipelines."""
SYNTAX = re.compile(
    rf"{ACTIONS}|{HASHED}"
    r"|\$\([A-Za-z_][\w.-]{0,80}\)"  # $(NAME) of Azure Pipelines
    r"|\$\{[A-Za-z_][\w.:-]{0,80}\}"  # ${NAME}
    r"|\$[A-Za-z_]\w{0,80}"  # $NAME
    r"|<[A-Za-z][^<>\n]{0,80}>"
    r"|__[A-Za-z][A-Za-z0-9_]{0,80}__(?!\.py)"
    r"|%[A-Za-z_]\w{2,80}%"
    r"|^\{[A-Za-z_]\w{0,80}\}$"
    r"|\bREPLACE_[A-Z_]{1,80}"
)
WORDS = re.compile(r"place_?holder|changeme|\byour[-_][a-z]|xxx", re.IGNORECASE)
SIGNS = ("$", "<", "{", "%", "__", "replace_", "place", "changeme", "your", "xxx")
"""One of these stands in every text, in lower case, in which one of the functions below finds something."""
WHOLE_TEXT = re.compile(rf"{HASHED}|__[A-Z][A-Z0-9_]{{0,80}}__|REPLACE_[A-Z_]{{1,80}}")
ANYWHERE_IN_TEXT = re.compile(ACTIONS)


def may_have(text: str) -> bool:
    """Whether a text is worth a closer look."""
    lower = text.lower()
    return any(sign in lower for sign in SIGNS)


def placeholder_in(value: str) -> str:
    """What is to be filled in in the value of a field with a form (a name, a reference, a size, a path); "" if nothing.

    Certain by its syntax, as opposed to `sounds_unfilled`.
    """
    match = SYNTAX.search(value)
    return match[0] if match else ""


def placeholder_as_text(value: str) -> str:
    """The same for free text, where braces and signs are common: only a few forms, and a `${{ … }}` not of Azure."""
    match = WHOLE_TEXT.fullmatch(value) or ANYWHERE_IN_TEXT.search(value)
    return match[0] if match else ""


def sounds_unfilled(value: str) -> bool:
    """Whether words in a value say that it is to be replaced."""
    return WORDS.search(value) is not None


def is_unfilled(value: str) -> bool:
    """Whether a value that should be a secret is no secret yet."""
    return bool(placeholder_in(value)) or sounds_unfilled(value)
