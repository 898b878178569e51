"""What the service says when a request is at fault."""

from __future__ import annotations


class ScoringRefused(Exception):
    """A request that is not answered: the HTTP status, a code that never changes meaning, and a sentence for people."""

    def __init__(self, status: int, code: str, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.message = message

    def body(self) -> dict[str, dict[str, str]]:
        """`{"error": {"code", "message"}}`, as every answer of Azure ML's control plane has it too."""
        return {"error": {"code": self.code, "message": self.message}}
