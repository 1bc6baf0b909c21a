"""The command `python -m robot_bridge.camera`: options to a source, a mind and sinks, and the loop between them."""

import contextlib
import signal
import threading
from collections.abc import Iterator
from pathlib import Path

import click

from robot_bridge.camera_mind import Mind, Reader
from robot_bridge.camera_out import BridgeSink, FileSink, LineSink, Sink
from robot_bridge.camera_source import ImageSource, Source, VideoSource, WebcamSource, read_picture
from robot_bridge.schema import ameca
from sdk.console import run
from sdk.errors import BundleError, InvalidInput
from sdk.face.controls import ControlSchema
from sdk.runtime.face_finder import FaceFinder
from sdk.server_options import Connection, server_options

FILE = click.Path(exists=True, dir_okay=False, path_type=Path)
OUT = click.Path(dir_okay=False, path_type=Path)


@click.command("robot-bridge camera", context_settings={"auto_envvar_prefix": "EMOMOTION_CAMERA"})
@click.option("--camera", type=click.IntRange(0, 63), help="Number of the webcam; 0 where no file is given.")
@click.option("--video", type=FILE, help="A video file instead of a webcam.")
@click.option("--image", type=FILE, help="One picture, JPEG or PNG, instead of a webcam.")
@click.option("--neutral", type=FILE, help="With --image: a picture of the same face, calm, to compare with.")
@click.option("--out", type=OUT, help="Draw it into a file: .png or .jpg the last face, .mp4 or .gif everything.")
@click.option("--browser", type=click.IntRange(0, 65535), metavar="PORT",
              help="Show it live in a browser on this machine; 0 takes a free port.")  # fmt: skip
@click.option("--bridge", metavar="HOST:PORT", help="Send the values to a robot's bridge (python -m robot_bridge).")
@click.option("--server", metavar="HOST:PORT", help="Let a FaceService make the values (emomotion serve).")
@click.option("--bundle", type=click.Path(file_okay=False, path_type=Path), help="Folder of another face bundle.")
@click.option("--range-set", default="tight", show_default=True, help="Ranges that the values keep to.")
@click.option("--smoothing", type=click.FloatRange(0, 1), default=0.5, show_default=True,
              help="0 none, 1 calmest and latest.")  # fmt: skip
@click.option("--calibration-faces", type=click.IntRange(1, 300), default=15, show_default=True,
              help="Faces at the beginning that are taken as calm.")  # fmt: skip
@click.option("--seconds", type=click.FloatRange(0, min_open=True), help="End after so long; Ctrl-C ends it too.")
@server_options
def command(
    camera: int | None, video: Path | None, image: Path | None, neutral: Path | None, out: Path | None,
    browser: int | None, bridge: str | None, server: str | None, bundle: Path | None, range_set: str, smoothing: float,
    calibration_faces: int, seconds: float | None, connection: Connection,
) -> None:  # fmt: skip
    """Follow the face before a camera and show what it asks of the robot's face.

    The first half second should show a calm face: everything is measured against it. Key C in the browser takes it
    anew.
    """
    check_choices(camera, video, image, neutral, server)
    schema = ameca()
    schema.bounds(range_set)
    finder = FaceFinder.open(bundle)
    with contextlib.ExitStack() as stack:
        watched = browser is not None or bridge is not None or server is not None
        source = open_source(camera, video, image, real_time=watched)
        stack.callback(source.close)
        if image is not None:
            mind = still_mind(finder, bundle, range_set, neutral)
        elif server is not None:
            mind = server_mind(server, schema, range_set, smoothing, calibration_faces, connection)
        else:
            mind = engine_mind(bundle, range_set, smoothing, calibration_faces)
        stack.callback(mind.close)
        again = threading.Event()
        sinks: list[Sink] = [LineSink(click.echo)]
        if out is not None:
            sinks.append(FileSink(out, schema, range_set, fps=source.fps, say=click.echo))
        if bridge is not None:
            sinks.append(BridgeSink(bridge, range_set, connection))
        if browser is not None:
            sinks.append(page_sink(browser, schema, range_set, again))
        for sink in sinks:
            stack.callback(sink.close)
        stop = stack.enter_context(stop_on_signals())
        follow(source, Reader(finder, mind, still=image is not None), sinks, stop=stop, again=again, seconds=seconds)
        if browser is not None and image is not None:
            click.echo("Ctrl-C ends")
            stop.wait(seconds)


