#include "drive.h"

#include <algorithm>
#include <cmath>

#include "connection.h"

namespace emomotion {
namespace {

// Between two attempts to open a lost stream again; the wait doubles every fifth of a second.
constexpr double kFirstWait = 0.05, kMostWait = 0.5, kDoubles = 0.2;
// Frames that wait for somebody to take them: what is a quarter of a second old is passed over anyway.
constexpr size_t kMostWaiting = 256, kMostWaitingOfEvery = 18000;

double seconds(std::chrono::steady_clock::duration time) { return std::chrono::duration<double>(time).count(); }

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
    : client_(std::move(client)),
      reconnect_s_(options.reconnect_s),
      every_frame_(options.every_frame != 0),
      start_(start_of(options)) {
    if (!(reconnect_s_ >= 0)) refuse("reconnect_s", "reconnect_s must be 0 or more");
}

void Drive::open() {
    client_->enter(this);
    const std::lock_guard<std::mutex> lock(mutex_);
    connect_locked();
}

void Drive::connect_locked() {
    connections_++;
    connection_ = std::make_shared<Connection>(shared_from_this());
    wire::DriveRequest request;
    *request.mutable_start() = start_;
    connection_->begin(connection_, *client_, std::move(request));
}

void Drive::change(const em_wish &wish) {
    wire::DriveRequest request;
    wish_to_wire(wish, request.mutable_change());
    const std::lock_guard<std::mutex> lock(mutex_);
    merge_change(request.change(), start_.mutable_wish());
    wishes_++;
    if (connection_) connection_->send(std::move(request));
}

void Drive::end() {
    const std::lock_guard<std::mutex> lock(mutex_);
    if (ending_) return;
    ending_ = true;  // a stream that was told to end is not opened again only to be ended
    wire::DriveRequest request;
    request.mutable_end();
    if (connection_) connection_->send(std::move(request));
}

bool Drive::cancel() {
    const std::lock_guard<std::mutex> lock(mutex_);
    closed_ = true;
    if (connection_) connection_->cancel();
    if (alarm_) alarm_->Cancel();
    return !connection_ && !alarm_ && leave_locked();
}

void Drive::close() {
    // The same, but that the client is not being closed and has to be told.
    if (cancel()) client_->leave(this);
}

bool Drive::leave_locked() {
    const bool leaves = !left_;
    left_ = true;
    return leaves;
}

void Drive::release(std::shared_ptr<Drive> drive, bool leaves) {
    Client *client = drive->client_.get();
    Drive *key = drive.get();
    drive.reset();
    if (leaves) client->leave(key);
}

void Drive::took(const wire::DriveReply &reply) {
    const std::lock_guard<std::mutex> lock(mutex_);
    if (failed_ || closed_) return;
    try {
        if (reply.has_header()) {
            header_ = {skeleton_from_wire(reply.header().skeleton()), reply.header().fps(), reply.header().seed(), ""};
            copy_text(header_.sha256, reply.header().bundle_sha256());
            if (!(header_.fps >= 1 && header_.fps <= 1000)) broken("a frame rate of " + std::to_string(header_.fps));
            has_header_ = true;
            state_.connected = 1;
        } else if (reply.has_frame()) {
            take_frame_locked(reply.frame());
        } else if (reply.has_ended()) {
            state_.ended = 1;
            state_.frame_count = reply.ended().frame_count();
            state_.frames_left_out = reply.ended().frames_left_out();
            state_.frames_idle = reply.ended().frames_idle();
        }
    } catch (const Refused &error) {
        fail_locked(error);
        connection_->cancel();
    }
}

void Drive::take_frame_locked(const wire::DriveFrame &message) {
    if (!has_header_) broken("a frame came before the header");
    em_frame frame = frame_from_wire(message);
    const uint64_t number = frame.number;
    frame.number += first_number_;
    frame.wish += first_wish_;
    lost_now_ = false;
    state_.received++;
    // Frames with a gap between them are no motion to go on with.
    if (!played_.empty() && frame.number != played_.back().number + 1) played_.clear();
    played_.push_back(frame);
    if (played_.size() > EM_REMEMBERED) played_.pop_front();
    queue_.push_back({connections_, number, frame});
    if (queue_.size() > (every_frame_ ? kMostWaitingOfEvery : kMostWaiting)) {
        queue_.pop_front();
        state_.passed_over++;
    }
    came_.notify_one();
}

bool Drive::over(const grpc::Status &status, const grpc::ClientContext &context) {
    const std::lock_guard<std::mutex> lock(mutex_);
    connection_.reset();
    state_.connected = 0;
    if (closed_ && !failed_) fail_locked({EM_CANCELLED, "the stream was closed", ""});
    if (status.ok()) over_ = true;
    if (!status.ok() && !failed_) {
        const Refused error = translated(status, context, client_->target(), 0);
        if (retry_locked(error)) return false;
        fail_locked(error);
    }
    came_.notify_all();
    return leave_locked();
}

bool Drive::retry_locked(const Refused &error) {
    const Clock::time_point now = Clock::now();
    if (!lost_now_) lost_at_ = now;
    lost_now_ = true;
    const double since = seconds(now - lost_at_);
    if (ending_ || error.code != EM_UNAVAILABLE || since >= reconnect_s_) return false;
    const double wait = std::min(kFirstWait * std::exp2(since / kDoubles), kMostWait);
    alarm_ = std::make_unique<grpc::Alarm>();
    const auto when = std::chrono::system_clock::now() + std::chrono::microseconds(static_cast<int64_t>(wait * 1e6));
    self_ = shared_from_this();
    alarm_->Set(when, [this](bool) { rang(); });
    return true;
}

void Drive::rang() {
    std::unique_ptr<grpc::Alarm> alarm;
    std::shared_ptr<Drive> self;
    std::unique_lock<std::mutex> lock(mutex_);
    alarm = std::move(alarm_);
    self = std::move(self_);
    const bool leaves = !again_locked();
    lock.unlock();
    release(std::move(self), leaves);
}

bool Drive::again_locked() {
    if (closed_ || ending_) {  // said while nobody could hear it
        if (closed_) fail_locked({EM_CANCELLED, "the stream was closed", ""});
        over_ = true;
        came_.notify_all();
        return !leave_locked();
    }
    state_.lost++;
    if (!played_.empty()) {
        first_number_ = played_.back().number + 1;
        first_wish_ = wishes_;
        start_.clear_before();
        for (const em_frame &frame : played_) pose_to_wire(frame.pose, start_.add_before());
        start_.mutable_resume()->Swap(start_.mutable_before(start_.before_size() - 1));
        start_.mutable_before()->RemoveLast();
    }
    connect_locked();
    return true;
}

void Drive::fail_locked(Refused error) {
    failed_ = std::make_unique<Refused>(std::move(error));
    came_.notify_all();
}

em_code Drive::rest_locked(em_error *error) const {
    if (failed_) return report(*failed_, error);
    if (over_) return report({EM_ENDED, "the stream has ended", ""}, error);
    return report(
        {EM_NOT_YET,
         lost_now_ ? "server " + client_->target() + " was lost and is being looked for" : "no frame has come yet", ""},
        error);
}

em_code Drive::next(double timeout_s, em_frame *frame, em_error *error) {
    std::unique_lock<std::mutex> lock(mutex_);
    const auto end =
        Clock::now() + std::chrono::microseconds(static_cast<int64_t>(std::clamp(timeout_s, 0.0, 3e7) * 1e6));
    while (true) {
        while (!queue_.empty()) {
            const Waiting found = queue_.front();
            queue_.pop_front();
            if (found.connection != judged_connection_) catch_up_ = {}, judged_connection_ = found.connection;
            const double due = static_cast<double>(found.number) / header_.fps;
            if (!every_frame_ && catch_up_.past(due, seconds(Clock::now().time_since_epoch()))) {
                state_.passed_over++;
                continue;
            }
            *frame = found.frame;
            return EM_OK;
        }
        if (failed_ || over_ || Clock::now() >= end) return rest_locked(error);
        came_.wait_until(lock, end);
    }
}

em_code Drive::sample(double now_s, em_frame *frame, em_error *error) {
    const std::lock_guard<std::mutex> lock(mutex_);
    if (!std::isfinite(now_s)) refuse("now_s", "now_s must be a time in seconds");
    if (!playback_ && has_header_) playback_ = std::make_unique<Playback>(header_.fps);
    for (; playback_ && !queue_.empty(); queue_.pop_front()) playback_->push(queue_.front().frame);
    if (playback_ && (failed_ || over_)) playback_->finish();
    const bool found = playback_ && playback_->sample(now_s, frame);
    state_.delay_s = found ? playback_->delay_s() : 0;
    if (found && !((failed_ || over_) && playback_->dry())) return EM_OK;
    return rest_locked(error);
}

em_code Drive::header(em_drive_header *out) {
    const std::lock_guard<std::mutex> lock(mutex_);
    if (!has_header_) return EM_NOT_YET;
    *out = header_;
    return EM_OK;
}

em_drive_state Drive::state() {
    const std::lock_guard<std::mutex> lock(mutex_);
    return state_;
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
