"""Draw one pose of the mannequin: ray-traced rounded cones and ellipsoids over a ground with shadow, grid and trail.

Shapes: H, W picture; P parts. Camera space: x right, y up, the camera looks along -z; world as everywhere in the SDK.
Everything is float32 numpy, so the preview needs no graphics driver.
"""

import math
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageChops, ImageDraw, ImageFilter

from sdk.clips.figure import Ball, Cone, Part, mannequin
from sdk.motion.kinematics import global_rotations, heading_angle
from sdk.motion.motion import Motion
from sdk.motion.rotations import Array, normalize, quat_to_matrix

Image32 = NDArray[np.float32]
Color = tuple[int, int, int]

TONES: dict[str, Color] = {
    "body": (228, 224, 216),
    "left": (96, 146, 188),
    "right": (222, 138, 104),
    "face": (66, 72, 84),
}
SKY: Color = (247, 248, 250)
GROUND: Color = (226, 229, 233)
GRID: Color = (190, 196, 204)
SHADOW: Color = (96, 102, 116)

CELL_M = 0.5
"""Size of a grid cell, metres."""
LINE_M = 0.008
PATCH_M = 4.0
"""Side of the square of ground, around the character, that can hold shadow, trail and arrow."""
PATCH_PX = 448
TRAIL_S = 2.0
"""How much of the pelvis' way is drawn; more of it is a scribble."""
SUPERSAMPLING = 2


@dataclass(frozen=True)
class Camera:
    """A long lens that looks at a point from `azimuth` (0: from +Z, positive: from the left) and `elevation`, radians.

    size: (W, H) of the picture, pixels. view_m: height of the world, metres, that fills H at the target's distance.
    drop: how far the target lies below the middle of the picture, as a share of H.
    """

    azimuth: float
    size: tuple[int, int]
    view_m: float = 2.35
    drop: float = 0.0
    elevation: float = math.radians(14)
    distance_m: float = 7.0

    @property
    def axes(self) -> Array:
        """Rows: right, up and backward of the camera in the world, (3, 3)."""
        level = np.array([math.sin(self.azimuth), 0.0, math.cos(self.azimuth)])
        back = math.cos(self.elevation) * level + math.sin(self.elevation) * np.array([0.0, 1.0, 0.0])
        right = np.array([level[2], 0.0, -level[0]])
        return np.stack([right, np.cross(back, right), back])

    @property
    def focal(self) -> float:
        """Pixels per unit of slope."""
        return self.size[1] * self.distance_m / self.view_m

    @property
    def centre(self) -> tuple[float, float]:
        """Pixel of the target."""
        return self.size[0] / 2, self.size[1] * (0.5 + self.drop)


class Scene(NamedTuple):
    """A motion prepared for drawing: part list, world joint matrices (T, 22, 3, 3), camera targets (T, 3) metres."""

    motion: Motion
    parts: list[Part]
    matrices: Array
    targets: Array
    headings: Array


def stage(motion: Motion) -> Scene:
    """Prepare a motion: joint matrices once, and a camera target that follows the pelvis over the ground, calmly."""
    matrices = quat_to_matrix(global_rotations(motion.rotations, motion.skeleton.parents))
    targets = _smoothed(motion.root, halfwidth=max(1, round(0.35 * motion.fps)))
    targets[:, 1] = 0.92 * motion.skeleton.rest_height
    return Scene(motion, mannequin(motion.skeleton), matrices, targets, heading_angle(motion.rotations[:, 0]))


def draw_pose(scene: Scene, frame: int, camera: Camera, *, accent: Color) -> Image32:
    """Picture (H, W, 3) of 0..255; `accent` colours the trail and the arrow that shows where the body faces."""
    picture = _draw_ground(scene, frame, camera, accent=accent)
    _draw_figure(picture, scene, frame, camera)
    return picture


def _smoothed(path: Array, *, halfwidth: int) -> Array:
    """Moving average (T, 3) with ends held."""
    padded = np.concatenate([np.repeat(path[:1], halfwidth, 0), path, np.repeat(path[-1:], halfwidth, 0)])
    total = np.cumsum(np.concatenate([np.zeros((1, 3)), padded]), axis=0)
    span = 2 * halfwidth + 1
    smooth: Array = (total[span:] - total[:-span]) / span
    return smooth


# --- ground ---------------------------------------------------------------------------------------------------------


