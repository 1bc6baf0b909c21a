"""Motions on rigs: directions, feet, hands, roll bones, size; all measured on the rigs' own bones."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from sdk.clips.options import WriteOptions
from sdk.clips.tags import ClipTags
from sdk.errors import InvalidInput
from sdk.motion.kinematics import global_rotations
from sdk.motion.motion import Motion
from sdk.motion.rotations import Array, normalize, quat_about, quat_angle, quat_inv, quat_mul, quat_rotate
from sdk.motion.skeleton import JOINT, PARENTS
from sdk.rigs import RigMotion, by_root_bone, clip_on_rig, in_place, load_rig, put_on_rig, rig_from_bytes, rig_named
from sdk.rigs.report import balls_of, contact_slides
from tests.rigs.builders import body, glb_rig, mixamo, odd
from tests.synthetic import standing

NAMES = ("mixamo", "ue5", "metahuman", "vrm", "vrm0", "odd", "nameless", "rokoko")
LIMBS = (("hip", "knee"), ("knee", "ankle"), ("shoulder", "elbow"), ("elbow", "wrist"))


def places(made: RigMotion) -> Array:
    """(T, K, 3) real metres, SDK axes, floor at 0."""
    out = made.fit.metres * quat_rotate(made.fit.axes, made.world()[1])
    out[..., 1] -= made.fit.metres * made.fit.floor
    return out


def at(made: RigMotion, joint: str) -> Array:
    return places(made)[:, made.rig.index[made.rig.map.joints[joint][0]]]


def angles(made: RigMotion, source: Motion) -> Array:
    """Degrees between each limb of the rig and the source's, (T, limbs)."""
    out = []
    for side in ("left", "right"):
        for a, b in LIMBS:
            mine = normalize(at(made, f"{side}_{b}") - at(made, f"{side}_{a}"))
            theirs = normalize(source.positions[:, JOINT[f"{side}_{b}"]] - source.positions[:, JOINT[f"{side}_{a}"]])
            out.append(np.degrees(np.arccos(np.clip(np.sum(mine * theirs, -1), -1, 1))))
    return np.stack(out, -1)


def clapping(seconds: float = 1.0) -> Motion:
    """Both forearms folded before the chest, the wrists a hand's breadth apart."""
    m = standing(seconds)
    rotations = m.rotations.copy()
    for side, s in (("left", 1.0), ("right", -1.0)):
        rotations[:, JOINT[f"{side}_shoulder"]] = quat_about("y", -s * np.radians(58))
        rotations[:, JOINT[f"{side}_elbow"]] = quat_about("y", -s * np.radians(95))
    return replace(m, rotations=rotations)


@pytest.mark.parametrize("name", NAMES)
def test_limbs_point_as_the_sources(rig_files: dict[str, Path], walk: Motion, name: str) -> None:
    made = put_on_rig(walk, load_rig(rig_files[name]), plant=False, reach=0.0)
    assert angles(made, walk).max() < 1.0
    # The turns of trunk and head, too: what the bones show is what the source does.
    theirs, mine = (global_rotations(m.rotations, PARENTS) for m in (walk, made.as_motion()))
    joints = [JOINT[j] for j in made.fit.driven]
    assert np.degrees(quat_angle(mine[:, joints], theirs[:, joints])).max() < 1.0


@pytest.mark.parametrize("name", NAMES)
def test_planted_feet_stay_on_the_floor_where_they_are(rig_files: dict[str, Path], walk: Motion, name: str) -> None:
    made = put_on_rig(walk, load_rig(rig_files[name]))
    slides = contact_slides(balls_of(made), made.contacts)
    assert len(slides) >= 3 and max(slides) < 0.005
    assert made.report.slide_m == pytest.approx(max(slides))
    body_of = made.as_motion()
    assert body_of.positions[:, [JOINT["left_foot"], JOINT["right_foot"]], 1].min() > body_of.skeleton.toe_height - 0.01
    arms = angles(put_on_rig(walk, made.rig, reach=0.0), walk)[:, [2, 3, 6, 7]]
    assert arms.max() < 1.0  # the lock bends legs, nothing else


