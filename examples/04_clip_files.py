"""A motion as files: GLB and BVH with a sidecar that tells what was felt, a moving preview, a contact sheet."""

from pathlib import Path

from sdk.clips.preview import Shot, contact_sheet, render_gif
from sdk.clips.read import read_tags
from sdk.clips.tags import ClipTags
from sdk.clips.write import write_clip
from sdk.emotion import Affect
from sdk.runtime.engine import Engine, Request

engine = Engine.load()
manifest = engine.bundle.manifest
request = Request(text="a person raises both hands", affect=Affect.of("joy", 0.9), seconds=3, seed=5)
result = engine.generate(request)

tags = ClipTags(
    prompt=request.text, requested=request.affect, applied=result.request.affect, seconds=request.seconds, seed=5,
    plan=result.plan, licence=manifest.licence, bundle_sha256=engine.bundle.sha256,
    model_name=manifest.name, model_version=manifest.version,
)  # fmt: skip
for name in ("hands.glb", "hands.bvh"):
    for path in write_clip(Path(name), result.motion, tags):
        print(f"{path}: {path.stat().st_size / 1000:.0f} kB")

found = read_tags(Path("hands.glb"))
print(f"hands.glb says: {found.tags.prompt!r}, {found.tags.applied.label}, seed {found.tags.seed}")

render_gif(result.motion, Path("hands.gif"), title=request.text, affect=request.affect, size=(320, 320))
contact_sheet([Shot(result.motion, request.text, request.affect)], Path("hands.png"))
