#include "drive.h"

namespace emomotion {
namespace {

wire::DriveStart start_of(const em_drive_options &options) {
    wire::DriveStart start;
    if (!options.wish.text)
        refuse("text", "text must be set; say what the character does, e.g. 'a person walks forward'");
    wish_to_wire(options.wish, start.mutable_wish());
    if (options.has_seed) start.set_seed(options.seed);
    if (options.plan) start.set_plan(options.plan);
    if (options.generator) start.set_generator(options.generator);
    if (options.resume) {
        if (options.resume_count < 1 || options.resume_count > EM_REMEMBERED)
            refuse("resume", "resume holds 1..64 poses, got " + std::to_string(options.resume_count));
        for (uint32_t i = 0; i + 1 < options.resume_count; i++) pose_to_wire(options.resume[i], start.add_before());
        pose_to_wire(options.resume[options.resume_count - 1], start.mutable_resume());
    }
    return start;
}

}  // namespace

Drive::Drive(std::shared_ptr<Client> client, const em_drive_options &options)
    : Stream(std::move(client), options.reconnect_s, options.every_frame != 0), start_(start_of(options)) {}

void Drive::call(grpc::ClientContext *context, grpc::ClientBidiReactor<Request, Reply> *reactor) {
    client_->live().async()->Drive(context, reactor);
}

Drive::Request Drive::first_locked() const {
    Request request;
    *request.mutable_start() = start_;
    return request;
}

Drive::Request Drive::last() const {
    Request request;
    request.mutable_end();
    return request;
}

void Drive::change(const em_wish &wish) {
    Request request;
    wish_to_wire(wish, request.mutable_change());
    const std::lock_guard<std::mutex> lock(mutex_);
    merge_change(request.change(), start_.mutable_wish());
    wishes_++;
    send_locked(std::move(request));
}

void Drive::take_locked(const Reply &reply) {
    if (reply.has_header()) {
        header_ = {skeleton_from_wire(reply.header().skeleton()), reply.header().fps(), reply.header().seed(), ""};
        copy_text(header_.sha256, reply.header().bundle_sha256());
        begun_locked(header_.fps);
    } else if (reply.has_frame()) {
        em_frame frame = frame_from_wire(reply.frame());
        frame.wish += first_wish_;
        const em_frame &taken = frame_locked(frame, static_cast<double>(frame.number) / fps_);
        // Frames with a gap between them are no motion to go on with.
        if (!played_.empty() && taken.number != played_.back().number + 1) played_.clear();
        played_.push_back(taken);
        if (played_.size() > EM_REMEMBERED) played_.pop_front();
    } else if (reply.has_ended()) {
        ended_ = reply.ended();
        has_ended_ = true;
    }
}

void Drive::resume_locked(bool played) {
    if (!played) return;
    first_wish_ = wishes_;
    start_.clear_before();
    for (const em_frame &frame : played_) pose_to_wire(frame.pose, start_.add_before());
    start_.mutable_resume()->Swap(start_.mutable_before(start_.before_size() - 1));
    start_.mutable_before()->RemoveLast();
}

em_code Drive::header(em_drive_header *out) {
    const std::lock_guard<std::mutex> lock(mutex_);
    if (!(fps_ > 0)) return EM_NOT_YET;
    *out = header_;
    return EM_OK;
}

em_drive_state Drive::state() {
    const std::lock_guard<std::mutex> lock(mutex_);
    em_drive_state out{};
    out.connected = connected_;
    out.lost = lost_;
    out.received = received_;
    out.passed_over = passed_over_;
    out.ended = has_ended_;
    out.frame_count = ended_.frame_count();
    out.frames_left_out = ended_.frames_left_out();
    out.frames_idle = ended_.frames_idle();
    out.delay_s = delay_s_;
    return out;
}

uint32_t Drive::played(em_pose *poses, uint32_t capacity) {
    const std::lock_guard<std::mutex> lock(mutex_);
    const size_t count = std::min<size_t>(capacity, played_.size());
    for (size_t i = 0; i < count; i++) poses[i] = played_[played_.size() - count + i].pose;
    return static_cast<uint32_t>(count);
}

}  // namespace emomotion

using namespace emomotion;

extern "C" {

em_code em_drive_open(em_client *client, const em_drive_options *options, em_drive **drive, em_error *error) {
    return guarded(error, [&] {
        if (!client || !options || !drive)
            refuse("client", "em_drive_open needs a client, options and a place for the stream");
        auto opened = std::make_unique<em_drive>(em_drive{std::make_shared<Drive>(client->shared, *options)});
        opened->shared->open();
        *drive = opened.release();
        return EM_OK;
    });
}

em_code em_drive_change(em_drive *drive, const em_wish *wish, em_error *error) {
    return guarded(error, [&] {
        if (!drive || !wish) refuse("drive", "em_drive_change needs a stream and a wish");
        drive->shared->change(*wish);
        return EM_OK;
    });
}

void em_drive_end(em_drive *drive) {
    if (drive) guarded(nullptr, [&] { return drive->shared->end(), EM_OK; });
}

em_code em_drive_next(em_drive *drive, double timeout_s, em_frame *frame, em_error *error) {
    return guarded(error, [&] {
        if (!drive || !frame) refuse("drive", "em_drive_next needs a stream and a place for the frame");
        return drive->shared->next(timeout_s, frame, error);
    });
}

em_code em_drive_sample(em_drive *drive, double now_s, em_frame *frame, em_error *error) {
    return guarded(error, [&] {
        if (!drive || !frame) refuse("drive", "em_drive_sample needs a stream and a place for the frame");
        return drive->shared->sample(now_s, frame, error);
    });
}

em_code em_drive_get_header(em_drive *drive, em_drive_header *header) {
    if (!drive || !header) return EM_INVALID_ARGUMENT;
    return guarded(nullptr, [&] { return drive->shared->header(header); });
}

void em_drive_get_state(em_drive *drive, em_drive_state *state) {
    if (drive && state) guarded(nullptr, [&] { return *state = drive->shared->state(), EM_OK; });
}

uint32_t em_drive_played(em_drive *drive, em_pose *poses, uint32_t capacity) {
    uint32_t count = 0;
    if (drive && poses) guarded(nullptr, [&] { return count = drive->shared->played(poses, capacity), EM_OK; });
    return count;
}

void em_drive_close(em_drive *drive) {
    if (!drive) return;
    guarded(nullptr, [&] { return drive->shared->close(), EM_OK; });
    delete drive;
}

}  // extern "C"
