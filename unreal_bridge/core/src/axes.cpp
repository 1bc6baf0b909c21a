#include "axes.h"

#include <iterator>

namespace emomotion {
namespace {

// In the order of em_axes; the same table as sdk/motion/frames.py, which a test compares.
constexpr Axes kAxes[] = {
    {"sdk", {0, 1, 2}, {1, 1, 1}, 1},
    {"vrm0", {0, 1, 2}, {-1, 1, -1}, 1},
    {"unity", {0, 1, 2}, {-1, 1, 1}, 1},
    {"unreal", {2, 0, 1}, {1, -1, 1}, 100},
    {"unreal_component", {0, 2, 1}, {1, 1, 1}, 100},
    {"blender", {0, 2, 1}, {1, -1, 1}, 1},
    {"bvh", {0, 1, 2}, {1, 1, 1}, 100},
    {"ros", {2, 0, 1}, {1, 1, 1}, 1},
};

}  // namespace

int Axes::determinant() const {
    // Sign of the permutation times the signs: even permutations of three are the rotations of (0, 1, 2).
    const bool even = (from[1] - from[0] + 3) % 3 == 1;
    return (even ? 1 : -1) * sign[0] * sign[1] * sign[2];
}

const Axes *axes_of(em_axes axes) {
    const auto i = static_cast<size_t>(axes);
    return i < std::size(kAxes) ? &kAxes[i] : nullptr;
}

}  // namespace emomotion

using namespace emomotion;

extern "C" {

const char *em_axes_name(em_axes axes) {
    const Axes *found = axes_of(axes);
    return found ? found->name : nullptr;
}

em_code em_convert_points(em_axes axes, const float *in, float *out, size_t count) {
    const Axes *target = axes_of(axes);
    if (!target || (count && (!in || !out))) return EM_INVALID_ARGUMENT;
    for (size_t i = 0; i < 3 * count; i += 3) {
        const Vec p = target->point({in[i], in[i + 1], in[i + 2]});
        for (int k = 0; k < 3; k++) out[i + k] = static_cast<float>(p[k]);
    }
    return EM_OK;
}

em_code em_convert_rotations(em_axes axes, const float *in, float *out, size_t count) {
    const Axes *target = axes_of(axes);
    if (!target || (count && (!in || !out))) return EM_INVALID_ARGUMENT;
    for (size_t i = 0; i < 4 * count; i += 4) {
        const Quat q = target->rotation({in[i], in[i + 1], in[i + 2], in[i + 3]});
        for (int k = 0; k < 4; k++) out[i + k] = static_cast<float>(q[k]);
    }
    return EM_OK;
}

}  // extern "C"
