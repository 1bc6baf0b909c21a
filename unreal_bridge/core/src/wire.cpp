#include "wire.h"

#include <algorithm>
#include <cmath>

#include "affect.h"
#include "body.h"

namespace emomotion {
namespace {

// The limits of live.proto and motion.proto.
constexpr double kMinSpeed = 0.5, kMaxSpeed = 1.5, kMaxHeading = 6.2832, kMaxCoordinate = 1000, kMaxKeySeconds = 3600;
constexpr size_t kMaxTextChars = 1000;
constexpr uint32_t kMaxKeys = 256, kMaxPathPoints = 512;

void way_to_wire(const em_wish &wish, wire::DriveChange *out) {
    const int ways = ((wish.set & EM_SET_HEADING) != 0) + ((wish.set & EM_SET_FREE) != 0) + (wish.path != nullptr);
    if (ways > 1) refuse("way", "give only one of heading, path and free");
    if (wish.set & EM_SET_HEADING) {
        if (!(std::abs(wish.heading) <= kMaxHeading))
            refuse("heading", "heading must lie in -6.2832..6.2832 radians, got " + std::to_string(wish.heading));
        out->set_heading(wish.heading);
    }
    if (wish.set & EM_SET_FREE) out->set_free(true);
    if (wish.path) {
        if (wish.path_count < 2 || wish.path_count > kMaxPathPoints) refuse("path", "a path has 2..512 points");
        for (uint32_t i = 0; i < 2 * wish.path_count; i++) {
            if (!(std::abs(wish.path[i]) <= kMaxCoordinate)) refuse("path", "points of a path must lie within 1000 m");
            out->mutable_path()->add_points(static_cast<float>(wish.path[i]));
        }
    }
}

}  // namespace

void check_text(const char *text) {
    const std::string all = text;
    if (all.find_first_not_of(" \t\r\n\v\f") == std::string::npos)
        refuse("text", "text is empty; say what the character does, e.g. 'a person walks forward'");
    size_t chars = 0;
    for (size_t at = 0; at < all.size(); chars++) {
        const auto byte = [&](size_t i) { return i < all.size() ? static_cast<unsigned char>(all[i]) : 0u; };
        const size_t length = byte(at) < 0x80         ? 1
                              : byte(at) >> 5 == 0x6  ? 2
                              : byte(at) >> 4 == 0xE  ? 3
                              : byte(at) >> 3 == 0x1E ? 4
                                                      : 0;
        uint32_t code = length == 1 ? byte(at) : byte(at) & (0xFFu >> (length + 1));
        for (size_t i = 1; i < length; i++) code = byte(at + i) >> 6 == 2 ? code << 6 | (byte(at + i) & 0x3F) : 0;
        constexpr uint32_t shortest[] = {0, 1, 0x80, 0x800, 0x10000};
        if (length == 0 || code < shortest[length] || code > 0x10FFFF || (code >= 0xD800 && code <= 0xDFFF))
            refuse("text", "text is no UTF-8 at byte " + std::to_string(at));
        at += length;
    }
    if (chars > kMaxTextChars) refuse("text", "text must have 1..1000 characters, got " + std::to_string(chars));
}

void broken(const std::string &what) { throw Refused{EM_DATA_LOSS, "the server broke the protocol: " + what, ""}; }

void affect_to_wire(const em_affect &affect, wire::Affect *out) {
    bool any = false;
    for (int i = 0; i < EM_EMOTIONS; i++) {
        if (!(affect.weights[i] > 0)) continue;
        auto *weight = out->add_weights();
        weight->set_emotion(static_cast<wire::Emotion>(i + 1));  // 0 is EMOTION_UNSPECIFIED
        weight->set_weight(affect.weights[i]);
        any = true;
    }
    if (any && affect.intensity != EM_INTENSITY_UNSET) out->set_intensity(affect.intensity);
}

em_affect affect_from_wire(const wire::Affect &affect) {
    em_affect out{};
    double total = 0;
    for (const auto &weight : affect.weights()) {
        if (weight.emotion() < 1 || weight.emotion() > EM_EMOTIONS) broken("an emotion is unknown; update the library");
        out.weights[weight.emotion() - 1] += weight.weight();
        total += weight.weight();
    }
    if (total > 0)
        for (double &weight : out.weights) weight /= total;
    else
        out.weights[EM_NEUTRAL] = 1;
    out.intensity = affect.has_intensity() ? affect.intensity() : total > 0 ? 0.7 : 1;
    return out;
}

em_skeleton skeleton_from_wire(const wire::Skeleton &skeleton) {
    bool same = skeleton.joint_names_size() == EM_JOINTS && skeleton.parents_size() == EM_JOINTS &&
                skeleton.rest_offsets_size() == 3 * EM_JOINTS;
    for (int j = 0; same && j < EM_JOINTS; j++)
        same = skeleton.joint_names(j) == kJointNames[j] && skeleton.parents(j) == kParents[j];
    if (!same)
        broken("a skeleton of " + std::to_string(skeleton.joint_names_size()) +
               " joints is not the 22 SMPL body joints");
    em_skeleton out{};
    std::copy(skeleton.rest_offsets().begin(), skeleton.rest_offsets().end(), out.rest_offsets);
    out.ankle_height = skeleton.ankle_height();
    out.toe_height = skeleton.toe_height();
    return out;
}

void track_to_wire(const em_affect_key *keys, uint32_t count, wire::AffectTrack *out) {
    if (count < 1 || count > kMaxKeys) refuse("track", "a track has 1..256 keys");
    double before = -1;
    for (uint32_t i = 0; i < count; i++) {
        const em_affect_key &key = keys[i];
        if (!(key.seconds > before && key.seconds <= kMaxKeySeconds) || key.seconds < 0)
            refuse("track", "the times of a track must rise, within 0..3600 seconds");
        check_affect(key.affect);
        auto *added = out->add_keys();
        added->set_seconds(key.seconds);
        affect_to_wire(key.affect, added->mutable_affect());
        before = key.seconds;
    }
}

void wish_to_wire(const em_wish &wish, wire::DriveChange *out) {
    if (wish.set & ~static_cast<uint32_t>(EM_SET_SPEED | EM_SET_HEADING | EM_SET_FREE))
        refuse("set", "em_wish.set holds only EM_SET_SPEED, EM_SET_HEADING and EM_SET_FREE");
    if (wish.text) {
        check_text(wish.text);
        out->set_text(wish.text);
    }
    if (wish.affect && wish.track) refuse("track", "give either affect or track");
    if (wish.affect) {
        check_affect(*wish.affect);
        affect_to_wire(*wish.affect, out->mutable_affect());
    }
    if (wish.track) track_to_wire(wish.track, wish.track_count, out->mutable_track());
    if (wish.set & EM_SET_SPEED) {
        if (!(wish.speed >= kMinSpeed && wish.speed <= kMaxSpeed))
            refuse("speed", "speed must lie in 0.5..1.5, got " + std::to_string(wish.speed));
        out->set_speed(wish.speed);
    }
    way_to_wire(wish, out);
}

void merge_change(const wire::DriveChange &change, wire::DriveChange *wish) {
    if (change.way_case() != wire::DriveChange::WAY_NOT_SET) wish->clear_way();
    if (change.has_affect() || change.has_track()) {
        wish->clear_affect();
        wish->clear_track();
    }
    wish->MergeFrom(change);
}

void pose_to_wire(const em_pose &pose, wire::Pose *out) {
    out->mutable_rotations()->Add(std::begin(pose.rotations), std::end(pose.rotations));
    out->mutable_root()->Add(std::begin(pose.root), std::end(pose.root));
}

em_frame frame_from_wire(const wire::DriveFrame &frame) {
    if (frame.rotations_size() != 4 * EM_JOINTS || frame.root_size() != 3 || frame.contacts_size() != EM_CONTACTS)
        broken("frame " + std::to_string(frame.number()) + " is not whole");
    em_frame out{};
    out.number = frame.number();
    std::copy(frame.rotations().begin(), frame.rotations().end(), out.pose.rotations);
    std::copy(frame.root().begin(), frame.root().end(), out.pose.root);
    std::copy(frame.contacts().begin(), frame.contacts().end(), out.pose.contacts);
    out.affect = affect_from_wire(frame.affect());
    out.wish = frame.wish();
    out.idle = frame.source() == wire::FRAME_SOURCE_IDLE;
    out.reacting = frame.reacting();
    return out;
}

}  // namespace emomotion
