#include "body.h"

#include <initializer_list>

namespace emomotion {

const char *const kJointNames[EM_JOINTS] = {
    "pelvis",     "left_hip",    "right_hip",    "spine1",      "left_knee",     "right_knee",
    "spine2",     "left_ankle",  "right_ankle",  "spine3",      "left_foot",     "right_foot",
    "neck",       "left_collar", "right_collar", "head",        "left_shoulder", "right_shoulder",
    "left_elbow", "right_elbow", "left_wrist",   "right_wrist",
};

const int32_t kParents[EM_JOINTS] = {-1, 0, 0, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 9, 9, 12, 13, 14, 16, 17, 18, 19};

}  // namespace emomotion

extern "C" {

const char *em_joint_name(int32_t joint) {
    return joint >= 0 && joint < EM_JOINTS ? emomotion::kJointNames[joint] : nullptr;
}

int32_t em_joint_parent(int32_t joint) { return joint >= 0 && joint < EM_JOINTS ? emomotion::kParents[joint] : -1; }

double em_rest_height(const em_skeleton *skeleton) {
    if (!skeleton) return 0;
    double height = skeleton->toe_height;
    for (const int joint : {emomotion::kLeftHip, emomotion::kLeftKnee, emomotion::kLeftAnkle, emomotion::kLeftFoot})
        height -= skeleton->rest_offsets[3 * joint + 1];
    return height;
}

}  // extern "C"
