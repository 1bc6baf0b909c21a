// What live characters and faces have in common: frames that come in real time, over as many connections as it takes.
#pragma once

#include <grpcpp/alarm.h>

#include <algorithm>
#include <cmath>
#include <deque>

#include "catch_up.h"
#include "connection.h"
#include "playback.h"
#include "wire.h"

namespace emomotion {

// Frames wait here until they are taken, by `next` or by `sample`. A Frame has a `number`.
template <typename Request_, typename Reply_, typename Frame>
class Stream : public Running, public std::enable_shared_from_this<Stream<Request_, Reply_, Frame>> {
public:
    using Request = Request_;
    using Reply = Reply_;

    void open() {
        client_->enter(this);
        const std::lock_guard<std::mutex> lock(mutex_);
        connect_locked();
    }

    void end() {
        const std::lock_guard<std::mutex> lock(mutex_);
        if (ending_) return;
        ending_ = true;  // a stream that was told to end is not opened again only to be ended
        send_locked(last());
    }

    // From the client, which is being closed.
    bool cancel() override {
        const std::lock_guard<std::mutex> lock(mutex_);
        closed_ = true;
        if (connection_) connection_->cancel();
        if (alarm_) alarm_->Cancel();
        return !connection_ && !alarm_ && leave_locked();
    }

    void close() {
        // The same, but that the client is not being closed and has to be told.
        if (cancel()) client_->leave(this);
    }

    em_code next(double timeout_s, Frame *frame, em_error *error) {
        std::unique_lock<std::mutex> lock(mutex_);
        const auto end =
            Clock::now() + std::chrono::microseconds(static_cast<int64_t>(std::clamp(timeout_s, 0.0, 3e7) * 1e6));
        while (true) {
            while (!queue_.empty()) {
                const Waiting found = queue_.front();
                queue_.pop_front();
                if (found.connection != judged_connection_) catch_up_ = {}, judged_connection_ = found.connection;
                if (!every_frame_ && catch_up_.past(found.due, seconds(Clock::now().time_since_epoch()))) {
                    passed_over_++;
                    continue;
                }
                *frame = found.frame;
                return EM_OK;
            }
            if (failed_ || over_ || Clock::now() >= end) return rest_locked(error);
            came_.wait_until(lock, end);
        }
    }

    em_code sample(double now_s, Frame *frame, em_error *error) {
        const std::lock_guard<std::mutex> lock(mutex_);
        if (!std::isfinite(now_s)) refuse("now_s", "now_s must be a time in seconds");
        if (!playback_ && fps_ > 0) playback_ = std::make_unique<Playback<Frame>>(fps_);
        for (; playback_ && !queue_.empty(); queue_.pop_front()) playback_->push(queue_.front().frame);
        if (playback_ && (failed_ || over_)) playback_->finish();
        const bool found = playback_ && playback_->sample(now_s, frame);
        delay_s_ = found ? playback_->delay_s() : 0;
        if (found && !((failed_ || over_) && playback_->dry())) return EM_OK;
        return rest_locked(error);
    }

    // Opens the call.
    virtual void call(grpc::ClientContext *context, grpc::ClientBidiReactor<Request, Reply> *reactor) = 0;

    // From the connection, on gRPC's threads.
    void took(const Reply &reply) {
        const std::lock_guard<std::mutex> lock(mutex_);
        if (failed_ || closed_) return;
        try {
            take_locked(reply);
        } catch (const Refused &error) {
            fail_locked(error);
            connection_->cancel();
        }
    }

    // True if nothing goes on: release it then.
    bool over(const grpc::Status &status, const grpc::ClientContext &context) {
        const std::lock_guard<std::mutex> lock(mutex_);
        connection_.reset();
        connected_ = false;
        if (closed_ && !failed_) fail_locked({EM_CANCELLED, "the stream was closed", ""});
        if (status.ok()) over_ = true;
        if (!status.ok() && !failed_) {
            const Refused error = reason(status, context);
            if (retry_locked(error)) return false;
            fail_locked(error);
        }
        came_.notify_all();
        return leave_locked();
    }

    // The last that a thread of gRPC does with a stream. It must never be the one that gives back the client: the
    // channel would wait for that very thread. Until it has gone, whoever closes the client waits, and holds it; but
    // nobody may find a stream there that is no more.
    static void release(std::shared_ptr<Stream> stream, bool leaves) {
        Client *client = stream->client_.get();
        if (leaves) client->going(stream.get());
        stream.reset();
        if (leaves) client->gone();
    }

protected:
    Stream(std::shared_ptr<Client> client, double reconnect_s, bool every_frame)
        : client_(std::move(client)), reconnect_s_(reconnect_s), every_frame_(every_frame) {
        if (!(reconnect_s_ >= 0)) refuse("reconnect_s", "reconnect_s must be 0 or more");
    }

    // The first message of a connection, with everything that was said since the stream began.
    virtual Request first_locked() const = 0;
    // What tells the server that no more is wanted.
    virtual Request last() const = 0;
    // Takes a reply; throws what the server should not have sent.
    virtual void take_locked(const Reply &reply) = 0;
    // The stream is to be opened again, after `played` frames in all.
    virtual void resume_locked(bool played) = 0;
    // Why a connection ended.
    virtual Refused reason(const grpc::Status &status, const grpc::ClientContext &context) const {
        return translated(status, context, client_->target(), 0);
    }

