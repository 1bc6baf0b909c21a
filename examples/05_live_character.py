"""A live character: it moves until it is told to end, and changes what it does and feels at once."""

import subprocess
import sys

from sdk.client import Client

with subprocess.Popen(
    [sys.executable, "-u", "-m", "sdk.serve", "--port", "0"], stdout=subprocess.PIPE, text=True
) as server:
    assert server.stdout is not None
    address = next(line.split()[-1] for line in server.stdout if line.startswith("serving on "))
    with Client(address) as client:
        clip = client.generate("a person waves the right hand", affect="joy", seconds=2, budget_ms=2000)
        print(f"a clip within its budget: plan {clip.plan}, {clip.budget_left_ms:.0f} ms to spare")

        with client.drive("a person walks forward", affect="joy", seed=7) as live:
            for frame in live:  # 30 a second; a game would pose its character here
                if frame.number == 30:
                    live.change(affect="anger", heading=1.2)
                if frame.number in (29, 31, 60):
                    shown = "a posture laid over the walk" if frame.reacting else "the motion itself"
                    print(f"frame {frame.number}: {frame.affect.label}, shown by {shown}")
                if frame.number == 75:
                    live.end()
        print(f"{live.ended.frame_count} frames sent, {live.ended.frames_idle} of them idle")
    server.terminate()
