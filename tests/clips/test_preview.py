"""Pictures: they exist, have the right frames, and show a body where the motion puts it."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from sdk.clips.preview import ACCENTS, INK, PAPER, Shot, check_preview, contact_sheet, render_gif
from sdk.clips.render import Camera, draw_pose, stage
from sdk.emotion import Affect, Emotion
from sdk.errors import InvalidInput
from sdk.motion.motion import Motion
from sdk.motion.rotations import quat_about
from sdk.runtime.track import Segment
from tests.synthetic import standing, walking

SMALL = (160, 160)


def colored(picture: np.ndarray, channel: int) -> np.ndarray:
    """Where a picture is clearly more of one channel than of its opposite: 2 finds the left limbs, 0 the right."""
    return picture[..., channel].astype(int) - picture[..., 2 - channel].astype(int) > 45


def test_gif_has_every_frame_and_lasts_as_long_as_the_clip(walk: Motion, tmp_path: Path) -> None:
    path = render_gif(walk, tmp_path / "walk.gif", title="a person walks", affect=Affect.of("joy"), fps=12, size=SMALL)
    with Image.open(path) as gif:
        assert gif.size == SMALL and gif.info["loop"] == 0
        assert gif.n_frames == 25
        durations = []
        for k in range(gif.n_frames):
            gif.seek(k)
            durations.append(gif.info["duration"])
    assert sum(durations) == pytest.approx(1000 * 25 / 12, abs=10)
    assert list(tmp_path.iterdir()) == [path]


def test_gif_of_one_frame(tmp_path: Path) -> None:
    path = render_gif(standing(0.0), tmp_path / "one.gif", title="", size=SMALL)
    with Image.open(path) as gif:
        assert gif.n_frames == 1


def test_long_and_foreign_titles_do_not_break_the_caption(tmp_path: Path) -> None:
    for k, title in enumerate(("word " * 200, "x" * 900, "\u6b69\u304f \U0001f600\n\ttab", "\x00\x07")):
        render_gif(standing(0.0), tmp_path / f"{k}.gif", title=title, affect=Affect.of("joy:1,fear:1"), size=SMALL)


def test_contact_sheet_has_a_row_per_clip(walk: Motion, tmp_path: Path) -> None:
    shots = [Shot(walk, "one", Affect.of("anger")), (standing(0.0), "two")]
    path = contact_sheet(shots, tmp_path / "sheet.png", columns=3, cell=(60, 80))
    with Image.open(path) as sheet:
        assert sheet.size == (2 * 14 + 3 * 60, 14 + 2 * (30 + 80 + 14))


def test_same_motion_same_picture(walk: Motion, tmp_path: Path) -> None:
    short = walk[:4]
    first, second = (render_gif(short, tmp_path / f"{k}.gif", title="t", size=SMALL) for k in (1, 2))
    assert first.read_bytes() == second.read_bytes()


def test_figure_stands_where_the_joints_project() -> None:
    scene = stage(standing(0.0))
    camera = Camera(0.0, (200, 200), drop=0.0)
    picture = draw_pose(scene, 0, camera, accent=(128, 128, 128))
    left, right = np.argwhere(colored(picture, 2)), np.argwhere(colored(picture, 0))
    # Seen from the front the character's left is on the right of the picture, mirrored to its right.
    assert left[:, 1].mean() > 100 > right[:, 1].mean()
    assert abs((left[:, 1].mean() - 100) + (right[:, 1].mean() - 100)) < 2
    reach = (left[:, 1].max() - 100) / 200 * camera.view_m
    assert reach == pytest.approx(standing(0.0).positions[0, :, 0].max() + 0.16, abs=0.04)


def test_camera_stays_with_a_turned_and_moved_motion(walk: Motion) -> None:
    moved = walk.turned(quat_about("y", 1.0)).moved(np.array([3.0, 0.0, -7.0]))
    pictures = []
    for motion in (walk, moved):
        scene = stage(motion)
        pictures.append(draw_pose(scene, 20, Camera(float(scene.headings[0]) + 0.6, (120, 120)), accent=(0, 0, 0)))
    # The grid lies in the world and looks different; the figure does not.
    for channel in (0, 2):
        seen = [colored(p, channel) for p in pictures]
        assert seen[0].sum() > 100 and (seen[0] != seen[1]).mean() < 0.01


def test_a_body_out_of_the_picture_is_no_error() -> None:
    motion = walking(2.0, speed=1.0)
    motion.root[30:] += [40.0, 0.0, 0.0]
    draw_pose(stage(motion), 29, Camera(0.0, (100, 100)), accent=(0, 0, 0))
    motion.root[:, 1] += 9.0
    draw_pose(stage(motion), 5, Camera(0.0, (100, 100)), accent=(0, 0, 0))


def test_every_emotion_has_its_own_accent() -> None:
    assert len({ACCENTS[e] for e in Emotion}) == len(Emotion)


def test_bad_pictures_are_refused(walk: Motion, tmp_path: Path) -> None:
    with pytest.raises(InvalidInput, match=r"known: \.gif"):
        check_preview(tmp_path / "walk.mp4")
    with pytest.raises(InvalidInput, match="fps must lie in 1..50"):
        render_gif(walk, tmp_path / "a.gif", title="", fps=0)
    with pytest.raises(InvalidInput, match="size must lie"):
        render_gif(walk, tmp_path / "a.gif", title="", size=(10, 10))
    with pytest.raises(InvalidInput, match="at least one clip"):
        contact_sheet([], tmp_path / "a.png")
    assert not list(tmp_path.iterdir())


def test_a_sheet_shows_what_is_felt_kept_and_held_when(walk: Motion, tmp_path: Path) -> None:
    seconds = walk.seconds
    joy, fear = Affect.of("joy"), Affect.of("fear")
    told = [Segment(0, seconds / 2, joy), Segment(seconds / 2, seconds, fear)]
    plain = Shot(walk, "one", joy, told)
    path = contact_sheet(
        [plain, plain._replace(kept=[(0, seconds / 2)], held=[(0, seconds / 4)])],
        tmp_path / "s.png",
        columns=2,
        cell=(100, 80),
    )
    with Image.open(path) as sheet:
        pixels = np.asarray(sheet.convert("RGB"))
    left, right, row, tall = 14 + 50, 14 + 150, 14 + 30, 40 + 80 + 14
    at = [left + round(share * (right - left)) for share in (0.2, 0.4, 0.8)]
    first, second = pixels[row : row + 6, at], pixels[row + tall : row + tall + 6, at]
    assert (first[:, :2] == ACCENTS[Emotion.JOY]).all() and (first[:, 2] == ACCENTS[Emotion.FEAR]).all()
    hollow = [(second[:, k] == PAPER).all(-1).sum() for k in range(3)]
    assert hollow == [2, 2, 0], "what is kept is hollow"
    above = (pixels[row + tall - 4 : row + tall - 2, at] == INK).all(-1)
    assert above[:, 0].all() and not above[:, 1:].any(), "a goal is held in the first quarter"
