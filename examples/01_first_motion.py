"""Words and an emotion in, a moving character out, in this process.

No server, no torch: the engine opens the bundle that ships with the package.
"""

from sdk.emotion import Affect
from sdk.runtime.engine import Engine, Request

engine = Engine.load()
result = engine.generate(Request(text="a person walks forward", affect=Affect.of("anger", 0.8), seconds=4, seed=7))

motion = result.motion
print(f"{len(motion)} frames at {motion.fps:g} fps, plan {result.plan!r}, {result.stage_ms['total']:.0f} ms")
print(f"local rotations {motion.rotations.shape} xyzw, root {motion.root.shape} m, joints {motion.positions.shape} m")
print(f"walked {motion.root[-1, 2]:.2f} m along +Z")
