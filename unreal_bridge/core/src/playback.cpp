#include "playback.h"

#include <cmath>

namespace emomotion {

em_frame between_frames(const em_frame &a, const em_frame &b, double part) {
    em_frame out = a;
    const auto t = static_cast<float>(part);
    for (int j = 0; j < EM_JOINTS; j++) {
        const float *p = a.pose.rotations + 4 * j, *q = b.pose.rotations + 4 * j;
        float *r = out.pose.rotations + 4 * j;
        // A thirtieth of a second apart a straight line is as good as an arc, once both are in one hemisphere.
        const float side = p[0] * q[0] + p[1] * q[1] + p[2] * q[2] + p[3] * q[3] < 0 ? -1.0f : 1.0f;
        float size = 0;
        for (int k = 0; k < 4; k++) {
            r[k] = (1 - t) * p[k] + t * side * q[k];
            size += r[k] * r[k];
        }
        size = std::sqrt(size);
        for (int k = 0; k < 4; k++) r[k] = size > 0 ? r[k] / size : p[k];
    }
    for (int k = 0; k < 3; k++) out.pose.root[k] = (1 - t) * a.pose.root[k] + t * b.pose.root[k];
    return out;
}

em_face_frame between_frames(const em_face_frame &a, const em_face_frame &b, double part) {
    em_face_frame out = a;
    for (int i = 0; i < EM_SHAPES; i++) out.shapes[i] += static_cast<float>(part) * (b.shapes[i] - a.shapes[i]);
    return out;
}

}  // namespace emomotion
