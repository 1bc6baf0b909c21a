// A live character: what it was told and what it showed, over as many connections as it takes.
#pragma once

#include <grpcpp/alarm.h>

#include <deque>

#include "catch_up.h"
#include "playback.h"
#include "wire.h"

namespace emomotion {

class Connection;

class Drive : public Running, public std::enable_shared_from_this<Drive> {
public:
    // Refuses what the server would refuse.
    Drive(std::shared_ptr<Client> client, const em_drive_options &options);

    void open();
    void change(const em_wish &wish);
    void end();
    void close();
    em_code next(double timeout_s, em_frame *frame, em_error *error);
    em_code sample(double now_s, em_frame *frame, em_error *error);
    em_code header(em_drive_header *out);
    em_drive_state state();
    uint32_t played(em_pose *poses, uint32_t capacity);

    // From the client, which is being closed.
    bool cancel() override;
    // From the connection, on gRPC's threads.
    void took(const wire::DriveReply &reply);
    // True if nothing goes on: release it then.
    bool over(const grpc::Status &status, const grpc::ClientContext &context);
    // The last that a thread of gRPC does with a stream. It must never be the one that gives back the client: the
    // channel would wait for that very thread. While a stream has not left, whoever closes the client waits, and holds
    // it.
    static void release(std::shared_ptr<Drive> drive, bool leaves);

private:
    struct Waiting {
        uint32_t connection;  // which one it came by
        uint64_t number;      // by that connection's count
        em_frame frame;
    };
    using Clock = std::chrono::steady_clock;

    void connect_locked();
    void rang();
    bool again_locked();
    bool leave_locked();
    void take_frame_locked(const wire::DriveFrame &message);
    bool retry_locked(const Refused &error);
    void fail_locked(Refused error);
    // What is said where no frame is left: ended, failed, or not yet.
    em_code rest_locked(em_error *error) const;

    const std::shared_ptr<Client> client_;
    const double reconnect_s_;
    const bool every_frame_;

    std::mutex mutex_;
    std::condition_variable came_;
    wire::DriveStart start_;  // with everything that was said since
    uint32_t wishes_ = 0, first_wish_ = 0, connections_ = 0;
    uint64_t first_number_ = 0;
    std::shared_ptr<Connection> connection_;  // null between two
    std::unique_ptr<grpc::Alarm> alarm_;      // set while the next one is waited for, as is the next line
    std::shared_ptr<Drive> self_;
    bool lost_now_ = false, ending_ = false, closed_ = false, left_ = false, over_ = false;
    Clock::time_point lost_at_;
    std::unique_ptr<Refused> failed_;

    std::deque<Waiting> queue_;
    std::deque<em_frame> played_;
    uint32_t judged_connection_ = 0;
    CatchUp catch_up_;
    std::unique_ptr<Playback> playback_;
    bool has_header_ = false;
    em_drive_header header_{};
    em_drive_state state_{};
};

}  // namespace emomotion

struct em_drive {
    std::shared_ptr<emomotion::Drive> shared;
};