def _draw_ground(scene: Scene, frame: int, camera: Camera, *, accent: Color) -> Image32:
    (width, height), focal, centre = camera.size, camera.focal, camera.centre
    target, (right, up, back) = scene.targets[frame], camera.axes
    eye = target + camera.distance_m * back
    # Linear forms (a, b, c) of a pixel: a column + b row + c. A ray from the eye falls by `fall` per metre of depth,
    # and meets the ground at world x = east / fall and z = north / fall, counted from the target.
    across, above = np.array([1, 0, -centre[0]]) / focal, np.array([0, -1, centre[1]]) / focal
    one = np.array([0.0, 0.0, 1.0])
    fall = across * right[1] + above * up[1] - one * back[1]
    east = (eye[0] - target[0]) * fall - eye[1] * (across * right[0] + above * up[0] - one * back[0])
    north = (eye[2] - target[2]) * fall - eye[1] * (across * right[2] + above * up[2] - one * back[2])

    picture = np.empty((height, width, 3), dtype=np.float32)
    picture[:] = np.array(SKY, dtype=np.float32)
    horizon = min(max(math.ceil(-fall[2] / fall[1]), 0), height)
    columns = np.arange(width, dtype=np.float32) + np.float32(0.5)
    rows = np.arange(horizon, height, dtype=np.float32)[:, None] + np.float32(0.5)
    depth = np.minimum(float(fall[1]) * rows + float(fall[2]), -1e-4)  # no column: the camera never rolls
    x = (float(east[0]) * columns + (float(east[1]) * rows + float(east[2]))) / depth
    z = (float(north[0]) * columns + (float(north[1]) * rows + float(north[2]))) / depth
    ground = np.clip(1.0 - (np.sqrt(x * x + z * z) - 1.0) / 3.4, 0.0, 1.0)
    ground = ground * ground * (3 - 2 * ground)
    lines = [_grid(at, offset, form, fall, depth) for at, offset, form in ((x, target[0], east), (z, target[2], north))]

    # The same projection as one homography, so that Pillow can lay the patch on the ground with soft edges.
    scale = PATCH_PX / PATCH_M
    forms = np.stack([scale * east + PATCH_PX / 2 * fall, scale * north + PATCH_PX / 2 * fall, fall])
    forms[:, 2] += horizon * forms[:, 1]
    coefficients = tuple(float(v) for v in forms.reshape(-1)[:8] / forms[2, 2])
    layers = [(GROUND, 1.0), (GRID, np.maximum(*lines))]
    for layer, color in zip(_ground_patch(scene, frame), (accent, SHADOW), strict=True):
        window = (width, height - horizon)
        laid = layer.transform(window, Image.Transform.PERSPECTIVE, coefficients, Image.Resampling.BILINEAR)
        layers.append((color, np.asarray(laid, dtype=np.float32) / np.float32(255)))
    for color, share in layers:
        _mix(picture[horizon:], color, share * ground)
    return picture


def _grid(at: Image32, offset: float, form: Array, fall: Array, depth: Image32) -> Image32:
    """Coverage of the grid lines of one direction, softened to the size of a pixel (derivative of form / fall)."""
    off = np.abs(((at + float(offset)) / CELL_M + 0.5) % 1.0 - 0.5) * CELL_M
    down = float(form[1]) - at * float(fall[1])
    footprint = np.sqrt(down * down + float(form[0]) ** 2) / -depth
    coverage = np.clip((LINE_M / 2 - off) / footprint + 0.5, 0.0, 1.0)
    faint: Image32 = coverage * np.minimum(1.0, 0.55 + 0.45 * LINE_M / footprint)
    return faint


def _mix(picture: Image32, color: Color, share: Image32) -> None:
    for channel in range(3):
        plane = picture[..., channel]
        plane += share * (color[channel] - plane)


def _ground_patch(scene: Scene, frame: int) -> tuple[Image.Image, Image.Image]:
    """Accent marks (trail, facing arrow) and shadow seen from above: columns along +X, rows along +Z."""
    scale = PATCH_PX / PATCH_M
    origin = scene.targets[frame][[0, 2]] - PATCH_M / 2
    soft, close, mark = (Image.new("L", (PATCH_PX, PATCH_PX)) for _ in range(3))
    draws = [ImageDraw.Draw(layer) for layer in (soft, close)]
    for part in scene.parts:
        ends, radius = _ends(part, scene.matrices[frame, part.joint], scene.motion.positions[frame, part.joint])
        # Light falls from above and a little from +X and +Z, so that the shadow is not hidden under the body.
        flat = (ends[:, [0, 2]] - 0.22 * ends[:, 1:2] - origin) * scale
        below = (ends[:, [0, 2]] - origin) * scale
        low = float(ends[:, 1].min()) - radius
        _stroke(draws[0], flat, radius * scale, 255)
        if low < 0.15:
            _stroke(draws[1], below, radius * scale, round(255 * (1 - max(low, 0.0) / 0.15)))
    pen = ImageDraw.Draw(mark)
    since = max(0, frame - round(TRAIL_S * scene.motion.fps))
    trail = (scene.motion.root[since : frame + 1, [0, 2]] - origin) * scale
    if len(trail) > 1 and np.ptp(trail, axis=0).max() > 2:
        pen.line([tuple(p) for p in trail], fill=120, width=round(0.025 * scale), joint="curve")
    heading = scene.headings[frame]
    ahead, beside = np.array([math.sin(heading), math.cos(heading)]), np.array([math.cos(heading), -math.sin(heading)])
    middle = (scene.motion.root[frame, [0, 2]] - origin) * scale
    arrow = [(0.66, 0.0), (0.47, 0.12), (0.52, 0.0), (0.47, -0.12)]
    pen.polygon([tuple(middle + scale * (a * ahead + b * beside)) for a, b in arrow], fill=230)
    blurred = soft.filter(ImageFilter.GaussianBlur(0.045 * scale)).point(lambda v: 0.44 * v)
    close = close.filter(ImageFilter.GaussianBlur(0.018 * scale)).point(lambda v: 0.42 * v)
    return mark.filter(ImageFilter.GaussianBlur(0.006 * scale)), ImageChops.add(blurred, close)


