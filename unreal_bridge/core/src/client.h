// A connection, and everything that runs on it.
#pragma once

#include <grpcpp/grpcpp.h>

#include <condition_variable>
#include <memory>
#include <mutex>
#include <string>
#include <unordered_set>

#include "abi.h"
#include "emomotion/v1/face.grpc.pb.h"
#include "emomotion/v1/live.grpc.pb.h"
#include "emomotion/v1/motion.grpc.pb.h"

namespace emomotion {

namespace wire = ::emomotion::v1;

// Something that runs and can be told to stop.
class Running {
public:
    virtual ~Running() = default;
    // Stop, at once or soon; must not wait. True if it has stopped already and leaves with this call.
    virtual bool cancel() = 0;
};

// Shared by the handle, by calls and by streams; lives as long as one of them.
class Client {
public:
    // Refuses an address without a port, a token that no header can hold, files that cannot be read.
    explicit Client(const em_connection &how);

    const std::string &target() const { return target_; }
    const std::shared_ptr<grpc::Channel> &channel() const { return channel_; }
    wire::MotionService::StubInterface &motion() const { return *motion_; }
    wire::LiveService::Stub &live() const { return *live_; }
    wire::FaceService::Stub &face() const { return *face_; }

    // Who is calling, in the call's metadata.
    void introduce(grpc::ClientContext &context) const;

    // Refuses when the client was closed. What enters must leave.
    void enter(Running *running);
    void leave(Running *running);
    // The same in two steps: it is not found here any more, but waited for.
    void going(Running *running);
    void gone();
    // Cancels everything and waits until it has left.
    void close();

private:
    std::string target_, token_;
    std::shared_ptr<grpc::Channel> channel_;
    std::unique_ptr<wire::MotionService::Stub> motion_;
    std::unique_ptr<wire::LiveService::Stub> live_;
    std::unique_ptr<wire::FaceService::Stub> face_;
    std::mutex mutex_;
    std::condition_variable left_;
    std::unordered_set<Running *> running_;
    int going_ = 0;
    bool closed_ = false;
};

// One call on the thread of its caller: cancelled when the client is closed.
class Call : public Running {
public:
    Call(std::shared_ptr<Client> client, double timeout_s);
    ~Call() override;
    bool cancel() override {
        context.TryCancel();
        return false;
    }

    grpc::ClientContext context;

private:
    std::shared_ptr<Client> client_;
};

// The SDK's error for one of gRPC: what is wrong and what to do.
Refused translated(const grpc::Status &status, const grpc::ClientContext &context, const std::string &target,
                   double timeout_s);

}  // namespace emomotion

struct em_client {
    std::shared_ptr<emomotion::Client> shared;
};
