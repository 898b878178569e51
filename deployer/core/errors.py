"""The exceptions that reach the command line; everything else is a bug.

    DeployerError
    |-- SpecError           the specs or the env file are wrong; carries diagnostics           exit 1
    |-- UsageError          the command line asks for something that cannot be                 exit 64
    |-- Refused             unsafe, stale or not ours: nothing was written                     exit 3
    |-- Unforeseen          a bug of ours, in one sentence                                     exit 1
    `-- WorkspaceError      the workspace said no, or could not be reached                     exit 1
        |-- NotFound        404: what was asked for is not there
        |-- Busy            somebody else is changing the resource, or we are throttled
        |-- OperationFailed the request was taken, and what Azure then did failed
        |-- Unreachable     no answer at all: network, DNS, TLS, a closed port
        `-- SignInFailed    no credential, an expired one, or one without the needed role

Messages are whole sentences: what happened, then the way out. Nothing in them is secret.
"""

from __future__ import annotations

from collections.abc import Sequence

from deployer.core.diagnostics import Diagnostic


class DeployerError(Exception):
    """Base of everything the command line turns into one message and an exit code."""

    exit_code = 1

    def __init__(self, message: str, *, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint


class SpecError(DeployerError):
    """The specs cannot be used; `diagnostics` says where and why."""

    def __init__(self, diagnostics: Sequence[Diagnostic]) -> None:
        super().__init__(f"{len(diagnostics)} problem(s) in the specs")
        self.diagnostics = tuple(diagnostics)


class UsageError(DeployerError):
    """The command was called in a way that cannot work."""

    exit_code = 64


class Refused(DeployerError):
    """A plan that must not run: unsafe, stale, or about something that is not ours."""

    exit_code = 3


class Unforeseen(DeployerError):
    """An exception that nobody thought of, with what was meant to happen."""

    def __init__(self, error: Exception) -> None:
        words = " ".join(str(error).split())[:300]
        super().__init__(
            f"internal error ({type(error).__name__}: {words})",
            hint="This is a bug of deployer. DEPLOYER_TRACEBACK=1 shows where it happened; please report it.",
        )
        self.__cause__ = error


def as_deployer_error(error: Exception) -> DeployerError:
    """The error itself when it is one of ours, anything else wrapped as Unforeseen."""
    return error if isinstance(error, DeployerError) else Unforeseen(error)


class WorkspaceError(DeployerError):
    """The workspace refused or failed; `code` is Azure's error code ("" when it gave none), `correlation_id` what Azure
    support asks for.
    """

    def __init__(
        self, message: str, *, hint: str = "", code: str = "", correlation_id: str = "", log_tail: str = ""
    ) -> None:
        super().__init__(message, hint=hint)
        self.code = code
        self.correlation_id = correlation_id
        self.log_tail = log_tail


class NotFound(WorkspaceError):
    """The resource is not there."""


class Busy(WorkspaceError):
    """Another operation holds the resource, or the service asks to slow down; waiting may help."""


class OperationFailed(WorkspaceError):
    """The workspace took the request, and the operation it began failed: what ran in it may have said why."""


class Unreachable(WorkspaceError):
    """Nothing answered at the workspace's address."""


class SignInFailed(WorkspaceError):
    """No credential was accepted."""
