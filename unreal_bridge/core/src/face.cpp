#include "face.h"

#include <algorithm>
#include <cmath>

#include "affect.h"

namespace emomotion {
namespace {

// The 52 names of ARKit in the order of its documentation; as sdk/face/blendshapes.py, which a test compares.
constexpr const char *kShapeNames[EM_SHAPES] = {"eyeBlinkLeft",      "eyeLookDownLeft",    "eyeLookInLeft",
                                                "eyeLookOutLeft",    "eyeLookUpLeft",      "eyeSquintLeft",
                                                "eyeWideLeft",       "eyeBlinkRight",      "eyeLookDownRight",
                                                "eyeLookInRight",    "eyeLookOutRight",    "eyeLookUpRight",
                                                "eyeSquintRight",    "eyeWideRight",       "jawForward",
                                                "jawLeft",           "jawRight",           "jawOpen",
                                                "mouthClose",        "mouthFunnel",        "mouthPucker",
                                                "mouthLeft",         "mouthRight",         "mouthSmileLeft",
                                                "mouthSmileRight",   "mouthFrownLeft",     "mouthFrownRight",
                                                "mouthDimpleLeft",   "mouthDimpleRight",   "mouthStretchLeft",
                                                "mouthStretchRight", "mouthRollLower",     "mouthRollUpper",
                                                "mouthShrugLower",   "mouthShrugUpper",    "mouthPressLeft",
                                                "mouthPressRight",   "mouthLowerDownLeft", "mouthLowerDownRight",
                                                "mouthUpperUpLeft",  "mouthUpperUpRight",  "browDownLeft",
                                                "browDownRight",     "browInnerUp",        "browOuterUpLeft",
                                                "browOuterUpRight",  "cheekPuff",          "cheekSquintLeft",
                                                "cheekSquintRight",  "noseSneerLeft",      "noseSneerRight",
                                                "tongueOut"};
// In the order of the wire, whose VISEME_UNSPECIFIED is 0.
constexpr const char *kVisemeNames[EM_VISEMES] = {"A",  "CH", "CLOSED", "E", "F",  "I",  "ING",
                                                  "KK", "M",  "NN",     "O", "RR", "SS", "U"};
// The limits of face.proto.
constexpr double kMinFps = 10, kMaxFps = 120, kMaxLeft = 60, kMaxUp = 40;

void check_look(const char *field, double degrees, double most) {
    if (!(std::abs(degrees) <= most))
        refuse(field, std::string(field) + " must lie in " + std::to_string(static_cast<int>(-most)) + ".." +
                          std::to_string(static_cast<int>(most)) + " degrees, got " + std::to_string(degrees));
}

wire::ExpressStart start_of(const em_face_options &options) {
    wire::ExpressStart start;
    face_wish_to_wire(options.wish, start.mutable_wish());
    if (options.has_seed) start.set_seed(options.seed);
    if (options.fps != 0) {
        if (!(options.fps >= kMinFps && options.fps <= kMaxFps))
            refuse("fps", "fps must lie in 10..120, got " + std::to_string(options.fps));
        start.set_fps(options.fps);
    }
    start.set_blendshapes(true);
    start.set_still(options.still != 0);
    return start;
}

}  // namespace

void face_wish_to_wire(const em_face_wish &wish, wire::ExpressChange *out) {
    constexpr uint32_t looks = EM_SET_LOOK_LEFT | EM_SET_LOOK_UP;
    if (wish.set & ~(looks | EM_SET_LOOK_FREELY))
        refuse("set", "em_face_wish.set holds only EM_SET_LOOK_LEFT, EM_SET_LOOK_UP and EM_SET_LOOK_FREELY");
    if (wish.affect && wish.track) refuse("track", "give either affect or track");
    if (wish.affect) {
        check_affect(*wish.affect);
        affect_to_wire(*wish.affect, out->mutable_affect());
    }
    if (wish.track) track_to_wire(wish.track, wish.track_count, out->mutable_track());
    for (int i = 0; wish.visemes && i < EM_VISEMES; i++) {
        const double share = wish.visemes[i];
        if (!(share >= 0 && share <= 1))
            refuse("visemes", std::string("share of viseme ") + kVisemeNames[i] + " must lie in 0..1, got " +
                                  std::to_string(share));
        if (share == 0) continue;
        auto *added = out->add_visemes();
        added->set_viseme(static_cast<wire::Viseme>(i + 1));
        added->set_weight(share);
    }
    if ((wish.set & EM_SET_LOOK_FREELY) && (wish.set & looks))
        refuse("look_freely", "give either EM_SET_LOOK_FREELY or a direction to look in");
    if (wish.set & EM_SET_LOOK_FREELY) out->set_look_freely(true);
    if (wish.set & EM_SET_LOOK_LEFT) {
        check_look("look_left", wish.look_left_deg, kMaxLeft);
        out->set_look_left(wish.look_left_deg);
    }
    if (wish.set & EM_SET_LOOK_UP) {
        check_look("look_up", wish.look_up_deg, kMaxUp);
        out->set_look_up(wish.look_up_deg);
    }
}

void merge_face_change(wire::ExpressChange *change, wire::ExpressChange *wish, bool speaks) {
    if (change->has_affect() || change->has_track()) {
        wish->clear_affect();
        wish->clear_track();
    }
    if (change->look_freely()) {
        wish->clear_look_left();
        wish->clear_look_up();
    }
    if (change->has_look_left() || change->has_look_up()) wish->clear_look_freely();
    if (!speaks) *change->mutable_visemes() = wish->visemes();
    wish->clear_visemes();
    wish->MergeFrom(*change);
}

Face::Face(std::shared_ptr<Client> client, const em_face_options &options)
    : Stream(std::move(client), options.reconnect_s, options.every_frame != 0), start_(start_of(options)) {}

void Face::call(grpc::ClientContext *context, grpc::ClientBidiReactor<Request, Reply> *reactor) {
    client_->face().async()->Express(context, reactor);
}

Face::Request Face::first_locked() const {
    Request request;
    *request.mutable_start() = start_;
    return request;
}

Face::Request Face::last() const {
    Request request;
    request.mutable_end();
    return request;
}

void Face::change(const em_face_wish &wish) {
    Request request;
    face_wish_to_wire(wish, request.mutable_change());
    const std::lock_guard<std::mutex> lock(mutex_);
    merge_face_change(request.mutable_change(), start_.mutable_wish(), wish.visemes != nullptr);
    send_locked(std::move(request));
}

void Face::take_locked(const Reply &reply) {
    if (reply.has_header()) {
        const auto &names = reply.header().blendshape_names();
        for (int i = 0; i < EM_SHAPES; i++) {
            place_[i] = static_cast<int>(std::find(names.begin(), names.end(), kShapeNames[i]) - names.begin());
            if (place_[i] == names.size()) broken(std::string("there is no blendshape ") + kShapeNames[i]);
        }
        names_ = names.size();
        header_ = {reply.header().nominal_fps(), reply.header().seed(), ""};
        copy_text(header_.model, reply.header().model_id());
        begun_locked(header_.fps);
    } else if (reply.has_frame()) {
        const wire::FaceFrame &message = reply.frame();
        if (message.blendshapes_size() != names_)
            broken("face frame " + std::to_string(message.number()) + " is not whole");
        em_face_frame frame{};
        left_out_ += message.overtaken();
        frame.number = message.number() + left_out_;
        for (int i = 0; i < EM_SHAPES; i++) frame.shapes[i] = message.blendshapes(place_[i]);
        frame.affect = affect_from_wire(message.affect());
        frame_locked(frame, static_cast<double>(message.capture_ns()) / 1e9);
    }
}

void Face::resume_locked(bool) { left_out_ = 0; }

Refused Face::reason(const grpc::Status &status, const grpc::ClientContext &context) const {
    if (status.error_code() == grpc::StatusCode::UNIMPLEMENTED)
        return {EM_UNIMPLEMENTED,
                "server " + client_->target() + " has no faces; start it without --no-face, or update it", ""};
    return Stream::reason(status, context);
}

em_code Face::header(em_face_header *out) {
    const std::lock_guard<std::mutex> lock(mutex_);
    if (!(fps_ > 0)) return EM_NOT_YET;
    *out = header_;
    return EM_OK;
}

em_face_state Face::state() {
    const std::lock_guard<std::mutex> lock(mutex_);
    return {connected_, lost_, received_, passed_over_, delay_s_};
}

}  // namespace emomotion

