"""The same over gRPC: a server on loopback, a client, frames as they come.

In real use the server runs on its own: `emomotion serve`. Here it is started and stopped by the example.
"""

import re
import subprocess
import sys

from sdk.client import Client
from sdk.wire import Chunk

server = subprocess.Popen([sys.executable, "-m", "sdk.serve", "--port", "0"], stdout=subprocess.PIPE, text=True)
try:
    address = next(m[1] for line in server.stdout if (m := re.search(r"serving on (\S+:\d+)", line)))
    with Client(address) as client:
        info = client.info()
        print(f"{info.name} {info.version}, licence {info.licence}")

        # The whole clip at once ...
        clip = client.generate("a person waves the right hand", affect="joy", seconds=3, seed=1)
        print(f"{len(clip.motion)} frames, plan {clip.plan!r}, seed {clip.seed}")

        # ... or frame by frame: header first, then chunks, the status last.
        for part in client.stream("a person bows", affect="sadness", seconds=3, seed=2):
            if isinstance(part, Chunk):
                print(f"  frames from {part.start_frame}: {part.rotations.shape}")
finally:
    server.terminate()
    server.wait()