def _stroke(pen: ImageDraw.ImageDraw, ends: Array, radius: float, fill: int) -> None:
    pen.line([tuple(p) for p in ends], fill=fill, width=max(1, round(2 * radius)))
    for x, y in ends:
        pen.ellipse((x - radius, y - radius, x + radius, y + radius), fill=fill)


def _ends(part: Part, matrix: Array, joint: Array) -> tuple[Array, float]:
    """World end points (2, 3) and radius of a part as a plain capsule."""
    if isinstance(part, Cone):
        local, radius = np.array([part.start, part.end]), (part.start_radius + part.end_radius) / 2
    else:
        radius = float(np.mean(part.radii))
        local = np.array([part.centre, part.centre])
        local[:, int(np.argmax(part.radii))] += np.array([-1, 1]) * (max(part.radii) - radius)
    return local @ matrix.T + joint, radius


# --- figure ---------------------------------------------------------------------------------------------------------


def _draw_figure(picture: Image32, scene: Scene, frame: int, camera: Camera) -> None:
    """Trace all parts at SUPERSAMPLING times the resolution in the figure's own window and blend them in."""
    (width, height), focal, centre = camera.size, camera.focal, camera.centre
    axes = camera.axes
    eye = scene.targets[frame] + camera.distance_m * axes[2]
    posed = []
    for part in scene.parts:
        matrix = axes @ scene.matrices[frame, part.joint]
        joint = axes @ (scene.motion.positions[frame, part.joint] - eye)
        ends, radius = _ends(part, matrix, joint)
        reach = max(part.radii) if isinstance(part, Ball) else max(part.start_radius, part.end_radius)
        margin = 1.05 * max(reach, radius) * focal / float(-ends[:, 2].max() - reach)
        across = centre[0] + focal * ends[:, 0] / -ends[:, 2]
        down = centre[1] - focal * ends[:, 1] / -ends[:, 2]
        box = (across.min() - margin, down.min() - margin, across.max() + margin, down.max() + margin)
        posed.append((part, matrix, joint, box))
    boxes = np.array([p[3] for p in posed])
    left, top = np.clip(np.floor(boxes[:, :2].min(0)).astype(int) - 1, 0, (width, height))
    right, bottom = np.clip(np.ceil(boxes[:, 2:].max(0)).astype(int) + 1, 0, (width, height))
    if right <= left or bottom <= top:
        return
    ss = SUPERSAMPLING
    shape = ((bottom - top) * ss, (right - left) * ss)
    x = ((left + (np.arange(shape[1]) + 0.5) / ss - centre[0]) / focal).astype(np.float32)
    y = ((centre[1] - top - (np.arange(shape[0]) + 0.5) / ss) / focal).astype(np.float32)
    depth = np.full(shape, np.inf, dtype=np.float32)
    normal = np.zeros((*shape, 3), dtype=np.float32)
    color = np.zeros((*shape, 3), dtype=np.float32)
    for part, matrix, joint, (x0, y0, x1, y1) in posed:
        columns = slice(max(0, int((x0 - left) * ss)), max(0, int((x1 - left) * ss) + 1))
        rows = slice(max(0, int((y0 - top) * ss)), max(0, int((y1 - top) * ss) + 1))
        if not (len(x[columns]) and len(y[rows])):
            continue
        ray = np.empty((len(y[rows]), len(x[columns]), 3), dtype=np.float32)
        ray[..., 0], ray[..., 1], ray[..., 2] = x[columns], y[rows, None], -1.0
        ray /= np.sqrt(np.einsum("ijk,ijk->ij", ray, ray))[..., None]
        trace = _trace_ball if isinstance(part, Ball) else _trace_cone
        away, facing = trace(part, matrix.astype(np.float32), joint.astype(np.float32), ray)  # type: ignore[arg-type]
        nearer = away < depth[rows, columns]
        depth[rows, columns][nearer] = away[nearer]
        normal[rows, columns][nearer] = facing[nearer]
        color[rows, columns][nearer] = TONES[part.tone]
    hit = np.isfinite(depth)
    color[hit] = _shade(color[hit], normal[hit], axes.astype(np.float32))
    corners = [(slice(i, None, ss), slice(j, None, ss)) for i in range(ss) for j in range(ss)]
    lit, cover = np.zeros_like(color[corners[0]]), np.zeros_like(depth[corners[0]])
    for corner in corners:
        lit += color[corner] / len(corners)
        cover += hit[corner] / np.float32(len(corners))
    window = picture[top:bottom, left:right]
    window *= 1 - cover[..., None]
    window += lit


