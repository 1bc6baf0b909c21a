"""What MediaPipe itself finds in the test pictures: `python tests/face/mediapipe_points.py`.

Runs in an environment of its own, made with `python3.11 -m venv OWN; OWN/bin/pip install mediapipe==0.10.21
scikit-image==0.26.0`, because MediaPipe wants a numpy and a protobuf older than this SDK's. The result is kept beside
this file, so the tests need no MediaPipe. Points are (478, 3) in pixels to 1/256, z on the scale of x; NaN where it
finds no face.
"""

import sys
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).parent))
import photographs  # noqa: E402


def main() -> None:
    from mediapipe.python.solutions.face_mesh import FaceMesh

    def points(mesh: FaceMesh, picture: np.ndarray) -> np.ndarray:
        height, width = picture.shape[:2]
        faces = mesh.process(picture).multi_face_landmarks
        if faces is None:
            return np.full((478, 3), np.nan, np.float32)
        exact = np.array([(p.x * width, p.y * height, p.z * width) for p in faces[0].landmark])
        return (np.rint(exact * 256) / 256).astype(np.float32)

    found = {}
    with FaceMesh(static_image_mode=True, refine_landmarks=True) as mesh:
        for name, picture in photographs.STILL.items():
            found[name] = points(mesh, picture())
    with FaceMesh(static_image_mode=False, refine_landmarks=True) as mesh:
        frames = map(photographs.followed_frame, range(photographs.FOLLOWED))
        found["followed"] = np.stack([points(mesh, picture) for picture in frames])
    np.savez_compressed(Path(__file__).with_suffix(".npz"), **found)


if __name__ == "__main__":
    main()
