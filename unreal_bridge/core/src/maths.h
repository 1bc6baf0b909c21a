// Quaternions x, y, z, w and vectors, in double: rigs are prepared once, and errors of float would add up along a
// chain.
#pragma once

#include <array>
#include <cmath>

namespace emomotion {

using Vec = std::array<double, 3>;
using Quat = std::array<double, 4>;

inline constexpr Quat kIdentity{0, 0, 0, 1};

inline Vec operator+(const Vec &a, const Vec &b) { return {a[0] + b[0], a[1] + b[1], a[2] + b[2]}; }
inline Vec operator-(const Vec &a, const Vec &b) { return {a[0] - b[0], a[1] - b[1], a[2] - b[2]}; }
inline Vec operator*(double s, const Vec &a) { return {s * a[0], s * a[1], s * a[2]}; }
inline double dot(const Vec &a, const Vec &b) { return a[0] * b[0] + a[1] * b[1] + a[2] * b[2]; }
inline double length(const Vec &a) { return std::sqrt(dot(a, a)); }
inline Vec cross(const Vec &a, const Vec &b) {
    return {a[1] * b[2] - a[2] * b[1], a[2] * b[0] - a[0] * b[2], a[0] * b[1] - a[1] * b[0]};
}

// Rotation that applies b, then a.
inline Quat operator*(const Quat &a, const Quat &b) {
    return {
        a[3] * b[0] + a[0] * b[3] + a[1] * b[2] - a[2] * b[1], a[3] * b[1] - a[0] * b[2] + a[1] * b[3] + a[2] * b[0],
        a[3] * b[2] + a[0] * b[1] - a[1] * b[0] + a[2] * b[3], a[3] * b[3] - a[0] * b[0] - a[1] * b[1] - a[2] * b[2]};
}

inline Quat inverse(const Quat &q) { return {-q[0], -q[1], -q[2], q[3]}; }

inline Vec rotate(const Quat &q, const Vec &v) {
    const Vec axis{q[0], q[1], q[2]};
    return v + 2.0 * cross(axis, cross(axis, v) + q[3] * v);
}

inline Quat normalized(const Quat &q) {
    const double size = std::sqrt(q[0] * q[0] + q[1] * q[1] + q[2] * q[2] + q[3] * q[3]);
    if (!(size > 0) || !std::isfinite(size)) return kIdentity;
    return {q[0] / size, q[1] / size, q[2] / size, q[3] / size};
}

// Shortest rotation that carries the direction of a to that of b. Identity where one of them has no length.
inline Quat between(const Vec &a, const Vec &b) {
    const double size = length(a) * length(b);
    if (!(size > 1e-12)) return kIdentity;
    const Vec axis = (1 / size) * cross(a, b);
    const double cosine = dot(a, b) / size;
    if (cosine < -1 + 1e-9) {  // opposite: any axis across will do
        const Vec across = std::abs(a[0]) < 0.9 * length(a) ? cross(a, Vec{1, 0, 0}) : cross(a, Vec{0, 1, 0});
        const double w = length(across);
        return {across[0] / w, across[1] / w, across[2] / w, 0};
    }
    return normalized({axis[0], axis[1], axis[2], 1 + cosine});
}

}  // namespace emomotion
