"""Finds a face in a picture: a detector says where, a landmark network gives 478 points of MediaPipe's face mesh.

Both graphs are MediaPipe's own weights (export/face_finder.py). A `FaceFinder` keeps nothing between pictures and may
be shared by threads; a `FaceTracker` follows one face through a video. Shapes: K detections, (478, 3) points: 468 of
the mesh, then 5 of the iris on the left of the picture and 5 of the one on the right.
"""

import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import onnxruntime as ort
from numpy.typing import NDArray

from sdk.bundle.face_manifest import FACE_BUNDLE, FaceBundle
from sdk.bundle.manifest import MANIFEST
from sdk.errors import InvalidInput
from sdk.face.pictures import Picture, check_picture, decode_image
from sdk.runtime.face_region import Array, Region, crop
from sdk.runtime.sessions import open_session, run_session

__all__ = ["Face", "FaceFinder", "FaceTracker", "Sighting", "decode_image"]

DETECTOR, LANDMARKS = "face_detector.onnx", "face_landmarks.onnx"
"""Files of the two graphs; without their ending, their roles in a face bundle."""
POINTS = 478
OUTER_CORNERS = (33, 263)
"""Points at the outer corners of the eyes, the one on the left of the picture first."""
SURE = 0.5
"""Confidence from which on the detector and the landmark network are believed, as in MediaPipe."""
SAME_FACE = 0.3
"""Detections that overlap by more (area in common over area of both) are one face, as in MediaPipe."""
MIN_SIDE, MAX_SIDE = 16, 16384
HOLD_S = 0.15
"""A face that is lost is shown for so long where it was last seen; then it is gone."""
RECOUNT_S = 1.0
"""While a face is followed, the faces in the picture are counted so often."""
MAX_TRIES = 3
"""Detections, the largest first, that are looked at closely before a picture is said to hold no face."""


@dataclass(frozen=True)
class Face:
    """A face in a picture.

    points: (478, 3) pixels, x to the right, y down, z away from the camera on the scale of x, 0 at the head's middle.
    confidence: of the landmark network that this is a face, [0, 1]; falls to 0 while the face is held.
    box: x0, y0, x1, y1 around the points. held: not seen in this picture; these are the points of the last one.
    """

    points: Array
    confidence: float
    box: tuple[float, float, float, float]
    held: bool = False


@dataclass(frozen=True)
class Sighting:
    """What was seen in a picture. face is None where there is none, and `reason` says why, in a few words.

    faces: how many the detector saw; while one is followed, as of the last count (`RECOUNT_S`).
    """

    face: Face | None
    faces: int
    reason: str = ""


@dataclass(frozen=True)
class Detections:
    """Faces that the detector sees: boxes (K, 4) as x0, y0, x1, y1, keypoints (K, 6, 2): the eyes as
    seen from left to right, tip of the nose, mouth, ears; confidence (K,). All in pixels of the picture."""

    boxes: Array
    keypoints: Array
    confidence: Array

    def __len__(self) -> int:
        return len(self.boxes)

    def region(self, number: int) -> Region:
        """The square around one of them."""
        return Region.around(self.boxes[number], *self.keypoints[number, :2])

    def joined(self, others: "Detections") -> "Detections":
        """These and those of the others that are other faces."""
        new = [not (overlap(box, self.boxes) > SAME_FACE).any() for box in others.boxes]
        boxes = np.concatenate([self.boxes, others.boxes[new]])
        order = np.argsort(-np.prod(boxes[:, 2:] - boxes[:, :2], axis=1), kind="stable")
        keypoints = np.concatenate([self.keypoints, others.keypoints[new]])
        confidence = np.concatenate([self.confidence, others.confidence[new]])
        return Detections(boxes[order], keypoints[order], confidence[order])


NOTHING = Detections(np.empty((0, 4)), np.empty((0, 6, 2)), np.empty(0))


