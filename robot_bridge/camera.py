"""A face before a camera, and what it asks of the robot's face: `python -m robot_bridge.camera --browser 8080`.

    python -m robot_bridge.camera --video talk.mp4 --out talk_ameca.mp4
    python -m robot_bridge.camera --image smile.jpg --neutral calm.jpg --out smile_ameca.png
    python -m robot_bridge.camera --browser 8080 --bridge localhost:50061     # drives a robot, through its bridge

Everything is computed in this process unless --server names a FaceService. Never run on hardware.
"""

from sdk.extras import how_to_install

try:
    from robot_bridge.camera_program import main
except ModuleNotFoundError as missing:
    if missing.name not in ("aiohttp", "cv2"):
        raise
    raise SystemExit(f"error: {missing.name} is missing; {how_to_install('robot')}") from None

if __name__ == "__main__":
    main()