def _trace_ball(ball: Ball, matrix: Image32, joint: Image32, ray: Image32) -> tuple[Image32, Image32]:
    """Distance along unit rays from the eye (inf: missed) and outward normal, for an ellipsoid."""
    radii = np.array(ball.radii, dtype=np.float32)
    to_unit = matrix / radii  # row vectors times it: camera space to the frame in which the ellipsoid is a unit sphere
    start = -(joint + matrix @ np.array(ball.centre, dtype=np.float32)) @ to_unit
    step = ray @ to_unit
    a, b, c = np.einsum("ijk,ijk->ij", step, step), step @ start, float(start @ start) - 1
    inside = b * b - a * c
    away = np.where(inside > 0, (-b - np.sqrt(np.maximum(inside, 0))) / a, np.inf).astype(np.float32)
    point = start + np.where(np.isfinite(away), away, 0)[..., None] * step
    return away, normalize((point / radii) @ matrix.T)


def _trace_cone(cone: Cone, matrix: Image32, joint: Image32, ray: Image32) -> tuple[Image32, Image32]:
    """As `_trace_ball`, for a rounded cone: the nearest of its two spheres and the cone that touches both.

    A point at s along the axis and rho off it lies on the cone if rho cos + s sin = start radius, where sin is the
    difference of the radii over the length. Squared, this is a quadratic in the distance along the ray.
    """
    start = joint + matrix @ np.array(cone.start, dtype=np.float32)
    end = joint + matrix @ np.array(cone.end, dtype=np.float32)
    length = max(float(np.linalg.norm(end - start)), 1e-6)
    axis = (end - start) / length
    sin = (cone.start_radius - cone.end_radius) / length
    cos2 = max(1 - sin * sin, 1e-6)
    s0, s1 = float(-start @ axis), ray @ axis
    q0, q1 = float(start @ start), -(ray @ start)
    r = cone.start_radius
    a = cos2 - s1 * s1
    b = cos2 * q1 - s0 * s1 + r * sin * s1
    c = cos2 * q0 - s0 * s0 + 2 * r * sin * s0 - r * r
    inside = b * b - a * c
    with np.errstate(divide="ignore", invalid="ignore"):
        away = (-b - np.sqrt(inside)) / a
        centre = (s0 + away * s1 - r * sin) / cos2  # where on the axis the sphere sits that touches this point
    on_side = (inside > 0) & (a > 1e-6) & (centre > 0) & (centre < length)
    away = np.where(on_side, away, np.inf)
    centre = np.where(on_side, centre, 0)
    for at, middle, radius in ((0.0, start, cone.start_radius), (length, end, cone.end_radius)):
        along = ray @ middle
        inside = along * along - float(middle @ middle) + radius * radius
        reach = np.where(inside > 0, along - np.sqrt(np.maximum(inside, 0)), np.inf)
        nearer = reach < away
        away, centre = np.where(nearer, reach, away), np.where(nearer, at, centre)
    point = np.where(np.isfinite(away), away, 0)[..., None] * ray
    normal = normalize(point - start - centre[..., None] * axis)
    return away.astype(np.float32), normal.astype(np.float32)


def _shade(color: Image32, normal: Image32, axes: Image32) -> Image32:
    """Colour of lit clay: a key light from the upper left, light from the sky, a little gloss and a lighter rim."""
    key = normalize(np.array([-0.45, 0.65, 0.62], dtype=np.float32))
    half = normalize(key + np.array([0, 0, 1], dtype=np.float32))
    up = normal @ axes[:, 1]
    light = 0.50 + 0.16 * up + 0.48 * np.clip(normal @ key * 0.85 + 0.15, 0, 1)
    gloss = 26 * np.clip(normal @ half, 0, 1) ** 28
    rim = 30 * (1 - np.clip(normal[..., 2], 0, 1)) ** 3 * np.clip(0.4 + up, 0, 1)
    shaded: Image32 = np.clip(color * light[..., None] + (gloss + rim)[..., None], 0, 255)
    return shaded
