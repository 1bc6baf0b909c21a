"""A server that misbehaves as its callers wish: `python -m tests.csharp.odd_server`.

The text of a live character says how: "flood 1000" sends so many frames a second, each with the time of its sending in
`wish` (microseconds of the monotonic clock, 32 bits); "past" sends old frames again; "silent" sends one frame and no
more; "joints" has another skeleton; "short" sends frames without contacts. Faces are 52 blendshapes, all at 0.25, or at
0.5 in anger. A composed clip stands still and says as its text, as JSON, what was asked.
"""

import asyncio
import json
import time
from collections.abc import AsyncIterator

import grpc

from emomotion.v1 import (
    affect_pb2,
    compose_pb2,
    compose_pb2_grpc,
    face_pb2,
    face_pb2_grpc,
    live_pb2,
    live_pb2_grpc,
    motion_pb2,
)
from sdk.motion.skeleton import BODY, NUM_JOINTS
from sdk.wire import skeleton_to_wire

FPS = 30.0


def frame_of(number: int) -> live_pb2.DriveFrame:
    """The T-pose."""
    return live_pb2.DriveFrame(
        number=number, rotations=[0, 0, 0, 1] * NUM_JOINTS, root=[0, BODY.rest_height, number * 0.01],
        contacts=[True, True, False, False], source=live_pb2.FRAME_SOURCE_GENERATED,
        affect=affect_pb2.Affect(weights=[affect_pb2.EmotionWeight(emotion=2, weight=1)], intensity=0.5),
    )  # fmt: skip


class Live(live_pb2_grpc.LiveServiceServicer):
    async def Drive(self, requests: AsyncIterator[live_pb2.DriveRequest], context: grpc.aio.ServicerContext) -> None:
        start = await anext(requests)
        mode, _, rate = start.start.wish.text.partition(" ")
        skeleton = skeleton_to_wire(BODY)
        if mode == "joints":
            del skeleton.joint_names[20:]
        fps = float(rate or FPS)
        await context.write(live_pb2.DriveReply(header=live_pb2.DriveHeader(skeleton=skeleton, fps=fps, seed=1)))
        if mode == "silent":
            await context.write(live_pb2.DriveReply(frame=frame_of(0)))
            await asyncio.sleep(60)
        began, number = time.monotonic(), 0
        while True:
            frame = frame_of(max(number - 5, 0) if mode == "past" and number % 10 == 9 else number)
            if mode == "short":
                del frame.contacts[:]
            frame.wish = int(time.monotonic() * 1e6) % 2**32
            await context.write(live_pb2.DriveReply(frame=frame))
            number += 1
            await asyncio.sleep(max(began + number / fps - time.monotonic(), 0))


class Face(face_pb2_grpc.FaceServiceServicer):
    async def Express(
        self, requests: AsyncIterator[face_pb2.ExpressRequest], context: grpc.aio.ServicerContext
    ) -> None:
        start = await anext(requests)
        value, ended, number = 0.25, False, 0

        async def read() -> None:
            nonlocal value, ended
            async for request in requests:
                ended = request.WhichOneof("part") == "end"
                weights = request.change.affect.weights
                value = 0.5 if weights and weights[0].emotion == affect_pb2.EMOTION_ANGER else value

        reader = asyncio.create_task(read())
        names = [f"shape{i}" for i in range(52)] if start.start.blendshapes else []
        await context.write(face_pb2.FaceReply(header=face_pb2.FaceHeader(blendshape_names=names, nominal_fps=60)))
        while not ended:
            frame = face_pb2.FaceFrame(number=number, blendshapes=[value] * len(names))
            await context.write(face_pb2.FaceReply(frame=frame))
            number += 1
            await asyncio.sleep(1 / 60)
        await reader
        await context.write(face_pb2.FaceReply(ended=face_pb2.FaceEnded(frame_count=number)))


class Compose(compose_pb2_grpc.ComposeServiceServicer):
    async def Compose(
        self, request: compose_pb2.ComposeRequest, context: grpc.aio.ServicerContext
    ) -> AsyncIterator[motion_pb2.GenerateReply]:
        frames = round(sum(beat.seconds for beat in request.beats) * FPS) + 1
        yield motion_pb2.GenerateReply(
            header=motion_pb2.MotionHeader(skeleton=skeleton_to_wire(BODY), fps=FPS, frame_count=frames)
        )
        frame = frame_of(0)
        yield motion_pb2.GenerateReply(
            chunk=motion_pb2.MotionChunk(
                frame_count=frames, rotations=[*frame.rotations] * frames, root=[*frame.root] * frames,
                contacts=[*frame.contacts] * frames,
            )
        )  # fmt: skip
        asked = {
            "beats": [[beat.text, beat.seconds, beat.affect.intensity] for beat in request.beats],
            "track": [key.seconds for key in request.track.keys],
            "source": [request.source.fps, len(request.source.rotations), len(request.source.root)],
            "keep": [[span.start_s, span.end_s] for span in request.keep],
            "keyframes": [
                [key.seconds, len(key.pose.rotations), len(key.pose.root), key.place] for key in request.keyframes
            ],
            "goals": [
                [goal.effector, goal.seconds, goal.hold_s, len(goal.position), list(goal.rotation), goal.place,
                 goal.ease_s if goal.HasField("ease_s") else None]
                for goal in request.goals
            ],
            "route": [[point.seconds, point.x, point.z] for point in request.route.points],
            "loop": request.loop,
            "speed": request.speed if request.HasField("speed") else None,
        }
        used = motion_pb2.SettingsUsed(text=json.dumps(asked), seed=request.seed)
        yield motion_pb2.GenerateReply(status=motion_pb2.GenerateStatus(used=used))


async def serve() -> None:
    server = grpc.aio.server()
    live_pb2_grpc.add_LiveServiceServicer_to_server(Live(), server)
    face_pb2_grpc.add_FaceServiceServicer_to_server(Face(), server)
    compose_pb2_grpc.add_ComposeServiceServicer_to_server(Compose(), server)
    port = server.add_insecure_port("127.0.0.1:0")
    await server.start()
    print(f"serving on 127.0.0.1:{port}\n  stop", flush=True)
    await server.wait_for_termination()


if __name__ == "__main__":
    asyncio.run(serve())
