// Frames of the present for a reader that fell behind: what piled up on the way is passed over. As sdk/catch_up.py.
#pragma once

#include <algorithm>
#include <limits>

namespace emomotion {

// Judges the frames of one connection, in order.
class CatchUp {
public:
    // Whether a frame that was due at `due`, seconds by the stream's clock, is of the past at `now`.
    bool past(double due, double now) {
        offset_ = std::min(offset_, now - due);
        if (now - due - offset_ <= kMostLag) {
            behind_since_ = kNever;
            return false;
        }
        if (behind_since_ == kNever) behind_since_ = now;
        if (now - behind_since_ <= kPatience) return true;
        // Reading a whole pile takes less: the way has become longer, and frames that come late are shown.
        offset_ = now - due;
        behind_since_ = kNever;
        return false;
    }

private:
    static constexpr double kMostLag = 0.25, kPatience = 1.0, kNever = -1;
    double offset_ = std::numeric_limits<double>::infinity();
    double behind_since_ = kNever;
};

}  // namespace emomotion
