"""Frames of the present for a reader that fell behind: what piled up between server and client is passed over.

Several megabytes, minutes of frames, fit into the buffers on the way. The server cannot see who reads late, so the
client looks at how late a frame is beside the earliest one it has had.
"""

MOST_LAG_S = 0.25
"""A frame that is later than this is of the past, if there are newer ones."""
PATIENCE_S = 1.0
"""Reading a whole pile takes less. When frames stay late for longer, the way has become longer, and they are shown."""


class CatchUp:
    """Judges the frames of one connection, in order."""

    def __init__(self) -> None:
        self._offset = float("inf")
        self._behind_since: float | None = None

    def past(self, due: float, now: float) -> bool:
        """Whether a frame that was due at `due`, seconds by the stream's clock, is to be passed over at `now`."""
        self._offset = min(self._offset, now - due)
        if now - due - self._offset <= MOST_LAG_S:
            self._behind_since = None
            return False
        if self._behind_since is None:
            self._behind_since = now
        if now - self._behind_since <= PATIENCE_S:
            return True
        self._offset, self._behind_since = now - due, None
        return False