    void begun_locked(double fps) {
        if (!(fps >= 1 && fps <= 1000)) broken("a frame rate of " + std::to_string(fps));
        fps_ = fps;
        connected_ = true;
    }

    // A frame has come, numbered by its connection; `due_s` is when it was meant for, by the server's clock. Returns it
    // numbered by the stream.
    const Frame &frame_locked(Frame frame, double due_s) {
        if (!(fps_ > 0)) broken("a frame came before the header");
        frame.number += first_number_;
        next_number_ = frame.number + 1;
        lost_now_ = false;
        received_++;
        queue_.push_back({connections_, due_s, frame});
        if (queue_.size() > (every_frame_ ? kMostWaitingOfEvery : kMostWaiting)) {
            queue_.pop_front();
            passed_over_++;
        }
        came_.notify_one();
        return queue_.back().frame;
    }

    void send_locked(Request request) {
        if (connection_) connection_->send(std::move(request));
    }

    const std::shared_ptr<Client> client_;
    std::mutex mutex_;
    bool connected_ = false;
    uint32_t lost_ = 0;
    uint64_t received_ = 0, passed_over_ = 0;
    double delay_s_ = 0, fps_ = 0;

private:
    struct Waiting {
        uint32_t connection;  // which one it came by
        double due;           // by that connection's clock
        Frame frame;
    };
    using Clock = std::chrono::steady_clock;

    // Between two attempts to open a lost stream again; the wait doubles every fifth of a second.
    static constexpr double kFirstWait = 0.05, kMostWait = 0.5, kDoubles = 0.2;
    // Frames that wait for somebody to take them: what is a quarter of a second old is passed over anyway.
    static constexpr size_t kMostWaiting = 256, kMostWaitingOfEvery = 18000;

    static double seconds(Clock::duration time) { return std::chrono::duration<double>(time).count(); }

    void connect_locked() {
        connections_++;
        connection_ = std::make_shared<Connection<Stream>>(this->shared_from_this());
        connection_->begin(connection_, *client_, first_locked());
    }

    bool leave_locked() {
        const bool leaves = !left_;
        left_ = true;
        return leaves;
    }

    bool retry_locked(const Refused &error) {
        const Clock::time_point now = Clock::now();
        if (!lost_now_) lost_at_ = now;
        lost_now_ = true;
        const double since = seconds(now - lost_at_);
        if (ending_ || error.code != EM_UNAVAILABLE || since >= reconnect_s_) return false;
        const double wait = std::min(kFirstWait * std::exp2(since / kDoubles), kMostWait);
        alarm_ = std::make_unique<grpc::Alarm>();
        const auto when =
            std::chrono::system_clock::now() + std::chrono::microseconds(static_cast<int64_t>(wait * 1e6));
        self_ = this->shared_from_this();
        alarm_->Set(when, [this](bool) { rang(); });
        return true;
    }

    void rang() {
        std::unique_ptr<grpc::Alarm> alarm;
        std::shared_ptr<Stream> self;
        std::unique_lock<std::mutex> lock(mutex_);
        alarm = std::move(alarm_);
        self = std::move(self_);
        const bool leaves = !again_locked();
        lock.unlock();
        release(std::move(self), leaves);
    }

    bool again_locked() {
        if (closed_ || ending_) {  // said while nobody could hear it
            if (closed_) fail_locked({EM_CANCELLED, "the stream was closed", ""});
            over_ = true;
            came_.notify_all();
            return !leave_locked();
        }
        lost_++;
        first_number_ = next_number_;
        resume_locked(next_number_ > 0);
        connect_locked();
        return true;
    }

    void fail_locked(Refused error) {
        failed_ = std::make_unique<Refused>(std::move(error));
        came_.notify_all();
    }

    // What is said where no frame is left: ended, failed, or not yet.
    em_code rest_locked(em_error *error) const {
        if (failed_) return report(*failed_, error);
        if (over_) return report({EM_ENDED, "the stream has ended", ""}, error);
        return report(
            {EM_NOT_YET,
             lost_now_ ? "server " + client_->target() + " was lost and is being looked for" : "no frame has come yet",
             ""},
            error);
    }

    const double reconnect_s_;
    const bool every_frame_;
    std::condition_variable came_;
    std::shared_ptr<Connection<Stream>> connection_;  // null between two
    std::unique_ptr<grpc::Alarm> alarm_;              // set while the next one is waited for, as is the next line
    std::shared_ptr<Stream> self_;
    bool lost_now_ = false, ending_ = false, closed_ = false, left_ = false, over_ = false;
    Clock::time_point lost_at_;
    std::unique_ptr<Refused> failed_;

    uint32_t connections_ = 0, judged_connection_ = 0;
    uint64_t first_number_ = 0, next_number_ = 0;
    std::deque<Waiting> queue_;
    CatchUp catch_up_;
    std::unique_ptr<Playback<Frame>> playback_;
};

}  // namespace emomotion