@pytest.mark.parametrize("name", NAMES)
def test_the_path_grows_with_the_legs(rig_files: dict[str, Path], walk: Motion, name: str) -> None:
    made = put_on_rig(walk, load_rig(rig_files[name]))
    ratio = made.as_motion().skeleton.leg_length / walk.skeleton.leg_length
    hips = 0.5 * (at(made, "left_hip") + at(made, "right_hip"))
    source = walk.positions[:, [JOINT["left_hip"], JOINT["right_hip"]]].mean(1)
    np.testing.assert_allclose((hips[-1] - hips[0])[[0, 2]], ratio * (source[-1] - source[0])[[0, 2]], atol=1e-6)
    # Standing, it stands as high as the rig does at rest.
    still = put_on_rig(standing(0.2), made.rig)
    feet = at(still, "left_ankle")[0, 1]
    assert at(still, "left_hip")[0, 1] - feet == pytest.approx(made.as_motion().skeleton.leg_length, abs=1e-6)


def test_a_t_pose_on_a_t_posed_rig_is_its_rest_pose(rig_files: dict[str, Path]) -> None:
    made = put_on_rig(standing(0.1), rig_from_bytes(glb_rig(odd(), axes=None), name="o.glb"), plant=False)
    assert len(made) == 4
    rig = rig_named("smpl")
    made = put_on_rig(standing(0.1), rig, plant=False)
    np.testing.assert_allclose(quat_angle(made.rotations[0], rig.rotations[list(made.animated)]), 0, atol=1e-7)
    np.testing.assert_allclose(made.translations[0, 0], rig.translations[made.moved[0]], atol=1e-9)


def test_hands_that_touch_still_touch_on_broad_shoulders() -> None:
    clap = clapping()
    apart = np.linalg.norm(clap.positions[0, JOINT["left_wrist"]] - clap.positions[0, JOINT["right_wrist"]])
    rig = rig_from_bytes(glb_rig(mixamo()), name="m.glb")
    loose, kept = (put_on_rig(clap, rig, reach=r) for r in (0.0, 1.0))

    def gap(made: RigMotion) -> float:
        return float(np.linalg.norm(at(made, "left_wrist")[0] - at(made, "right_wrist")[0]))

    size = kept.report.ratios["arm"] * kept.report.path_scale * apart
    assert abs(gap(loose) - size) > 0.05  # broad shoulders part them
    assert abs(gap(kept) - size) < 0.3 * abs(gap(loose) - size)
    assert kept.report.reach_frames == len(clap) and kept.report.reach_m[1] < 0.4 * kept.report.reach_m[0]
    # Bones keep their lengths, the body does not move for it.
    for side in ("left", "right"):
        for a, b in (("shoulder", "elbow"), ("elbow", "wrist")):
            sizes = [np.linalg.norm(at(m, f"{side}_{b}") - at(m, f"{side}_{a}"), axis=-1) for m in (loose, kept)]
            np.testing.assert_allclose(sizes[0], sizes[1], atol=1e-9)
    np.testing.assert_allclose(at(loose, "head"), at(kept, "head"), atol=1e-9)


def test_hands_in_the_open_keep_their_angles() -> None:
    spread = standing(0.3)
    made = put_on_rig(spread, rig_from_bytes(glb_rig(mixamo()), name="m.glb"))
    assert made.report.reach_frames == 0 and angles(made, spread)[:, [2, 3, 6, 7]].max() < 0.1


def test_reach_outside_its_range() -> None:
    with pytest.raises(InvalidInput, match="reach must lie in 0..1"):
        put_on_rig(standing(0.1), rig_named("smpl"), reach=1.5)


