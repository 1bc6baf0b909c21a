"""USD: the clip as a skinned, animated character for `.usda`, `.usdc` and `.usdz`. Needs the extra `usd`.

Shapes: T frames, J = 22 joints, V vertices. Frame of the file = frame of the SDK, or Z up by a turn of the character.
"""

import importlib.metadata
import json
import os
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal

import numpy as np

from sdk.clips.curves import emotion_curves
from sdk.clips.gltf import check_motion, rest_pose
from sdk.clips.options import PLAIN, WriteOptions, rest_rotations
from sdk.clips.skin import INFLUENCES, Skin, mannequin_skin
from sdk.clips.tags import ClipTags, describe, flat_strings
from sdk.emotion import Emotion
from sdk.errors import InvalidInput
from sdk.extras import how_to_install
from sdk.motion.motion import Motion
from sdk.motion.rotations import Array, normalize, quat_continuous, quat_to_matrix
from sdk.motion.skeleton import Skeleton

Kind = Literal["usda", "usdc", "usdz"]
CURVE_PREFIX = "userProperties:emotion:"
EPOCH_S = 315532800  # 1980-01-01, the oldest date a zip can hold


def check_usd() -> None:
    """Raise InvalidInput, which names the command that mends it, where the library is missing."""
    try:
        import pxr  # noqa: F401
    except ImportError:
        message = f"USD files need the extra 'usd', which is not installed; {how_to_install('usd')}"
        raise InvalidInput(message, field="out") from None


def usd_version() -> str:
    """Name and version of the library that writes."""
    return importlib.metadata.version("usd-core")


def usd_bytes(motion: Motion, tags: ClipTags, options: WriteOptions = PLAIN, *, kind: Kind = "usda") -> bytes:
    """The clip as USD: SkelRoot /Character with skeleton, mannequin and animation; time code k is frame k.

    Tags: `customLayerData` and the animation's `customData` under "emotion", `assetInfo`, strings on /Character. The
    emotion curve: time-sampled floats `userProperties:emotion:<name>` on /Character, and blend shapes `emotion_<name>`
    that do not deform the mesh. Raises InvalidInput as `glb_bytes`, and where the extra is missing.
    """
    check_usd()
    check_motion(motion)
    whole = describe(tags, motion, clip_format=kind, options=options.facts())
    with tempfile.TemporaryDirectory(prefix="emomotion-") as folder:
        layer = Path(folder, "clip.usda" if kind == "usda" else "clip.usdc")
        _write_layer(layer, motion, options, emotion_curves(tags, len(motion), motion.fps), whole)
        return (_packed(layer) if kind == "usdz" else layer).read_bytes()


def _packed(layer: Path) -> Path:
    from pxr import Sdf

    # The time of the packed file stands in the package: the same clip is to give the same bytes.
    os.utime(layer, (EPOCH_S, EPOCH_S))
    target = layer.with_suffix(".usdz")
    writer = Sdf.ZipFileWriter.CreateNew(str(target))
    writer.AddFile(str(layer), layer.name)
    writer.Save()
    return target


