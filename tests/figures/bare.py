"""`python -m tests.figures.bare SIZE...`: a gRPC server that answers every call with messages of these sizes, in bytes.

What a call takes that does nothing else.
"""

import asyncio
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from subprocess import PIPE, Popen

import grpc

METHOD = "/bare/Answer"


async def serve(sizes: list[int]) -> None:
    """Print the port, and answer until the process is ended."""
    messages = [bytes(size) for size in sizes]

    async def answer(request: bytes, context: object) -> AsyncIterator[bytes]:
        for message in messages:
            yield message

    server = grpc.aio.server()
    handler = grpc.unary_stream_rpc_method_handler(answer)
    server.add_generic_rpc_handlers((grpc.method_handlers_generic_handler("bare", {"Answer": handler}),))
    print(server.add_insecure_port("127.0.0.1:0"), flush=True)
    await server.start()
    await server.wait_for_termination()


@contextmanager
def answering(sizes: list[int]) -> Iterator[str]:
    """Run the server; its address."""
    with Popen([sys.executable, "-m", "tests.figures.bare", *map(str, sizes)], stdout=PIPE, text=True) as process:
        assert process.stdout is not None
        try:
            yield f"127.0.0.1:{int(process.stdout.readline())}"
        finally:
            process.kill()


if __name__ == "__main__":
    asyncio.run(serve([int(size) for size in sys.argv[1:]]))