def check_choices(
    camera: int | None, video: Path | None, image: Path | None, neutral: Path | None, server: str | None
) -> None:
    """Raises InvalidInput for options that do not go together."""
    choices = {"--camera": camera, "--video": video, "--image": image}
    given = [name for name, value in choices.items() if value is not None]
    if len(given) > 1:
        raise InvalidInput(f"choose one of {' and '.join(given)}", field="image")
    if neutral is not None and image is None:
        raise InvalidInput("--neutral goes with --image; a video begins with a calm face", field="neutral")
    if image is not None and server is not None:
        raise InvalidInput("--server takes videos and webcams; --image is read in this process", field="server")


def open_source(camera: int | None, video: Path | None, image: Path | None, *, real_time: bool) -> Source:
    """What the pictures come from. Raises InvalidInput where nothing can be read."""
    if image is not None:
        return ImageSource(image)
    if video is not None:
        return VideoSource(video, real_time=real_time)
    return WebcamSource(camera or 0)


def engine_mind(bundle: Path | None, range_set: str, smoothing: float, calibration_faces: int) -> Mind:
    """The engine of this process. Raises BundleError."""
    from robot_bridge.camera_engine import EngineMind
    from sdk.runtime.face import FaceEngine

    engine = FaceEngine.load(bundle)
    if not engine.follows:
        raise BundleError("this installation has no face bundle; name one with --bundle, or a server with --server")
    engine.warm_up()
    following = engine.follow(range_set=range_set, smoothing=smoothing, calibration_faces=calibration_faces)
    return EngineMind(following, calibration_faces)


def still_mind(finder: FaceFinder, bundle: Path | None, range_set: str, neutral: Path | None) -> Mind:
    """For one picture, compared with another. Raises InvalidInput where that one shows no face."""
    from robot_bridge.camera_engine import StillMind
    from sdk.runtime.face_mapper import FaceMapper

    calm = None
    if neutral is not None:
        seen = finder.look(read_picture(neutral))
        if seen.face is None:
            raise InvalidInput(f"{seen.reason} in the picture of the calm face: {neutral}", field="neutral")
        calm = seen.face
    return StillMind(FaceMapper.open(bundle), range_set, calm)


def server_mind(
    server: str, schema: ControlSchema, range_set: str, smoothing: float, calibration_faces: int, connection: Connection
) -> Mind:
    """A FaceService elsewhere. Raises InvalidInput for what is no address."""
    from robot_bridge.camera_engine import ServerMind

    return ServerMind(
        server, schema, range_set, smoothing=smoothing, calibration_faces=calibration_faces, connection=connection
    )


def page_sink(port: int, schema: ControlSchema, range_set: str, again: threading.Event) -> Sink:
    """The page in the browser, open. Raises InvalidInput for a port that cannot be had."""
    from robot_bridge.camera_web import Page

    page = Page(schema, range_set, again.set)
    click.echo(f"watch it at {page.start(port)}")
    return page


def follow(
    source: Source, reader: Reader, sinks: list[Sink], *, stop: threading.Event, again: threading.Event,
    seconds: float | None,
) -> None:  # fmt: skip
    """Read pictures until there are no more, `stop` is set, or `seconds` of the source have passed.

    again: set where a new neutral is wanted. Sinks are finished in the end, also after `stop`.
    """
    began_s: float | None = None
    for taken in source:
        began_s = taken.at_s if began_s is None else began_s
        if stop.is_set() or (seconds is not None and taken.at_s - began_s > seconds):
            break
        if again.is_set():
            again.clear()
            reader.calibrate()
        reading = reader.read(taken)
        for sink in sinks:
            sink.show(reading)
        notes = [sink.note for sink in sinks if sink.note]
        reader.note = "; ".join(notes)
    for sink in sinks:
        sink.finish()


@contextlib.contextmanager
def stop_on_signals() -> Iterator[threading.Event]:
    """Set by the first SIGINT or SIGTERM, so that files are finished; a second one ends at once."""
    stop = threading.Event()

    def handle(number: int, _frame: object) -> None:
        stop.set()
        signal.signal(number, signal.default_int_handler)

    if threading.current_thread() is not threading.main_thread():
        yield stop
        return
    before = {number: signal.signal(number, handle) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield stop
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def main() -> None:
    """Run the command on this process's own arguments and exit."""
    run(command, name="python -m robot_bridge.camera")
