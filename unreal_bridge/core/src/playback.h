// Frames that come unevenly, played evenly by a clock of the caller's.
#pragma once

#include <deque>

#include "emomotion.h"

namespace emomotion {

// Pure: knows neither time nor network. Frames are pushed as they come and sampled at every rendered frame.
//
// It plays a little behind the newest frame. How far is a balance: one frame is needed to interpolate, and each time
// that it runs dry the distance grows by what was missing, to shrink again over seconds. The distance is held by
// playing a little faster or slower, so that nothing ever jumps; only half a second and more is skipped, and then
// blended.
class Playback {
public:
    explicit Playback(double fps) : frame_s_(1 / fps), target_s_(kLeast * frame_s_) {}

    void push(const em_frame &frame);
    // The pose at `now_s`; false before the first frame. The clock must not go back; if it does, it stands still.
    bool sample(double now_s, em_frame *out);
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
        em_frame frame;
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

// The pose between two frames, `part` 0..1 of the way; all else is a's.
em_frame between_frames(const em_frame &a, const em_frame &b, double part);

}  // namespace emomotion