def test_roll_bones_share_the_limbs_twist(rig_files: dict[str, Path]) -> None:
    m = standing(0.5)
    rotations = m.rotations.copy()
    angle = np.linspace(0, np.radians(80), len(m))
    rotations[:, JOINT["left_wrist"]] = quat_about("x", angle)  # the hand turns about the forearm
    rotations[:, JOINT["right_shoulder"]] = quat_about("x", angle)  # the whole arm about itself
    made = put_on_rig(replace(m, rotations=rotations), load_rig(rig_files["ue5"]), plant=False, reach=0)
    world, spots = made.world()
    rig = made.rig

    def beside(bone: str, limb: str) -> Array:
        """Degrees by which a bone is turned against another, beyond frame 0."""
        local = quat_mul(quat_inv(world[:, rig.index[limb]]), world[:, rig.index[bone]])
        return np.degrees(quat_angle(local, np.broadcast_to(local[0], local.shape)))

    near, far = (beside(f"lowerarm_twist_{n}_l", "lowerarm_l")[-1] for n in ("02", "01"))
    assert 5 < near < far < 80 and far == pytest.approx(80 * 1.3 / 2.2, abs=1)
    # An upper arm that turns leaves the skin at the shoulder behind: the bone near it turns back.
    back, less = (beside(f"upperarm_twist_{n}_r", "upperarm_r")[-1] for n in ("01", "02"))
    assert back == pytest.approx(80 * (1 - 0.3 / 2.2), abs=1) and 0 < less < back
    # Roll bones turn in place.
    forearm = np.linalg.norm(spots[:, rig.index["lowerarm_twist_01_l"]] - spots[:, rig.index["lowerarm_l"]], axis=-1)
    np.testing.assert_allclose(forearm, forearm[0], atol=1e-9)


def test_ik_bones_go_where_hands_and_feet_go(rig_files: dict[str, Path], walk: Motion) -> None:
    made = put_on_rig(walk, load_rig(rig_files["ue5"]))
    spots = places(made)
    for bone, other in made.rig.map.follow.items():
        np.testing.assert_allclose(spots[:, made.rig.index[bone]], spots[:, made.rig.index[other]], atol=1e-9)


def test_bones_that_share_a_joint_go_in_even_steps(rig_files: dict[str, Path]) -> None:
    m = standing(0.2)
    rotations = m.rotations.copy()
    rotations[:, JOINT["spine3"]] = quat_about("x", np.radians(30))
    made = put_on_rig(replace(m, rotations=rotations), load_rig(rig_files["ue5"]), plant=False, reach=0)
    rig, world = made.rig, quat_mul(made.fit.axes, made.world()[0])
    bent = []
    for bone in ("spine_03", "spine_04", "spine_05"):
        k = rig.index[bone]
        turn = quat_mul(world[0, k], quat_inv(made.fit.t_pose[k]))
        bent.append(np.degrees(quat_angle(turn, np.array([0, 0, 0, 1.0]))))
    np.testing.assert_allclose(bent, [0, 15, 30], atol=1e-6)


def test_palms_that_face_the_body_are_turned_down() -> None:
    down, made = body(), mixamo()
    for side, s in (("Left", 1.0), ("Right", -1.0)):  # thumbs up: the knuckles stand in a row upwards
        wrist = down[f"{side.lower()}_wrist"]
        for finger, up in (("Index", 0.03), ("Pinky", -0.03)):
            name = f"mixamorig:{side}Hand{finger}1"
            made.bones[name] = (made.bones[name][0], wrist + [0.09 * s, up, 0])
    put = put_on_rig(standing(0.1), rig_from_bytes(glb_rig(made), name="m.glb"), plant=False)
    spots = places(put)[0]
    for side in ("Left", "Right"):
        row = spots[put.rig.index[f"mixamorig:{side}HandIndex1"]] - spots[put.rig.index[f"mixamorig:{side}HandPinky1"]]
        np.testing.assert_allclose(normalize(row), [0, 0, 1], atol=1e-6)


