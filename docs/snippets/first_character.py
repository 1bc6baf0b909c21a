"""Connect, make a clip, drive a live character, change what it feels."""

import sys

from sdk.client import Client

with Client(sys.argv[1]) as client:
    print("bundle", client.info().name)

    clip = client.generate("a person waves the right hand", affect="joy", seconds=2, seed=7)
    x, y, z = clip.motion.root[-1]
    print(f"clip of {len(clip.motion)} frames ends at {x:.3f} {y:.3f} {z:.3f}")

    with client.drive("a person walks forward", affect="joy", seed=7, every_frame=True) as live:
        for frame in live:  # 30 a second; a game poses its character here
            if frame.number == 20:
                live.change(affect="anger")
            if frame.affect.label == "anger":
                live.end()
        print(f"felt joy, then {frame.affect.label}")
