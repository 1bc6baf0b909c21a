"""Figures of clip files: what programs that know nothing of the SDK make of every format."""

import hashlib
import json
import shutil
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from sdk.clips import blender
from sdk.clips.options import WriteOptions
from sdk.clips.read import read_tags
from sdk.clips.read_motion import READERS, read_motion
from sdk.clips.tags import ClipTags
from sdk.clips.write import FORMATS, write_clip
from sdk.emotion import Affect
from sdk.errors import EmoMotionError
from sdk.motion.motion import Motion
from sdk.runtime.engine import Engine, Request
from tests.clips.formats import JOINT_LIMIT_M, MODULES, TRACK, blender_reads, three_reads, worst_joint
from tests.figures.report import Report

HERE = Path(__file__).resolve().parents[1] / "clips"
PROMPT = "a person walks forward"


@dataclass(frozen=True)
class Kind:
    """A clip to write: its name and options."""

    name: str
    options: WriteOptions


KINDS = (
    *(Kind(f"clip{suffix}", WriteOptions()) for suffix in FORMATS),
    *(Kind(f"hanging{suffix}", WriteOptions(rest="a-pose")) for suffix in (".glb", ".usdc", ".fbx")),
    Kind("unit_m.fbx", WriteOptions(unit="m")), Kind("unit_m.bvh", WriteOptions(unit="m")),
    Kind("unit_cm.usda", WriteOptions(unit="cm", up="z")),
)  # fmt: skip


def measure(report: Report, prepared: tuple[Path, ...]) -> None:
    """Every format, every reader; about a minute. What is not installed is said, and falls short."""
    affect = Affect.of("joy", 0.6)
    engine = Engine.load()
    motion = engine.generate(Request(text=PROMPT, affect=affect, seconds=4.0, seed=7)).motion
    tags = ClipTags(prompt=PROMPT, requested=affect, applied=affect, seed=7, plan="best", licence="CC-BY-NC-4.0",
                    bundle_sha256=engine.bundle.sha256, track=TRACK)  # fmt: skip
    with tempfile.TemporaryDirectory() as folder:
        clips = _write(report, Path(folder), motion, tags)
        _own_reader(report, clips, motion)
        _blender(report, Path(folder), clips, motion)
        _three(report, Path(folder), clips, motion)
        _validators(report, clips)
        _tags_inside(report, clips)
        _again(report, Path(folder))


def _write(report: Report, folder: Path, motion: Motion, tags: ClipTags) -> list[Path]:
    clips, unequal, missing = [], [], []
    for kind in KINDS:
        try:
            first = write_clip(folder / kind.name, motion, tags, kind.options)[0]
            digest = hashlib.sha256(first.read_bytes()).digest()
            write_clip(first, motion, tags, kind.options)
        except EmoMotionError as error:
            missing.append(f"{kind.name} ({error})")
            continue
        clips.append(first)
        if hashlib.sha256(first.read_bytes()).digest() != digest:
            unequal.append(kind.name)
    report.holds("formats: kinds written", f"{len(clips)} of {len(KINDS)} {missing or ''}", "all", not missing)
    report.holds("formats: written twice, the same bytes", f"all but {unequal or 'none'}", "all", not unequal)
    return clips


def _own_reader(report: Report, clips: list[Path], motion: Motion) -> None:
    worst = {c.name: worst_joint(motion.skeleton.names, read_motion(c).positions, motion)
             for c in clips if c.suffix in READERS}  # fmt: skip
    report.at_most(f"formats: read back by the SDK, {len(worst)} clips, worst joint", max(worst.values()), 1e-5, "m")


def _blender(report: Report, folder: Path, clips: list[Path], motion: Motion) -> None:
    if blender.find_blender() is None:
        report.holds("formats: Blender", "not installed", "installed", False)
        return
    seen = [clip for clip in clips if clip.suffix != ".npz"]
    again = {clip: folder / f"again_{clip.suffix[1:]}.glb" for clip in seen if clip.stem == "clip"}
    read = blender_reads([(clip, motion.fps, len(motion), again.get(clip)) for clip in seen], folder)
    for suffix in sorted({clip.suffix for clip in seen}):
        errors = [worst_joint(r["names"], r["places"], motion) for name, r in read.items() if name.endswith(suffix)]
        name = f"formats: {blender.blender_version()} reads {suffix}, worst joint of {len(errors)} clips"
        report.at_most(name, max(errors), JOINT_LIMIT_M, "m")
    report.table(_survival(read, again))


