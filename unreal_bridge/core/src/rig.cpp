#include "rig.h"

#include <memory>
#include <string>

#include "abi.h"

namespace emomotion {
namespace {

constexpr Joint kNeeded[] = {kPelvis,        kLeftHip,   kRightHip,   kSpine1,    kLeftKnee,
                             kRightKnee,     kLeftAnkle, kRightAnkle, kHead,      kLeftShoulder,
                             kRightShoulder, kLeftElbow, kRightElbow, kLeftWrist, kRightWrist};

// Limbs, whose rest direction differs between a T-pose and an A-pose: a joint and where its bone leads.
constexpr Joint kLimbs[][2] = {{kLeftShoulder, kLeftElbow}, {kLeftElbow, kLeftWrist}, {kRightShoulder, kRightElbow},
                               {kRightElbow, kRightWrist},  {kLeftHip, kLeftKnee},    {kLeftKnee, kLeftAnkle},
                               {kRightHip, kRightKnee},     {kRightKnee, kRightAnkle}};

Vec offset(const em_skeleton &skeleton, int32_t joint) {
    const float *at = skeleton.rest_offsets + 3 * joint;
    return {at[0], at[1], at[2]};
}

}  // namespace

Rig::Rig(const em_rig_options &options) {
    axes_ = axes_of(options.axes);
    if (!axes_) refuse("axes", "axes " + std::to_string(options.axes) + " are unknown; see em_axes");
    if (!options.skeleton) refuse("skeleton", "em_rig_options.skeleton must be set, e.g. from em_drive_get_header");
    const Vec up = axes_->point({0, 1, 0});
    up_ = up[0] != 0 ? 0 : up[1] != 0 ? 1 : 2;
    read_bones(options);

    const int32_t hips = options.bone_of_joint[kPelvis];
    hips_parent_ = parents_[hips];
    hips_rest_ = rest_position_[hips];
    source_rest_ = axes_->point({0, em_rest_height(options.skeleton), 0});
    scale_ = hips_rest_[up_] / source_rest_[up_];
    if (!(scale_ > 0.01 && scale_ < 100))
        refuse("bones", "the hips would stand " + std::to_string(hips_rest_[up_]) +
                            " units over the ground; are the axes and the unit of the skeleton right?");

    const std::vector<Quat> turns = turns_to_t_pose(options);
    for (int32_t joint = 0; joint < EM_JOINTS; joint++) {
        const int32_t bone = options.bone_of_joint[joint];
        if (bone < 0) continue;
        Moved moved{bone, {joint}, kIdentity, kIdentity};
        for (int32_t above = kParents[joint]; above >= 0 && options.bone_of_joint[above] < 0; above = kParents[above])
            moved.joints.insert(moved.joints.begin(), above);
        const int32_t parent = parents_[bone];
        // The root joint's rotation is the body's in the world: the bones above it stay at rest.
        moved.before = parent < 0 ? kIdentity : inverse(turns[parent] * rest_world_[parent]);
        moved.after = turns[bone] * rest_world_[bone];
        moved_.push_back(std::move(moved));
    }
}

void Rig::read_bones(const em_rig_options &options) {
    const uint32_t count = options.bone_count;
    if (!options.bones || count == 0) refuse("bones", "a rig needs bones");
    for (uint32_t i = 0; i < count; i++) {
        const em_bone &bone = options.bones[i];
        if (bone.parent >= static_cast<int32_t>(i) || bone.parent < -1)
            refuse("bones", "bone " + std::to_string(i) + " comes before its parent " + std::to_string(bone.parent));
        const Quat local = normalized({bone.rotation[0], bone.rotation[1], bone.rotation[2], bone.rotation[3]});
        const Vec position{bone.position[0], bone.position[1], bone.position[2]};
        parents_.push_back(bone.parent);
        rest_local_.push_back(local);
        rest_world_.push_back(bone.parent < 0 ? local : rest_world_[bone.parent] * local);
        rest_position_.push_back(
            bone.parent < 0 ? position : rest_position_[bone.parent] + rotate(rest_world_[bone.parent], position));
    }
    std::vector<int32_t> taken(count, -1);
    for (int32_t joint = 0; joint < EM_JOINTS; joint++) {
        const int32_t bone = options.bone_of_joint[joint];
        if (bone < 0) continue;
        if (bone >= static_cast<int32_t>(count))
            refuse("bone_of_joint", std::string(kJointNames[joint]) + " is to move bone " + std::to_string(bone) +
                                        " of " + std::to_string(count));
        if (taken[bone] >= 0)
            refuse("bone_of_joint",
                   std::string(kJointNames[taken[bone]]) + " and " + kJointNames[joint] + " are to move the same bone");
        taken[bone] = joint;
    }
    std::string missing;
    for (const Joint joint : kNeeded)
        if (options.bone_of_joint[joint] < 0)
            missing += (missing.empty() ? "" : ", ") + std::string(kJointNames[joint]);
    if (!missing.empty())
        refuse("bone_of_joint", "the skeleton has no bone for " + missing + "; map these joints to bones by hand");
}

std::vector<Quat> Rig::turns_to_t_pose(const em_rig_options &options) const {
    std::vector<Quat> own(parents_.size(), kIdentity), out(parents_.size(), kIdentity);
    std::vector<bool> turned(parents_.size(), false);
    if (options.keep_rest) return out;
    for (const auto &limb : kLimbs) {
        const int32_t bone = options.bone_of_joint[limb[0]], next = options.bone_of_joint[limb[1]];
        own[bone] =
            between(rest_position_[next] - rest_position_[bone], axes_->point(offset(*options.skeleton, limb[1])));
        turned[bone] = true;
    }
    // A foot stands flat in either pose. All else goes with what it hangs on, hands with their arms.
    for (const Joint ankle : {kLeftAnkle, kRightAnkle}) turned[options.bone_of_joint[ankle]] = true;
    for (size_t i = 0; i < out.size(); i++)
        out[i] = turned[i] ? own[i] : parents_[i] < 0 ? kIdentity : out[parents_[i]];
    return out;
}

Vec Rig::travelled(const em_pose &pose) const {
    return scale_ * (axes_->point({pose.root[0], pose.root[1], pose.root[2]}) - source_rest_);
}

Vec Rig::way(const em_pose &pose) const {
    Vec out = travelled(pose);
    out[up_] = 0;
    return out;
}

void Rig::pose(const em_pose &pose, em_travel travel, float *rotations, float *hips) const {
    for (size_t i = 0; i < rest_local_.size(); i++)
        for (int k = 0; k < 4; k++) rotations[4 * i + k] = static_cast<float>(rest_local_[i][k]);
    for (const Moved &moved : moved_) {
        Quat turn = kIdentity;
        for (const int32_t joint : moved.joints) {
            const float *q = pose.rotations + 4 * joint;
            turn = turn * axes_->rotation({q[0], q[1], q[2], q[3]});
        }
        const Quat local = normalized(moved.before * turn * moved.after);
        for (int k = 0; k < 4; k++) rotations[4 * moved.bone + k] = static_cast<float>(local[k]);
    }
    Vec at = hips_rest_ + travelled(pose);
    if (travel == EM_TRAVEL_NONE) at = at - way(pose);
    if (hips_parent_ >= 0) at = rotate(inverse(rest_world_[hips_parent_]), at - rest_position_[hips_parent_]);
    for (int k = 0; k < 3; k++) hips[k] = static_cast<float>(at[k]);
}

}  // namespace emomotion

using namespace emomotion;

extern "C" {

em_code em_rig_create(const em_rig_options *options, em_rig **rig, em_error *error) {
    return guarded(error, [&] {
        if (!options || !rig) refuse("bones", "em_rig_create needs options and a place for the rig");
        *rig = new em_rig{Rig(*options)};
        return EM_OK;
    });
}

em_code em_rig_pose(const em_rig *rig, const em_pose *pose, em_travel travel, float *rotations, float *hips) {
    if (!rig || !pose || !rotations || !hips) return EM_INVALID_ARGUMENT;
    rig->rig.pose(*pose, travel, rotations, hips);
    return EM_OK;
}

em_code em_rig_way(const em_rig *rig, const em_pose *pose, float way[3]) {
    if (!rig || !pose || !way) return EM_INVALID_ARGUMENT;
    const Vec found = rig->rig.way(*pose);
    for (int k = 0; k < 3; k++) way[k] = static_cast<float>(found[k]);
    return EM_OK;
}

void em_rig_free(em_rig *rig) { delete rig; }

}  // extern "C"
