"""One affect moves body and face: a live character and the face of a robot feel the same, in the same moment."""

import asyncio
import subprocess
import sys

from sdk.client import AsyncClient
from sdk.drive import AsyncLive
from sdk.face_client import AsyncExpression

FEELINGS = {0.0: "joy", 2.0: "surprise", 3.0: "sadness:0.7,fear:0.3", 5.0: "neutral"}
END_S = 6.5
SHOWN = ("Brow Inner Left", "Jaw Pitch", "Lip Corner Raise Left")


async def play(address: str) -> None:
    """Drive a character and a face side by side, and tell both what to feel."""
    async with (
        AsyncClient(address) as client,
        client.drive("a person walks forward", affect=FEELINGS[0.0], seed=7) as body,
        client.express(FEELINGS[0.0], seed=7) as face,
    ):
        await asyncio.gather(tell(body, face), show_body(body), show_face(face))


async def tell(body: AsyncLive, face: AsyncExpression) -> None:
    """The same affect goes to both."""
    loop = asyncio.get_running_loop()
    began = loop.time()
    for at, feeling in list(FEELINGS.items())[1:]:
        await asyncio.sleep(began + at - loop.time())
        await asyncio.gather(body.change(affect=feeling), face.change(affect=feeling))
    await asyncio.sleep(began + END_S - loop.time())
    await asyncio.gather(body.end(), face.end())


async def show_body(body: AsyncLive) -> None:
    """30 frames a second; a game would pose its character here."""
    async for frame in body:
        if frame.number % 60 == 45:
            print(f"body, frame {frame.number}: {frame.affect.label}")


async def show_face(face: AsyncExpression) -> None:
    """60 frames a second; a bridge would send the values to its robot until `frame.expires_s`."""
    blinking = False
    async for frame in face:
        value = dict(zip(face.control_names, frame.values, strict=True))
        if frame.number % 60 == 45 and frame.affect is not None:
            shown = ", ".join(f"{name} {value[name]:.2f}" for name in SHOWN)
            print(f"face, frame {frame.number}: {frame.affect.label}, {shown}")
        if not blinking and value["Eyelid Upper Left"] < 0.3:
            print(f"face, frame {frame.number}: a blink")
        blinking = value["Eyelid Upper Left"] < 0.3


with subprocess.Popen(
    [sys.executable, "-u", "-m", "sdk.serve", "--port", "0"], stdout=subprocess.PIPE, text=True
) as server:
    assert server.stdout is not None
    asyncio.run(play(next(line.split()[-1] for line in server.stdout if line.startswith("serving on "))))
    server.terminate()
