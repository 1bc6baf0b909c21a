// One call of a stream. gRPC's threads call it; whoever has it may send.
#pragma once

#include <deque>

#include "client.h"

namespace emomotion {

// Of a Stream: what it opens, and what brings it the replies.
template <typename Stream>
class Connection final : public grpc::ClientBidiReactor<typename Stream::Request, typename Stream::Reply> {
    using Request = typename Stream::Request;
    using Reply = typename Stream::Reply;

public:
    explicit Connection(std::shared_ptr<Stream> stream) : stream_(std::move(stream)) {}

    // Opens it; `self` is kept until it is done.
    void begin(const std::shared_ptr<Connection> &self, const Client &client, Request start) {
        std::shared_ptr<Stream> stream;
        {
            const std::lock_guard<std::mutex> lock(mutex_);
            self_ = self;
            stream = stream_;
        }
        client.introduce(context_);
        stream->call(&context_, this);
        this->AddHold();  // for those who send from outside
        this->StartRead(&reply_);
        send(std::move(start));
        this->StartCall();
    }

    // What is sent to a connection that is lost is dropped: the start of the next one says it.
    void send(Request request) {
        const std::lock_guard<std::mutex> lock(mutex_);
        if (closed_) return;
        requests_.push_back(std::move(request));
        if (requests_.size() == 1) this->StartWrite(&requests_.front());
    }

    void cancel() { context_.TryCancel(); }

    void OnWriteDone(bool ok) override {
        const std::lock_guard<std::mutex> lock(mutex_);
        if (!ok) return;  // it is lost, as the reader will find
        requests_.pop_front();
        if (!requests_.empty() && !closed_) this->StartWrite(&requests_.front());
    }

    void OnReadDone(bool ok) override {
        if (ok) stream()->took(reply_);
        // gRPC orders these calls, but says so to no tool: our own lock does.
        const std::lock_guard<std::mutex> lock(mutex_);
        if (ok) {
            this->StartRead(&reply_);
        } else {
            closed_ = true;
            this->RemoveHold();
        }
    }

    void OnDone(const grpc::Status &status) override {
        std::shared_ptr<Connection> self;
        std::shared_ptr<Stream> stream;
        {
            const std::lock_guard<std::mutex> lock(mutex_);
            self = std::move(self_);
            stream = std::move(stream_);
        }
        const bool leaves = stream->over(status, context_);
        self.reset();  // and with it this object
        Stream::release(std::move(stream), leaves);
    }

private:
    std::shared_ptr<Stream> stream() {
        const std::lock_guard<std::mutex> lock(mutex_);
        return stream_;
    }

    std::shared_ptr<Stream> stream_;
    std::shared_ptr<Connection> self_;
    grpc::ClientContext context_;
    Reply reply_;
    std::mutex mutex_;
    std::deque<Request> requests_;  // the first one is on its way
    bool closed_ = false;
};

}  // namespace emomotion
