"""What can go wrong with the API server: what a later try may mend, and what it will not."""


class ClusterError(Exception):
    """Root of this room's errors. `code` is the HTTP status, None where no answer came."""

    def __init__(self, message: str, *, code: int | None = None) -> None:
        super().__init__(message)
        self.code = code


class Unavailable(ClusterError):
    """No answer, or one that says to come back: the only retryable error."""


class NotFound(ClusterError):
    """The object, or its whole type, is not there."""


class Conflict(ClusterError):
    """It exists already, or somebody else changed it first."""


class Forbidden(ClusterError):
    """The receiver may not do that, or is not known to the API server."""


class Invalid(ClusterError):
    """The object would not be valid, or a `test` of the patch failed (then `causes` is empty)."""

    def __init__(self, message: str, *, causes: tuple[str, ...]) -> None:
        super().__init__(message, code=422)
        self.causes = causes


class Rejected(ClusterError):
    """Any other refusal, an admission webhook's among them."""