using namespace emomotion;

extern "C" {

const char *em_shape_name(int32_t shape) { return shape >= 0 && shape < EM_SHAPES ? kShapeNames[shape] : nullptr; }

const char *em_viseme_name(int32_t viseme) {
    return viseme >= 0 && viseme < EM_VISEMES ? kVisemeNames[viseme] : nullptr;
}

em_code em_face_open(em_client *client, const em_face_options *options, em_face **face, em_error *error) {
    return guarded(error, [&] {
        if (!client || !options || !face)
            refuse("client", "em_face_open needs a client, options and a place for the face");
        auto opened = std::make_unique<em_face>(em_face{std::make_shared<Face>(client->shared, *options)});
        opened->shared->open();
        *face = opened.release();
        return EM_OK;
    });
}

em_code em_face_change(em_face *face, const em_face_wish *wish, em_error *error) {
    return guarded(error, [&] {
        if (!face || !wish) refuse("face", "em_face_change needs a face and a wish");
        face->shared->change(*wish);
        return EM_OK;
    });
}

void em_face_end(em_face *face) {
    if (face) guarded(nullptr, [&] { return face->shared->end(), EM_OK; });
}

em_code em_face_next(em_face *face, double timeout_s, em_face_frame *frame, em_error *error) {
    return guarded(error, [&] {
        if (!face || !frame) refuse("face", "em_face_next needs a face and a place for the frame");
        return face->shared->next(timeout_s, frame, error);
    });
}

em_code em_face_sample(em_face *face, double now_s, em_face_frame *frame, em_error *error) {
    return guarded(error, [&] {
        if (!face || !frame) refuse("face", "em_face_sample needs a face and a place for the frame");
        return face->shared->sample(now_s, frame, error);
    });
}

em_code em_face_get_header(em_face *face, em_face_header *header) {
    if (!face || !header) return EM_INVALID_ARGUMENT;
    return guarded(nullptr, [&] { return face->shared->header(header); });
}

void em_face_get_state(em_face *face, em_face_state *state) {
    if (face && state) guarded(nullptr, [&] { return *state = face->shared->state(), EM_OK; });
}

void em_face_close(em_face *face) {
    if (!face) return;
    guarded(nullptr, [&] { return face->shared->close(), EM_OK; });
    delete face;
}

}  // extern "C"
