"""Errors a user can cause and mend. Each message names the thing and the fix in one line."""

from sdk.motion.errors import EmoMotionError, InvalidInput, MalformedFile

__all__ = ["BundleError", "EmoMotionError", "InvalidInput", "MalformedFile", "ServerError"]


class BundleError(EmoMotionError):
    """A bundle is missing, truncated, altered or made for another version."""


class ServerError(EmoMotionError):
    """A server could not be reached or refused the request; `status` is the gRPC status name."""

    def __init__(self, message: str, *, status: str = "UNKNOWN") -> None:
        super().__init__(message)
        self.status = status
