"""What Ray Serve makes copies of: the servicers around one engine, each copy in a process of its own."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Mapping
from contextlib import aclosing
from functools import partial
from pathlib import Path
from typing import Any

from google.protobuf.message import Message

from sdk.deploy import bridge
from sdk.deploy.bridge import RayContext
from sdk.service.core import Core, EngineLike, Rules
from sdk.service.handlers import Method
from sdk.service.metrics import Metrics

Load = Callable[[Path | None, int], EngineLike]
"""Opens a bundle, the shipped one for None, for so many threads."""


def load_engine(bundle: Path | None, threads: int) -> EngineLike:
    """The engine of a bundle. Raises BundleError."""
    from sdk.runtime.engine import Engine

    return Engine.load(bundle, threads=threads)


class Replica:
    """The methods of our protos, by their names. Ray calls `reconfigure` before the first of them."""

    def __init__(self, load: Load, threads: int, rules: Rules) -> None:
        self._load, self._threads, self._rules = load, threads, rules
        self._core: Core | None = None
        self._bundle: Path | None = None
        self._methods: dict[str, Method] = {}

    async def reconfigure(self, config: Mapping[str, Any]) -> None:
        """Load the bundle of the configuration and warm up; Ray sends no calls before that.

        Where there is an engine already it answers meanwhile, and what runs keeps it. Raises BundleError.
        """
        bundle = Path(config["bundle"]) if config["bundle"] else None
        load = partial(self._load, bundle, self._threads)
        if self._core is None:
            core = Core(await asyncio.to_thread(load), self._rules, Metrics())
            await core.warm_up()
            self._core, self._methods = core, {method.descriptor.name: method for method in core.methods}
        elif bundle != self._bundle:  # Ray also comes with the old one, when a neighbour's number changed
            await self._core.reload(load)
        self._bundle = bundle

    async def GetInfo(self, request: Any, grpc_context: RayContext) -> Message:
        """MotionService.GetInfo."""
        return await bridge.one(self._methods["GetInfo"], request, grpc_context)

    async def Generate(self, request: Any, grpc_context: RayContext) -> AsyncGenerator[Message, None]:
        """MotionService.Generate."""
        async with aclosing(bridge.many(self._methods["Generate"], request, grpc_context)) as parts:
            async for reply in parts:
                yield reply

    async def Drive(self, requests: AsyncIterator[Any], grpc_context: RayContext) -> AsyncGenerator[Message, None]:
        """LiveService.Drive."""
        async with aclosing(bridge.both(self._methods["Drive"], requests, grpc_context)) as parts:
            async for reply in parts:
                yield reply

    async def close(self) -> None:
        """End the thread for models; what waits is refused."""
        if self._core is not None:
            await self._core.close()
