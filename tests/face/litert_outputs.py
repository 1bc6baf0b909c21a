"""What TensorFlow Lite's own interpreter computes: `python tests/face/litert_outputs.py WHEEL`.

WHEEL is that of mediapipe 0.10.21. Runs in an environment of its own with `pip install ai-edge-litert==2.3.0
scikit-image==0.26.0`; the result is kept beside this file. The landmark model is not here, for its operators are
MediaPipe's own: see `mediapipe_points.py`.
"""

import sys
import zipfile
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).parent))
import photographs  # noqa: E402

DETECTOR = "mediapipe/modules/face_detection/face_detection_short_range.tflite"


def main(wheel: str) -> None:
    from ai_edge_litert.interpreter import Interpreter

    with zipfile.ZipFile(wheel) as archive:
        interpreter = Interpreter(model_content=archive.read(DETECTOR), num_threads=1)
    interpreter.allocate_tensors()
    picture = photographs.detector_picture()[None].astype(np.float32) / 127.5 - 1
    interpreter.set_tensor(interpreter.get_input_details()[0]["index"], picture)
    interpreter.invoke()
    found = {o["name"]: interpreter.get_tensor(o["index"])[0] for o in interpreter.get_output_details()}
    np.savez_compressed(Path(__file__).with_suffix(".npz"), **found)


if __name__ == "__main__":
    main(sys.argv[1])
