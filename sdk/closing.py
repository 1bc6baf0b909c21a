"""What is closed at the end of a `with`."""

from types import TracebackType
from typing import Self


class Closing:
    """Has `close`, and calls it at the end of a `with`."""

    def close(self) -> None:
        """Give back what is held."""
        raise NotImplementedError

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None) -> None:
        self.close()


class AsyncClosing:
    """Has an awaitable `close`, and awaits it at the end of an `async with`."""

    async def close(self) -> None:
        """Give back what is held."""
        raise NotImplementedError

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None
    ) -> None:
        await self.close()
