"""The exceptions that reach the command line; everything else is a bug.

    DeployerError
    |-- SpecError           the specs or the env file are wrong; carries diagnostics           exit 1
    |-- UsageError          the command line is wrong                                          exit 64
    |-- Refused             unsafe, stale or not ours: nothing was written                     exit 3
    |-- Unforeseen          a bug in the deployer, in one sentence                             exit 1
    `-- WorkspaceError      the workspace refused, failed, or could not be reached             exit 1
        |-- NotFound        404: the resource does not exist
        |-- Busy            another operation is changing the resource, or Azure throttles us
        |-- WrongAnswer     a deployment answered, and not as its spec expects
        |-- OperationFailed Azure accepted the request, but the operation then failed
        |-- Unreachable     no response at all: network, DNS, TLS, a closed port
        `-- SignInFailed    no credential, an expired one, or one without the needed role

`message` says what happened, `hint` how to fix it. Reports mask secrets in both.
"""

from __future__ import annotations

from collections.abc import Sequence

from deployer.core.diagnostics import Diagnostic


class DeployerError(Exception):
    """Base of all errors that the command line reports as one message with an exit code."""

    exit_code = 1

    def __init__(self, message: str, *, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint


class SpecError(DeployerError):
    """The specs are invalid; `diagnostics` say where and why."""

    def __init__(self, diagnostics: Sequence[Diagnostic]) -> None:
        super().__init__(f"{len(diagnostics)} problem(s) in the specs")
        self.diagnostics = tuple(diagnostics)


class UsageError(DeployerError):
    """The command line is wrong."""

    exit_code = 64


class Refused(DeployerError):
    """A refused plan or step: unsafe, stale, or for a resource that this project does not own."""

    exit_code = 3


class Unforeseen(DeployerError):
    """An unexpected exception: a bug in the deployer."""

    def __init__(self, error: Exception) -> None:
        words = " ".join(str(error).split())[:300]
        super().__init__(
            f"internal error ({type(error).__name__}: {words})",
            hint="This is a bug in the deployer; please report it. Set DEPLOYER_TRACEBACK=1 to see where it happened.",
        )
        self.__cause__ = error


def as_deployer_error(error: Exception) -> DeployerError:
    """The error itself if it is a DeployerError, otherwise an Unforeseen that wraps it."""
    return error if isinstance(error, DeployerError) else Unforeseen(error)


class WorkspaceError(DeployerError):
    """The workspace refused, failed or did not respond.

    `code` is Azure's error code or one of ours ("" if there is none), `correlation_id` the ID for Azure support,
    `log_tail` the last lines of the container logs. For `retry_seconds` from the first try on, another one may succeed
    after a fresh look at the resource (0: it would not); `retry_after` is how long to wait before, if Azure said so.
    """

    def __init__(
        self,
        message: str,
        *,
        hint: str = "",
        code: str = "",
        correlation_id: str = "",
        log_tail: str = "",
        retry_seconds: float = 0.0,
        retry_after: float | None = None,
    ) -> None:
        super().__init__(message, hint=hint)
        self.code = code
        self.correlation_id = correlation_id
        self.log_tail = log_tail
        self.retry_seconds = retry_seconds
        self.retry_after = retry_after


class NotFound(WorkspaceError):
    """The resource does not exist."""


class Busy(WorkspaceError):
    """Another operation blocks the resource, or Azure throttles requests; waiting may help."""


class WrongAnswer(WorkspaceError):
    """A deployment answered, and not as its spec expects: a verdict on its content, unlike no answer at all."""

    def __init__(self, message: str, *, deployment: str, code: str, hint: str = "") -> None:
        super().__init__(message, hint=hint, code=code)
        self.deployment = deployment


class OperationFailed(WorkspaceError):
    """Azure accepted the request, but the operation failed; the container logs may tell why."""


class Unreachable(WorkspaceError):
    """No response from the workspace."""


class SignInFailed(WorkspaceError):
    """No credential works, or the signed-in account lacks permission."""
