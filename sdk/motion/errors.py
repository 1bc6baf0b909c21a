"""The errors that the motion core raises; the rest of the SDK has them, and more, in `sdk.errors`."""


class EmoMotionError(Exception):
    """Base of every error this SDK raises on purpose; its text is one line fit to be shown as it is."""


class InvalidInput(EmoMotionError, ValueError):
    """A value from outside is out of range, of the wrong kind or unknown.

    `field` is the name of the offending request field or option, for the wire's INVALID_ARGUMENT.
    """

    def __init__(self, message: str, *, field: str = "") -> None:
        super().__init__(message)
        self.field = field


class MalformedFile(EmoMotionError, ValueError):
    """A file's content breaks its format; the message says where."""
