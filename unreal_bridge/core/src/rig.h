// A skeleton of an engine, prepared so that a pose costs two quaternion products a bone.
#pragma once

#include <vector>

#include "axes.h"
#include "body.h"

namespace emomotion {

// With W the world rest rotation of a bone, N a joint's local rotation in the target's axes, and A the turn that brings
// a bone's rest pose to the T-pose: local = inv(A_parent W_parent) N A W. Bones that no joint moves between two that
// are moved keep their rest rotation, and the formula holds with the bone's own parent.
class Rig {
public:
    // Refuses skeletons without the bones that a body needs.
    explicit Rig(const em_rig_options &options);

    void pose(const em_pose &pose, em_travel travel, float *rotations, float *hips) const;
    Vec way(const em_pose &pose) const;

private:
    struct Moved {
        int32_t bone;
        std::vector<int32_t> joints;  // whose rotations it takes, in order: its own behind those that have no bone
        Quat before, after;
    };
    void read_bones(const em_rig_options &options);
    std::vector<Quat> turns_to_t_pose(const em_rig_options &options) const;
    Vec travelled(const em_pose &pose) const;

    const Axes *axes_;
    int up_;  // which coordinate of the target is up
    std::vector<Quat> rest_local_, rest_world_;
    std::vector<Vec> rest_position_;
    std::vector<int32_t> parents_;
    int32_t hips_parent_;
    Vec hips_rest_, source_rest_;
    double scale_;
    std::vector<Moved> moved_;
};

}  // namespace emomotion

struct em_rig {
    emomotion::Rig rig;
};