class FaceFinder:
    """Opens the two graphs once; any number of threads may call it. `open` makes one."""

    def __init__(self, detector: ort.InferenceSession, landmarks: ort.InferenceSession) -> None:
        self._detector, self._landmarks = detector, landmarks
        self._detector_size, self._landmark_size = (int(s.get_inputs()[0].shape[1]) for s in (detector, landmarks))

    @classmethod
    def open(cls, folder: Path | None = None, *, threads: int = 1) -> "FaceFinder":
        """The finder of the face bundle that comes along, or of another folder: a bundle, or the two graphs alone.

        Raises BundleError for files that are missing, or other than the bundle's manifest says.
        """
        folder = FACE_BUNDLE if folder is None else folder
        names = (DETECTOR, LANDMARKS)
        if not (folder / MANIFEST).exists():
            return cls(*(open_session(folder / name, threads=threads) for name in names))
        bundle = FaceBundle.load(folder)
        return cls(*(open_session(bundle.graph(Path(name).stem), threads=threads) for name in names))

    def find(self, image: Picture) -> Face | None:
        """The largest face of one picture (H, W, 3) uint8 RGB; None without one. Raises InvalidInput for no picture."""
        return self.look(image).face

    def look(self, image: Picture) -> Sighting:
        """`find` that also counts the faces and says why there is none.

        Parts of the picture are searched only where the whole shows no face: they show more of what is none, too.
        """
        image = _usable(image)
        whole, *parts = windows(image)
        for regions in ([whole], parts):
            found = self.detect(image, regions)
            seen = self.closer(image, found, range(min(len(found), MAX_TRIES)))
            if seen.face is not None:
                break
        return seen

    def tracker(self) -> "FaceTracker":
        """A tracker for one video."""
        return FaceTracker(self)

    def detect(self, image: Picture, regions: Iterable[Region]) -> Detections:
        """Faces in some squares of a picture; one that was seen in an earlier square too is taken from that."""
        found = NOTHING
        for region in regions:
            sample = crop(image, region, self._detector_size, beyond="black")
            outputs = run_session(self._detector, {"image": sample[None]}, name=DETECTOR)
            faces, confidence = (output.astype(np.float64) for output in outputs)
            sure = confidence >= SURE
            if sure.any():
                found = found.joined(_merged(faces[sure], confidence[sure], region))
        return found

    def landmarks(self, image: Picture, region: Region) -> Face:
        """The face in a square, whatever its confidence."""
        sample = crop(image, region, self._landmark_size, beyond="edge")
        points, confidence = run_session(self._landmarks, {"image": sample[None]}, name=LANDMARKS)
        return _face(region.to_picture(points.astype(np.float64)), float(confidence.item()))

    def closer(self, image: Picture, found: Detections, numbers: Iterable[int]) -> Sighting:
        """The first of some detections in which the landmark network sees a face too."""
        for number in numbers:
            face = self.landmarks(image, found.region(number))
            if face.confidence >= SURE:
                return Sighting(face, len(found))
        return Sighting(None, 0, "what was detected is no clear face" if len(found) else "no face was detected")


class FaceTracker:
    """Follows one face through a video: looks where it was, searches the picture only when it is not there.

    Not for several threads at once.
    """

    def __init__(self, finder: FaceFinder) -> None:
        self._finder = finder
        self._last: Face | None = None
        self._seen_s = self._counted_s = -np.inf
        self._faces = self._missed = 0

    def find(self, image: Picture, at_s: float | None = None) -> Face | None:
        """The face in the next picture; see `look`."""
        return self.look(image, at_s).face

    def look(self, image: Picture, at_s: float | None = None) -> Sighting:
        """The next picture of the video, taken at `at_s` seconds (any clock that only rises; None: now).

        A face that is not found stays for `HOLD_S` where it was, `held` and with falling confidence, then it is lost;
        from then on the largest face of the picture is taken. Raises InvalidInput for what is no picture.
        """
        image = _usable(image)
        now = time.monotonic() if at_s is None else at_s
        if self._last is not None:
            face = self._finder.landmarks(image, _region_of(self._last))
            if face.confidence >= SURE:
                return self._followed(image, face, now)
        found = self._search(image)
        if found.face is not None:
            self._faces, self._counted_s = found.faces, now
            return self._remember(found.face, now)
        age = max(0.0, now - self._seen_s)
        if self._last is not None and age < HOLD_S:
            held = replace(self._last, held=True, confidence=self._last.confidence * (1 - age / HOLD_S))
            return Sighting(held, self._faces)
        self.forget()
        return found

    def forget(self) -> None:
        """Search anew in the next picture."""
        self._last, self._seen_s, self._faces = None, -np.inf, 0

    def _followed(self, image: Picture, face: Face, now: float) -> Sighting:
        if not now - self._counted_s < RECOUNT_S:
            whole = next(windows(image))
            self._faces, self._counted_s = max(1, len(self._finder.detect(image, [whole]))), now
        return self._remember(face, now)

    def _remember(self, face: Face, now: float) -> Sighting:
        self._last, self._seen_s = face, now
        return Sighting(face, self._faces)

    def _search(self, image: Picture) -> Sighting:
        """In the whole picture, then in one of its parts; one detection of each is looked at closely.

        Another part and another detection in every picture: all of them at once would take longer than a frame may.
        """
        whole, *parts = windows(image)
        for region in (whole, parts[self._missed % len(parts)]):
            found = self._finder.detect(image, [region])
            numbers = [self._missed % len(found)] if len(found) else []
            seen = self._finder.closer(image, found, numbers)
            if seen.face is not None:
                self._missed = 0
                return seen
        self._missed += 1
        return seen


