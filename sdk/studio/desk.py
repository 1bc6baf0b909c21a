"""The studio's web server: the page, and what it asks for.

| | |
| --- | --- |
| GET /, /page/... | the page |
| GET /api/figure, /api/face | packets of what moves there |
| GET /api/state | WebSocket: what the link to the server is like, whenever that changes |
| GET /api/affect?valence=&arousal= | the mixture at a point |
| POST /api/look | a feeling; the face's controls that show it |
| POST /api/make | an order, as JSON or as a packet with the motion to change; a packet comes back |
| POST /api/export | a packet with a motion; a ZIP comes back |
| GET /api/live | WebSocket: a live character, see `live` |

The studio keeps nothing: what was made lies with the page. Faults are JSON: {"error", "field", "away"}.
"""

import asyncio
from collections.abc import Iterable
from importlib.resources import files
from pathlib import Path
from typing import Any
from urllib.parse import quote

from aiohttp import web
from aiohttp.typedefs import Handler

from sdk.client import Clip
from sdk.emotion import Affect
from sdk.errors import EmoMotionError, InvalidInput, ServerError
from sdk.face.affect_face import face_values
from sdk.face.expressions import ameca_schema, load_poses
from sdk.runtime.composition import Composition
from sdk.studio.bodies import face_of_clip, face_packet, figure_packet
from sdk.studio.exports import exported, formats, tags_json
from sdk.studio.gate import add_headers, gate
from sdk.studio.link import Link, State, lost
from sdk.studio.live import Showing
from sdk.studio.orders import affect_json, affect_of, composition_of, needs_composing, number, simple_of
from sdk.studio.packets import load_object, motion_arrays, motion_of, pack, unpack
from sdk.wire import Info

MAX_BODY_BYTES = 32 << 20
PACKET = "application/octet-stream"
PAGE = Path(str(files("sdk.studio").joinpath("page")))
MAKE_TIMEOUT_S = 600.0
LINK: web.AppKey[Link] = web.AppKey("link", Link)


def desk(link: Link, *, host: str = "127.0.0.1", names: Iterable[str] = ()) -> web.Application:
    """The application. names: further names of the machine; see `gate`."""
    app = web.Application(middlewares=[gate(host, names), told], client_max_size=MAX_BODY_BYTES)
    app[LINK] = link
    app.on_response_prepare.append(add_headers)
    routes = app.router
    routes.add_get("/", page)
    routes.add_static("/page/", PAGE)
    routes.add_get("/api/figure", figure)
    routes.add_get("/api/face", face)
    routes.add_get("/api/affect", affect_at)
    routes.add_get("/api/state", state)
    routes.add_get("/api/live", live)
    routes.add_post("/api/look", look)
    routes.add_post("/api/make", make)
    routes.add_post("/api/export", export)
    return app


