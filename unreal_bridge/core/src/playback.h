// Frames that come unevenly, played evenly by a clock of the caller's.
#pragma once

#include <algorithm>
#include <cmath>
#include <deque>

#include "emomotion.h"

namespace emomotion {

// What is shown between two frames, `part` 0..1 of the way; all else is a's.
em_frame between_frames(const em_frame &a, const em_frame &b, double part);
em_face_frame between_frames(const em_face_frame &a, const em_face_frame &b, double part);

// Pure: knows neither time nor network. Frames are pushed as they come and sampled at every rendered frame.
//
// It plays a little behind the newest frame. How far is a balance: one frame is needed to interpolate, and each time
// that it runs dry the distance grows by what was missing, to shrink again over seconds. The distance is held by
// playing a little faster or slower, so that nothing ever jumps; only half a second and more is skipped, and then
// blended.
template <typename Frame>
class Playback {
public:
    explicit Playback(double fps) : frame_s_(1 / fps), target_s_(kLeast * frame_s_) {}

    void push(const Frame &frame);
    // The frame at `now_s`; false before the first frame. The clock must not go back; if it does, it stands still.
    bool sample(double now_s, Frame *out);
    // No more will be pushed: nothing is waited for.
    void finish() { waiting_ = false; }
    // Whether everything that was pushed has been played.
    bool dry() const { return frames_.empty() || position_ >= frames_.back().at; }
    // Average distance to the newest frame, seconds.
    double delay_s() const { return delay_s_; }
    size_t size() const { return frames_.size(); }

private:
    struct Entry {
        double at;  // when it is to be played, seconds by the clock of the playing
        Frame frame;
    };
    void skip();

    static constexpr double kLeast = 1.5;        // frames of distance on an even way
    static constexpr double kMostTarget = 0.25;  // seconds
    static constexpr double kSkip = 0.5;         // farther behind than this is not caught up with
    static constexpr double kBlend = 6;          // frames over which what is missing is blended
    static constexpr double kForget = 5;         // half-life of a distance that was needed, seconds
    static constexpr double kSmooth = 0.15;      // half-life of the measured distance, seconds

    const double frame_s_;
    std::deque<Entry> frames_;
    double position_ = 0, last_now_ = 0, target_s_, delay_s_ = 0;
    bool begun_ = false, waiting_ = true;
};

template <typename Frame>
void Playback<Frame>::push(const Frame &frame) {
    double at = position_;
    if (!frames_.empty()) {
        const Frame &last = frames_.back().frame;
        if (frame.number <= last.number) return;  // of the past
        at = frames_.back().at + std::min(static_cast<double>(frame.number - last.number), kBlend) * frame_s_;
    }
    frames_.push_back({at, frame});
}

template <typename Frame>
void Playback<Frame>::skip() {
    // Keep the two around the present, then the newest that fit in the distance; what lies between is blended.
    const size_t keep = static_cast<size_t>(std::ceil(target_s_ / frame_s_)) + 1;
    if (frames_.size() <= keep + 2) return;
    frames_.erase(frames_.begin() + 2, frames_.end() - static_cast<std::ptrdiff_t>(keep));
    const double moved = std::max(0.0, frames_[2].at - (frames_[1].at + kBlend * frame_s_));
    for (size_t i = 2; i < frames_.size(); i++) frames_[i].at -= moved;
}

template <typename Frame>
bool Playback<Frame>::sample(double now_s, Frame *out) {
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