def windows(image: Picture) -> Iterator[Region]:
    """Where to look for faces: the whole picture, then squares of half its longer side, each half covering the next.

    The detector sees faces of about a tenth of what it looks at and larger; the squares double the distance.
    """
    height, width = image.shape[:2]
    longer = max(height, width)
    yield Region(width / 2, height / 2, longer)
    side = longer / 2
    rows, columns = (np.linspace(min(side, n) / 2, n - min(side, n) / 2, 1 + round(n / side)) for n in (height, width))
    yield from (Region(float(x), float(y), side) for y in rows for x in columns)


def _usable(image: Picture) -> Picture:
    image = check_picture(image)
    height, width = image.shape[:2]
    if min(height, width) < MIN_SIDE or max(height, width) > MAX_SIDE:
        limits = f"it must be {MIN_SIDE} to {MAX_SIDE} pixels a side"
        raise InvalidInput(f"image is {width} x {height} pixels; {limits}", field="image")
    return np.ascontiguousarray(image)


def _face(points: Array, confidence: float) -> Face:
    (x0, y0), (x1, y1) = points[:, :2].min(0), points[:, :2].max(0)
    return Face(points, confidence, (float(x0), float(y0), float(x1), float(y1)))


def _region_of(face: Face) -> Region:
    left, right = face.points[list(OUTER_CORNERS)]
    return Region.around(face.box, left, right)


def _merged(faces: Array, confidence: Array, region: Region) -> Detections:
    """What the detector gave, (K, 16) as centre, size and six keypoints in fractions of a square, as single faces, the
    surest first.

    Overlapping ones become their mean, weighted by confidence (MediaPipe's way of non-maximum suppression), which
    trembles less than the surest of them alone.
    """
    boxes = np.concatenate([faces[:, :2] - faces[:, 2:4] / 2, faces[:, :2] + faces[:, 2:4] / 2], 1)
    values = np.concatenate([boxes, faces[:, 4:]], 1)
    left = np.argsort(-confidence, kind="stable")
    merged, sure = [], []
    while len(left):
        same = overlap(boxes[left[0]], boxes[left]) > SAME_FACE
        same[0] = True  # a box without area overlaps not even itself
        group = left[same]
        merged.append(np.average(values[group], axis=0, weights=confidence[group]))
        sure.append(confidence[left[0]])
        left = left[~same]
    places = region.to_picture(np.array(merged).reshape(-1, 2)).reshape(len(merged), 8, 2)
    return Detections(places[:, :2].reshape(-1, 4), places[:, 2:], np.array(sure))


def overlap(box: Array, boxes: Array) -> NDArray[np.float64]:
    """Area in common over area of both, of a box (4,) and boxes (K, 4), each x0, y0, x1, y1: (K,)."""
    common = np.clip(np.minimum(box[2:], boxes[:, 2:]) - np.maximum(box[:2], boxes[:, :2]), 0, None).prod(1)
    both = np.prod(box[2:] - box[:2]) + np.prod(boxes[:, 2:] - boxes[:, :2], axis=1) - common
    shares: NDArray[np.float64] = common / np.where(both > 0, both, 1)
    return shares
