#include <algorithm>
#include <random>

#include "check.h"
#include "playback.h"

using Playback = emomotion::Playback<em_frame>;

// A frame whose root says when it is to be seen, in metres for seconds.
static em_frame frame_at(uint64_t number, double fps) {
    em_frame frame{};
    frame.number = number;
    for (int j = 0; j < EM_JOINTS; j++) frame.pose.rotations[4 * j + 3] = 1;
    frame.pose.root[2] = static_cast<float>(static_cast<double>(number) / fps);
    return frame;
}

struct Played {
    double steepest = 0;   // fastest step, as a multiple of real time
    double backwards = 0;  // farthest step back
    double delay = 0;      // mean distance to the present over the last second
    double last = 0;
};

// Plays ten seconds at `rate` frames a second; `arrival` says when the n-th frame comes.
template <typename Arrival>
static Played play(double rate, Arrival arrival, double fps = 30, double seconds = 10) {
    Playback playback(fps);
    Played out;
    uint64_t next = 0;
    double before = -1;
    int counted = 0;
    em_frame frame{};
    for (int i = 0; i < seconds * rate; i++) {
        const double now = i / rate;
        for (; next < seconds * fps && arrival(next) <= now; next++) playback.push(frame_at(next, fps));
        if (!playback.sample(100 + now, &frame)) continue;
        const double seen = frame.pose.root[2];
        if (before >= 0) {
            out.steepest = std::max(out.steepest, (seen - before) * rate);
            out.backwards = std::max(out.backwards, before - seen);
        }
        if (now > seconds - 1.5 && now < seconds - 0.5) out.delay += now - seen, counted++;
        before = out.last = seen;
    }
    out.delay /= std::max(counted, 1);
    return out;
}

TEST(unit, an_even_way_is_played_evenly_and_less_than_two_frames_late) {
    for (const double rate : {30.0, 60.0, 144.0}) {
        const Played played = play(rate, [](uint64_t n) { return static_cast<double>(n) / 30; });
        CHECK_EQUAL(played.backwards, 0.0);
        CHECK(played.steepest < 1.12);
        CHECK(played.delay > 0 && played.delay < 2.0 / 30);
    }
}

TEST(unit, jitter_of_50_ms_never_makes_a_jump) {
    std::mt19937 random(7);
    std::uniform_real_distribution<double> late(0, 0.05);
    std::vector<double> at;
    for (int n = 0; n < 300; n++) at.push_back(std::max(n / 30.0 + late(random), at.empty() ? 0 : at.back()));
    const Played played = play(60, [&](uint64_t n) { return at[n]; });
    CHECK(played.backwards < 1e-6);
    CHECK(played.steepest < 1.61);
    CHECK(played.delay < 0.15);
}

TEST(unit, a_stall_is_caught_up_without_a_jump) {
    const auto stalled = [](uint64_t n) { return n / 30.0 < 3 || n / 30.0 > 3.3 ? n / 30.0 : 3.3; };
    const Played played = play(60, stalled);
    CHECK(played.backwards < 1e-6);
    CHECK(played.steepest < 1.61);
    CHECK(played.delay < 0.25);
}

TEST(unit, a_long_stall_is_skipped_and_blended) {
    const auto stalled = [](uint64_t n) { return n / 30.0 < 3 || n / 30.0 > 6 ? n / 30.0 : 6.0; };
    const Played played = play(60, stalled);
    CHECK(played.backwards < 1e-6);
    CHECK(played.delay < 0.25);
    CHECK(played.steepest < 3.0 / 0.2 * 1.7);  // three seconds of way within the blend, and never in one step
}

TEST(unit, frames_that_were_left_out_are_blended) {
    Playback playback(30);
    for (const uint64_t n : {0, 1, 2, 3, 60, 61, 62, 63}) playback.push(frame_at(n, 30));
    em_frame frame{};
    double before = 0, steepest = 0;
    for (int i = 0; i < 240; i++) {
        CHECK(playback.sample(i / 60.0, &frame));
        steepest = std::max(steepest, frame.pose.root[2] - before);
        before = frame.pose.root[2];
    }
    CHECK_NEAR(before, 63 / 30.0, 1e-6);
    CHECK(steepest < 0.3);
    CHECK(playback.dry());
}

TEST(unit, a_clock_that_goes_back_stands_still) {
    Playback playback(30);
    for (uint64_t n = 0; n < 10; n++) playback.push(frame_at(n, 30));
    em_frame frame{};
    playback.sample(5, &frame);
    playback.sample(5.1, &frame);
    const float seen = frame.pose.root[2];
    playback.sample(4, &frame);
    CHECK_EQUAL(frame.pose.root[2], seen);
    CHECK(!Playback(30).sample(0, &frame));
    // What is of the past changes nothing.
    playback.push(frame_at(3, 30));
    CHECK_EQUAL(playback.size() > 0, true);
}

TEST(unit, between_two_frames_rotations_stay_unit_and_in_one_hemisphere) {
    em_frame a = frame_at(0, 30), b = frame_at(1, 30);
    b.pose.rotations[3] = -std::cos(0.2f), b.pose.rotations[0] = -std::sin(0.2f);  // the same as (sin, 0, 0, cos)
    const em_frame half = emomotion::between_frames(a, b, 0.5);
    CHECK_NEAR(half.pose.rotations[0], std::sin(0.1), 1e-4);
    CHECK_NEAR(half.pose.rotations[3], std::cos(0.1), 1e-4);
    CHECK_NEAR(half.pose.root[2], 0.5 / 30, 1e-6);
}
