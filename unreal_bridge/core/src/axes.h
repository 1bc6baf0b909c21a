// Target frames: a point of a target is unit * axes p, a rotation is det(axes) * axes times its vector part.
#pragma once

#include "emomotion.h"
#include "maths.h"

namespace emomotion {

// Row i of the matrix holds sign[i] at column from[i].
struct Axes {
    const char *name;
    int from[3];
    int sign[3];
    double unit;

    int determinant() const;
    Vec point(const Vec &p) const {
        return {unit * sign[0] * p[from[0]], unit * sign[1] * p[from[1]], unit * sign[2] * p[from[2]]};
    }
    Quat rotation(const Quat &q) const {
        const int d = determinant();
        return {d * sign[0] * q[from[0]], d * sign[1] * q[from[1]], d * sign[2] * q[from[2]], q[3]};
    }
};

// Null for a number that is none.
const Axes *axes_of(em_axes axes);

}  // namespace emomotion
