// One stream of LiveService.Drive. gRPC's threads call it; whoever has it may send.
#pragma once

#include <deque>

#include "drive.h"

namespace emomotion {

class Connection final : public grpc::ClientBidiReactor<wire::DriveRequest, wire::DriveReply> {
public:
    explicit Connection(std::shared_ptr<Drive> drive) : drive_(std::move(drive)) {}

    // Opens it; `self` is kept until it is done.
    void begin(const std::shared_ptr<Connection> &self, const Client &client, wire::DriveRequest start) {
        {
            const std::lock_guard<std::mutex> lock(mutex_);
            self_ = self;
        }
        client.introduce(context_);
        client.live().async()->Drive(&context_, this);
        AddHold();  // for those who send from outside
        StartRead(&reply_);
        send(std::move(start));
        StartCall();
    }

    // What is sent to a connection that is lost is dropped: the start of the next one says it.
    void send(wire::DriveRequest request) {
        const std::lock_guard<std::mutex> lock(mutex_);
        if (closed_) return;
        requests_.push_back(std::move(request));
        if (requests_.size() == 1) StartWrite(&requests_.front());
    }

    void cancel() { context_.TryCancel(); }

    void OnWriteDone(bool ok) override {
        const std::lock_guard<std::mutex> lock(mutex_);
        if (!ok) return;  // it is lost, as the reader will find
        requests_.pop_front();
        if (!requests_.empty() && !closed_) StartWrite(&requests_.front());
    }

    void OnReadDone(bool ok) override {
        if (ok) drive()->took(reply_);
        // gRPC orders these calls, but says so to no tool: our own lock does.
        const std::lock_guard<std::mutex> lock(mutex_);
        if (ok) {
            StartRead(&reply_);
        } else {
            closed_ = true;
            RemoveHold();
        }
    }

    void OnDone(const grpc::Status &status) override {
        std::shared_ptr<Connection> self;
        std::shared_ptr<Drive> drive;
        {
            const std::lock_guard<std::mutex> lock(mutex_);
            self = std::move(self_);
            drive = std::move(drive_);
        }
        const bool leaves = drive->over(status, context_);
        self.reset();  // and with it this object
        Drive::release(std::move(drive), leaves);
    }

private:
    std::shared_ptr<Drive> drive() {
        const std::lock_guard<std::mutex> lock(mutex_);
        return drive_;
    }

    std::shared_ptr<Drive> drive_;
    std::shared_ptr<Connection> self_;
    grpc::ClientContext context_;
    wire::DriveReply reply_;
    std::mutex mutex_;
    std::deque<wire::DriveRequest> requests_;  // the first one is on its way
    bool closed_ = false;
};

}  // namespace emomotion