def _survival(read: dict[str, Any], again: dict[Path, Path]) -> str:
    """Markdown: which tags Blender has after the import of a format, and which its own GLB of it still has."""
    rows = ["| format | custom properties in Blender | emotion curve in Blender | tags after Blender's own export |",
            "| --- | --- | --- | --- |"]  # fmt: skip
    for clip, exported in again.items():
        seen = read[clip.name]
        holders = sorted(name for name, kept in seen["properties"].items() if "emotion_json" in kept)
        curve = [frame.get("emotion_joy") for frame in seen["shapes"]]
        moves = "shape keys" if None not in curve and np.ptp(curve) > 0.5 else "no"
        try:
            source = read_tags(exported).source
        except EmoMotionError:
            source = "none"  # type: ignore[assignment]
        rows.append(f"| {clip.suffix} | {', '.join(holders) or 'none'} | {moves} | {source} |")
    return "\n".join(rows)


def _three(report: Report, folder: Path, clips: list[Path], motion: Motion) -> None:
    if shutil.which("node") is None or not (MODULES / "three").is_dir():
        report.holds("formats: three.js", "not installed", "installed", False)
        return
    seen = [clip for clip in clips if clip.suffix in (".glb", ".vrma")]
    read = three_reads([(clip, motion.fps, len(motion)) for clip in seen], folder / "three.json")
    names = motion.skeleton.names
    for name, clip in read.items():
        places = np.stack([clip["places"][joint] for joint in names], 1)
        report.at_most(f"formats: three.js plays {name}, worst joint", worst_joint(names, places, motion), 1e-5, "m")
    bones = read["clip.vrma"]["vrma"]
    what = f"{len(bones['rotations'])} bones, expressions {', '.join([*bones['preset'], *bones['custom']])}"
    report.holds("formats: three-vrm-animation of clip.vrma", what, "22 bones and what is felt",
                 len(bones["rotations"]) == 22 and bool(bones["preset"]))  # fmt: skip


def _validators(report: Report, clips: list[Path]) -> None:
    gltf = [clip for clip in clips if clip.suffix in (".glb", ".vrma")]
    if shutil.which("node") is None or not (MODULES / "gltf-validator").is_dir():
        report.holds("formats: glTF validator", "not installed", "installed", False)
    else:
        errors = warnings = 0
        for clip in gltf:
            done = subprocess.run(["node", str(HERE / "validate_gltf.mjs"), str(clip)], capture_output=True, text=True,
                                  check=True)  # fmt: skip
            issues = json.loads(done.stdout)["issues"]
            errors, warnings = errors + issues["numErrors"], warnings + issues["numWarnings"]
        report.at_most(f"formats: Khronos validator, errors in {len(gltf)} clips", errors, 0, "")
        report.at_most(f"formats: Khronos validator, warnings in {len(gltf)} clips", warnings, 0, "")
    try:
        from pxr import Usd, UsdValidation
    except ImportError:
        report.holds("formats: UsdValidation", "not installed", "installed", False)
        return
    context = UsdValidation.ValidationContext(UsdValidation.ValidationRegistry().GetOrLoadAllValidators())
    usd = [clip for clip in clips if clip.suffix.startswith(".usd")]
    faults = sum(len(context.Validate(Usd.Stage.Open(str(clip)))) for clip in usd)
    report.at_most(f"formats: UsdValidation, errors in {len(usd)} clips", faults, 0, "")


def _tags_inside(report: Report, clips: list[Path]) -> None:
    """Every place of every clip agrees with the sidecar; and the tags that are left when the sidecar is lost."""
    disagree = [clip.name for clip in clips if read_tags(clip).conflicts]
    report.holds("formats: tags of all places agree", f"all but {disagree or 'none'}", "all", not disagree)
    found = {}
    for clip in clips:
        sidecar = Path(f"{clip}.emotion.json")
        kept = sidecar.read_bytes()
        sidecar.unlink()
        try:
            reading = read_tags(clip)
            found[clip.suffix] = reading.source if reading.tags.track == TRACK else "incomplete"
        except EmoMotionError:
            found[clip.suffix] = "none"
        sidecar.write_bytes(kept)
    held = [suffix for suffix, source in found.items() if source not in ("none", "incomplete")]
    report.holds("formats: tags and emotion curve without the sidecar", f"{len(held)} of {len(found)}: all but BVH",
                 "all but BVH", set(found) - set(held) == {".bvh"})  # fmt: skip


def _again(report: Report, folder: Path) -> None:
    """`emomotion clip` and `--again`, as an animator calls them."""
    from click.testing import CliRunner

    from sdk.clip import command

    equal = []
    for suffix in FORMATS:
        first, second = folder / f"first{suffix}", folder / f"second{suffix}"
        words = [PROMPT, "--emotion", "joy", "--seconds", "2", "--fps", "24", "--out", str(first)]
        if CliRunner().invoke(command, words).exit_code:
            continue
        done = CliRunner().invoke(command, ["--again", f"{first}.emotion.json", "--out", str(second)])
        if not done.exit_code and first.read_bytes() == second.read_bytes():
            equal.append(suffix)
    report.holds("formats: --again gives the same bytes", f"{len(equal)} of {len(FORMATS)} formats", "all",
                 len(equal) == len(FORMATS))  # fmt: skip
