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
from sdk.service.face import FaceEngineLike
from sdk.service.handlers import Method
from sdk.service.metrics import Metrics

Load = Callable[[Path | None, int], EngineLike]
"""Opens a bundle, the shipped one for None, for so many threads."""


def load_engine(bundle: Path | None, threads: int) -> EngineLike:
    """The engine of a bundle. Raises BundleError."""
    from sdk.runtime.engine import Engine

    return Engine.load(bundle, threads=threads)


def load_faces() -> FaceEngineLike:
    """The engine of the face bundle that comes along; without one it follows no faces. Raises BundleError."""
    from sdk.runtime.face import FaceEngine

    return FaceEngine.load()


class Replica:
    """The methods of our protos, by their names. Ray calls `reconfigure` before the first of them."""

    def __init__(
        self, load: Load, threads: int, rules: Rules, faces: Callable[[], FaceEngineLike] = load_faces
    ) -> None:
        self._load, self._threads, self._rules, self._faces = load, threads, rules, faces
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
            engine, faces = await asyncio.to_thread(load), await asyncio.to_thread(self._faces)
            core = Core(engine, self._rules, Metrics(), faces=faces)
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

    async def Compose(self, request: Any, grpc_context: RayContext) -> AsyncGenerator[Message, None]:
        """ComposeService.Compose."""
        async with aclosing(bridge.many(self._methods["Compose"], request, grpc_context)) as parts:
            async for reply in parts:
                yield reply

    async def Export(self, request: Any, grpc_context: RayContext) -> AsyncGenerator[Message, None]:
        """ClipService.Export."""
        async with aclosing(bridge.many(self._methods["Export"], request, grpc_context)) as parts:
            async for reply in parts:
                yield reply

    async def Drive(self, requests: AsyncIterator[Any], grpc_context: RayContext) -> AsyncGenerator[Message, None]:
        """LiveService.Drive."""
        async with aclosing(bridge.both(self._methods["Drive"], requests, grpc_context)) as parts:
            async for reply in parts:
                yield reply

    async def Track(self, requests: AsyncIterator[Any], grpc_context: RayContext) -> AsyncGenerator[Message, None]:
        """FaceService.Track."""
        async with aclosing(bridge.both(self._methods["Track"], requests, grpc_context)) as parts:
            async for reply in parts:
                yield reply

    async def Express(self, requests: AsyncIterator[Any], grpc_context: RayContext) -> AsyncGenerator[Message, None]:
        """FaceService.Express."""
        async with aclosing(bridge.both(self._methods["Express"], requests, grpc_context)) as parts:
            async for reply in parts:
                yield reply

    async def close(self) -> None:
        """End the threads for models; what waits is refused."""
        if self._core is not None:
            await self._core.close()