def test_size_and_unit_of_the_file_do_not_matter(walk: Motion) -> None:
    small, large = (
        rig_from_bytes(glb_rig(mixamo(), carrier=(quat_about("x", 0.0), s)), name="m.glb") for s in (1.0, 0.01)
    )
    one, other = (put_on_rig(walk, rig) for rig in (small, large))
    np.testing.assert_allclose(places(one)[:, -5:], places(other)[:, -5:], atol=1e-9)
    np.testing.assert_allclose(other.translations, 100 * one.translations, atol=1e-6)


def test_the_report_says_what_is_missing_and_what_it_means(rig_files: dict[str, Path], walk: Motion) -> None:
    report = put_on_rig(walk, load_rig(rig_files["odd"])).report
    assert dict(report.missing)["left_foot"] == "no toes: the ball of the foot cannot roll"
    assert "left_collar" in dict(report.missing) and any("toes" in s for s in report.sentences())
    text = "\n".join(report.lines())
    assert "Dude_Shank.L" in text and "slide" in text and "proportions" in text
    assert report.as_dict()["joints"]["left_knee"] == ["Dude_Shank.L"]


def test_feet_are_planted_before_the_travel_is_taken_away(walk: Motion, tags: ClipTags) -> None:
    made, said = clip_on_rig(walk, tags, rig_named("mixamo"), WriteOptions(in_place=True))
    planted = in_place(put_on_rig(walk, rig_named("mixamo")))
    np.testing.assert_array_equal(made.rotations, planted.rotations)
    assert said.root_motion == "in_place" and [name for name, _ in said.postprocess] == ["in_place"]


def test_a_rig_motion_in_place(rig_files: dict[str, Path], walk: Motion) -> None:
    made = put_on_rig(walk, load_rig(rig_files["ue5"]))
    still = in_place(made)
    path = at(made, "pelvis") * [1, 0, 1]
    for bone in (*(n for nodes in made.rig.map.joints.values() for n in nodes), *made.rig.map.follow):
        k = made.rig.index[bone]
        np.testing.assert_allclose(places(still)[:, k], places(made)[:, k] - (path - path[0]), atol=1e-9)


def test_the_root_bone_carries_the_path(rig_files: dict[str, Path], walk: Motion) -> None:
    made = put_on_rig(walk, load_rig(rig_files["ue5"]))
    moved = by_root_bone(made)
    rig = made.rig
    for bone in (*(n for nodes in rig.map.joints.values() for n in nodes), *rig.map.follow):
        np.testing.assert_allclose(places(moved)[:, rig.index[bone]], places(made)[:, rig.index[bone]], atol=1e-9)
    root = places(moved)[:, rig.index["root"]]
    np.testing.assert_allclose(root[:, 1], 0, atol=1e-9)
    np.testing.assert_allclose(
        (root - root[0])[:, [0, 2]], (at(made, "pelvis") - at(made, "pelvis")[0])[:, [0, 2]], atol=1e-9
    )
    with pytest.raises(InvalidInput, match="no bone on the floor carries 'mixamorig:Hips'"):
        by_root_bone(put_on_rig(walk[:3], load_rig(rig_files["mixamo"])))


def test_one_frame_and_other_bodies(rig_files: dict[str, Path], walk: Motion) -> None:
    rig = load_rig(rig_files["ue5"])
    assert len(put_on_rig(walk[:1], rig)) == 1
    # A motion that was made on another body of the same proportions is the same motion.
    s = walk.skeleton
    tall = replace(s, offsets=2 * s.offsets, ankle_height=2 * s.ankle_height, toe_height=2 * s.toe_height)
    one, other = put_on_rig(walk, rig), put_on_rig(replace(walk, root=2 * walk.root, skeleton=tall), rig)
    np.testing.assert_allclose(places(one), places(other), atol=1e-9)
    assert other.report.path_scale == pytest.approx(one.report.path_scale / 2)
