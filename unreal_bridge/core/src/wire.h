// Between the messages of the wire and the structs of emomotion.h.
#pragma once

#include "client.h"

namespace emomotion {

// Refuses what no message can hold, or the server would refuse: an empty or too long text, bytes that are no UTF-8.
void check_text(const char *text);

void affect_to_wire(const em_affect &affect, wire::Affect *out);
em_affect affect_from_wire(const wire::Affect &affect);
// Throws EM_DATA_LOSS for a body that is not the 22 joints.
em_skeleton skeleton_from_wire(const wire::Skeleton &skeleton);

// Refuses keys that are none.
void track_to_wire(const em_affect_key *keys, uint32_t count, wire::AffectTrack *out);
// What a wish says goes into `out`, whatever is there already; refuses what the server would refuse.
void wish_to_wire(const em_wish &wish, wire::DriveChange *out);
// What the change says replaces what the wish said before.
void merge_change(const wire::DriveChange &change, wire::DriveChange *wish);
void pose_to_wire(const em_pose &pose, wire::Pose *out);
// Throws EM_DATA_LOSS for a frame that is not whole.
em_frame frame_from_wire(const wire::DriveFrame &frame);

[[noreturn]] void broken(const std::string &what);

}  // namespace emomotion
