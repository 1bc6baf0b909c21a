// The 22 joints, in the order of the wire.
#pragma once

#include <cstdint>

#include "emomotion.h"

namespace emomotion {

enum Joint : int32_t {
    kPelvis,
    kLeftHip,
    kRightHip,
    kSpine1,
    kLeftKnee,
    kRightKnee,
    kSpine2,
    kLeftAnkle,
    kRightAnkle,
    kSpine3,
    kLeftFoot,
    kRightFoot,
    kNeck,
    kLeftCollar,
    kRightCollar,
    kHead,
    kLeftShoulder,
    kRightShoulder,
    kLeftElbow,
    kRightElbow,
    kLeftWrist,
    kRightWrist
};

extern const char *const kJointNames[EM_JOINTS];
extern const int32_t kParents[EM_JOINTS];

}  // namespace emomotion