def _write_layer(
    path: Path, motion: Motion, options: WriteOptions, curves: Mapping[Emotion, Array], whole: Mapping[str, Any]
) -> None:
    from pxr import Gf, Sdf, Usd, UsdGeom, UsdSkel, Vt

    scale = 100.0 if options.unit == "cm" else 1.0
    stage = Usd.Stage.CreateNew(str(path))
    UsdGeom.SetStageUpAxis(stage, UsdGeom.Tokens.z if options.up == "z" else UsdGeom.Tokens.y)
    UsdGeom.SetStageMetersPerUnit(stage, 1.0 / scale)
    stage.SetTimeCodesPerSecond(motion.fps)
    stage.SetFramesPerSecond(motion.fps)
    stage.SetStartTimeCode(0)
    stage.SetEndTimeCode(len(motion) - 1)
    stage.GetRootLayer().customLayerData = {"emotion": flat_strings(whole)}

    root = UsdSkel.Root.Define(stage, "/Character")
    stage.SetDefaultPrim(root.GetPrim())
    Usd.ModelAPI(root).SetKind("component")
    Usd.ModelAPI(root).SetAssetInfo({"name": "Character", "identifier": Sdf.AssetPath(path.name)})
    if options.up == "z":
        root.AddRotateXOp().Set(90.0)
    for name, text in flat_strings(whole).items():
        root.GetPrim().CreateAttribute(f"userProperties:{name}", Sdf.ValueTypeNames.String, True).Set(text)
    for emotion, values in curves.items():
        curve = root.GetPrim().CreateAttribute(CURVE_PREFIX + emotion.label, Sdf.ValueTypeNames.Float, True)
        for k, value in enumerate(values):
            curve.Set(float(value), k)

    skeleton = motion.skeleton
    rest = rest_pose(skeleton, rest_rotations(options.rest))
    joints = _paths(skeleton)
    offsets = skeleton.offsets * scale
    offsets[0] = rest.positions[0] * scale
    skel = UsdSkel.Skeleton.Define(stage, "/Character/Skel")
    skel.CreateJointsAttr(joints)
    skel.CreateRestTransformsAttr(_matrices(rest.local, offsets))
    skel.CreateBindTransformsAttr(_matrices(rest.rotations, rest.positions * scale))
    UsdSkel.BindingAPI.Apply(root.GetPrim())
    binding = UsdSkel.BindingAPI.Apply(skel.GetPrim())

    moving = UsdSkel.Animation.Define(stage, "/Character/Skel/Anim")
    binding.CreateAnimationSourceRel().SetTargets([moving.GetPath()])
    moving.GetPrim().SetCustomDataByKey("emotion", json.dumps(whole, sort_keys=True, separators=(",", ":")))
    moving.CreateJointsAttr(joints)
    moving.CreateScalesAttr(Vt.Vec3hArray([Gf.Vec3h(1, 1, 1)] * len(joints)))
    turned = quat_continuous(normalize(motion.rotations.astype(np.float64)))
    rotations, translations = moving.CreateRotationsAttr(), moving.CreateTranslationsAttr()
    weights = moving.CreateBlendShapeWeightsAttr() if curves else None
    if curves:
        moving.CreateBlendShapesAttr([f"emotion_{emotion.label}" for emotion in curves])
    for k in range(len(motion)):
        turns = [Gf.Quatf(float(w), float(x), float(y), float(z)) for x, y, z, w in turned[k]]
        rotations.Set(Vt.QuatfArray(turns), k)
        offsets[0] = motion.root[k] * scale
        translations.Set(Vt.Vec3fArray.FromNumpy(offsets.astype(np.float32)), k)
        if weights is not None:
            weights.Set(Vt.FloatArray([float(values[k]) for values in curves.values()]), k)
    _write_mesh(stage, mannequin_skin(skeleton).posed(skeleton, rest), scale, list(curves))
    stage.GetRootLayer().Save()


def _write_mesh(stage: Any, skin: Skin, scale: float, emotions: list[Emotion]) -> None:
    from pxr import Gf, Sdf, UsdGeom, UsdSkel, Vt

    mesh = UsdGeom.Mesh.Define(stage, "/Character/Mannequin")
    points = Vt.Vec3fArray.FromNumpy(skin.positions * np.float32(scale))
    mesh.CreatePointsAttr(points)
    mesh.CreateExtentAttr(UsdGeom.PointBased.ComputeExtent(points))
    mesh.CreateFaceVertexCountsAttr([3] * len(skin.triangles))
    mesh.CreateFaceVertexIndicesAttr(Vt.IntArray.FromNumpy(skin.triangles.reshape(-1).astype(np.int32)))
    mesh.CreateSubdivisionSchemeAttr(UsdGeom.Tokens.none)
    mesh.CreateNormalsAttr(Vt.Vec3fArray.FromNumpy(skin.normals))
    mesh.SetNormalsInterpolation(UsdGeom.Tokens.vertex)
    mesh.CreateDisplayColorAttr([Gf.Vec3f(0.72, 0.71, 0.69)])
    binding = UsdSkel.BindingAPI.Apply(mesh.GetPrim())
    binding.CreateSkeletonRel().SetTargets(["/Character/Skel"])
    binding.CreateJointIndicesPrimvar(False, INFLUENCES).Set(
        Vt.IntArray.FromNumpy(skin.joints.reshape(-1).astype(np.int32))
    )
    binding.CreateJointWeightsPrimvar(False, INFLUENCES).Set(Vt.FloatArray.FromNumpy(skin.weights.reshape(-1)))
    binding.CreateGeomBindTransformAttr(Gf.Matrix4d(1.0))
    paths = []
    for emotion in emotions:
        shape = UsdSkel.BlendShape.Define(stage, f"/Character/Mannequin/emotion_{emotion.label}")
        shape.CreateOffsetsAttr([Gf.Vec3f(0, 0, 0)])
        shape.CreatePointIndicesAttr([0])
        paths.append(shape.GetPath())
    if paths:
        binding.CreateBlendShapesAttr([path.name for path in paths])
        binding.CreateBlendShapeTargetsRel().SetTargets([Sdf.Path(path) for path in paths])


def _paths(skeleton: Skeleton) -> list[str]:
    paths: list[str] = []
    for name, parent in zip(skeleton.names, skeleton.parents, strict=True):
        paths.append(name if parent < 0 else f"{paths[parent]}/{name}")
    return paths


def _matrices(rotations: Array, positions: Array) -> Any:
    """Row-vector matrices, as USD has them."""
    from pxr import Vt

    matrices = np.tile(np.eye(4), (len(rotations), 1, 1))
    matrices[:, :3, :3] = quat_to_matrix(rotations).swapaxes(-1, -2)
    matrices[:, 3, :3] = positions
    return Vt.Matrix4dArray.FromNumpy(matrices)