@web.middleware
async def told(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Turns the SDK's errors into JSON that says what is wrong and where."""
    try:
        return await handler(request)
    except InvalidInput as error:
        return fault(400, str(error), field=error.field)
    except ServerError as error:
        if away := lost(error):
            request.app[LINK].look()
        return fault(503 if away else 502, str(error), away=away)
    except EmoMotionError as error:
        return fault(500, str(error))
    except web.HTTPRequestEntityTooLarge:
        return fault(413, f"what was sent is larger than {MAX_BODY_BYTES >> 20} MiB", field="body")


def fault(status: int, message: str, *, field: str = "", away: bool = False) -> web.Response:
    """A refusal."""
    return web.json_response({"error": message, "field": field, "away": away}, status=status)


async def page(_request: web.Request) -> web.StreamResponse:
    """The page itself."""
    return web.FileResponse(PAGE / "index.html")


async def figure(_request: web.Request) -> web.Response:
    """The mannequin."""
    return web.Response(body=figure_packet(), content_type=PACKET)


async def face(_request: web.Request) -> web.Response:
    """The face; it takes most of a second the first time."""
    return web.Response(body=await asyncio.to_thread(face_packet), content_type=PACKET)


async def affect_at(request: web.Request) -> web.Response:
    """The mixture at a point of the valence-arousal plane."""
    point = {}
    for name in ("valence", "arousal"):
        try:
            point[name] = number(float(request.query.get(name, "")), name)
        except ValueError:
            raise InvalidInput(f"{name} must be a number", field=name) from None
    return web.json_response(affect_json(Affect.from_valence_arousal(**point)))


async def look(request: web.Request) -> web.Response:
    """How a face shows a feeling."""
    if request.content_type != "application/json":
        raise InvalidInput("send application/json", field="body")
    affect = affect_of(load_object(await request.read()).get("affect"), "affect")
    return web.json_response({"controls": face_values(load_poses(ameca_schema()), affect).tolist()})


async def state(request: web.Request) -> web.WebSocketResponse:
    """Tell one page about the link until it leaves."""
    await asyncio.to_thread(formats)  # from here on they are known
    socket = web.WebSocketResponse(heartbeat=10.0)
    await socket.prepare(request)

    async def tell() -> None:
        async for found in request.app[LINK].changes():
            await socket.send_json(state_json(found, request.app[LINK]))

    telling = asyncio.create_task(tell())
    try:
        async for _message in socket:
            request.app[LINK].look()  # whatever a page says, it wants to know how things are now
    finally:
        telling.cancel()
        await asyncio.gather(telling, return_exceptions=True)
    return socket


def state_json(found: State, link: Link) -> dict[str, Any]:
    """A state as the page reads it."""
    return {
        "state": found.name, "message": found.message, "server": "" if link.own else link.target,
        "composes": found.composes, "formats": list(formats()),
        "info": None if found.info is None else info_json(found.info),
    }  # fmt: skip


def info_json(info: Info) -> dict[str, Any]:
    """What the page needs of what a server holds."""
    return {
        "name": info.name, "version": info.version, "sha256": info.sha256, "licence": info.licence,
        "attribution": info.attribution,
        "fps": info.fps, "limits": dict(info.limits), "default_plan": info.default_plan,
        "plans": [
            {"name": plan.name, "generator": plan.generator, "expected_ms": plan.expected_ms} for plan in info.plans
        ],
        "evidence": {emotion.label: entry.kind for emotion, entry in info.emotions.items()},
    }  # fmt: skip


async def live(request: web.Request) -> web.WebSocketResponse:
    """A live character."""
    return await Showing(request, request.app[LINK]).run()


async def make(request: web.Request) -> web.Response:
    """A clip, or a composition where the order is more than one thing done with one feeling."""
    order, source = await order_of(request)
    link = request.app[LINK]
    asked: Composition | Affect
    if needs_composing(order) or source is not None:
        if not link.state.composes:
            message = "this server makes clips of one beat with one feeling; start one that has ComposeService"
            raise InvalidInput(message, field="beats")
        asked = composition_of(order, source)
        clip = await link.client.compose(asked, timeout_s=MAKE_TIMEOUT_S)
    else:
        text, options = simple_of(order)
        asked = options["affect"] if isinstance(options["affect"], Affect) else Affect.neutral()
        try:
            clip = await link.client.generate(text, timeout_s=MAKE_TIMEOUT_S, **options)
        except InvalidInput as error:  # the page knows the text and the rest as those of its first beat
            own = error.field.split(".")[0] in ("text", "affect", "seconds")
            raise InvalidInput(str(error), field=f"beats.0.{error.field}" if own else error.field) from None
    info = link.state.info or await link.client.info()
    return web.Response(body=await asyncio.to_thread(clip_packet, clip, order, asked, info), content_type=PACKET)


async def order_of(request: web.Request) -> tuple[dict[str, Any], Any]:
    """The order of a request's body, and the motion to change, if there is one. Raises InvalidInput."""
    body = await request.read()
    if request.content_type == PACKET:
        order, arrays = unpack(body)
        return order, motion_of(order, arrays)
    if request.content_type != "application/json":
        raise InvalidInput(f"send application/json or {PACKET}", field="body")
    return load_object(body), None


def clip_packet(clip: Clip, order: dict[str, Any], asked: Composition | Affect, info: Info) -> bytes:
    """A clip, what was asked, how it was made, its tags, and the face that goes with it."""
    made = {
        "text": clip.text, "affect": affect_json(clip.affect), "seconds": clip.seconds, "seed": str(clip.seed),
        "plan": clip.plan, "generator": clip.generator, "stage_ms": clip.stage_ms, "passes": clip.passes,
        "degraded": clip.degraded, "notes": list(clip.notes),
    }  # fmt: skip
    tags = tags_json(clip, info, asked, order.get("fps"))
    header = {"kind": "clip", "fps": clip.motion.fps, "request": order, "made": made, "tags": tags}
    felt = _Felt(asked) if isinstance(asked, Composition) else None
    faces = face_of_clip(clip.affect, felt, seed=clip.seed, frames=len(clip.motion), fps=clip.motion.fps)
    return pack(header, {**motion_arrays(clip.motion), "face": faces})


class _Felt:
    """What is felt in a composition, for its face."""

    def __init__(self, asked: Composition) -> None:
        self._asked = asked

    def at(self, seconds: float) -> Affect:
        """What is felt then."""
        return self._asked.felt_at(seconds)


async def export(request: web.Request) -> web.Response:
    """The clip's files."""
    if request.content_type != PACKET:
        raise InvalidInput(f"send a packet as {PACKET}", field="body")
    header, arrays = unpack(await request.read())
    name, content = await asyncio.to_thread(lambda: exported(header, motion_of(header, arrays)))
    headers = {"Content-Disposition": f"attachment; filename*=UTF-8''{quote(name)}"}
    return web.Response(body=content, content_type="application/zip", headers=headers)
