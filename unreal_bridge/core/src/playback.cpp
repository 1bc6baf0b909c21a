#include "playback.h"

#include <algorithm>
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

void Playback::push(const em_frame &frame) {
    double at = position_;
    if (!frames_.empty()) {
        const em_frame &last = frames_.back().frame;
        if (frame.number <= last.number) return;  // of the past
        at = frames_.back().at + std::min(static_cast<double>(frame.number - last.number), kBlend) * frame_s_;
    }
    frames_.push_back({at, frame});
}

void Playback::skip() {
    // Keep the two around the present, then the newest that fit in the distance; what lies between is blended.
    const size_t keep = static_cast<size_t>(std::ceil(target_s_ / frame_s_)) + 1;
    if (frames_.size() <= keep + 2) return;
    frames_.erase(frames_.begin() + 2, frames_.end() - static_cast<std::ptrdiff_t>(keep));
    const double moved = std::max(0.0, frames_[2].at - (frames_[1].at + kBlend * frame_s_));
    for (size_t i = 2; i < frames_.size(); i++) frames_[i].at -= moved;
}

bool Playback::sample(double now_s, em_frame *out) {
    if (frames_.empty()) return false;
    const double dt = begun_ ? std::max(now_s - last_now_, 0.0) : 0.0;
    last_now_ = begun_ ? std::max(last_now_, now_s) : now_s;
    begun_ = true;

    double ahead = frames_.back().at - position_;
    if (waiting_) {  // before the first step as much must have come as will lie ahead
        if (ahead < target_s_) {
            *out = frames_.front().frame;
            return true;
        }
        waiting_ = false;
        delay_s_ = ahead;
    }
    if (ahead > kSkip) {
        skip();
        ahead = frames_.back().at - position_;
    }
    delay_s_ = ahead + (delay_s_ - ahead) * std::exp2(-dt / kSmooth);
    const double error = delay_s_ - target_s_;
    const double rate = std::clamp(1 + 2 * error, 0.9, 1.6);
    const double missing = position_ + rate * dt - frames_.back().at;
    position_ += std::min(rate * dt, ahead);
    target_s_ = kLeast * frame_s_ + (target_s_ - kLeast * frame_s_) * std::exp2(-dt / kForget);
    if (missing > 0) target_s_ = std::min(target_s_ + missing, kMostTarget);

    while (frames_.size() > 1 && frames_[1].at <= position_) frames_.pop_front();
    if (frames_.size() == 1) {
        *out = frames_.front().frame;
    } else {
        const Entry &a = frames_[0], &b = frames_[1];
        *out = between_frames(a.frame, b.frame, (position_ - a.at) / (b.at - a.at));
    }
    return true;
}

}  // namespace emomotion
