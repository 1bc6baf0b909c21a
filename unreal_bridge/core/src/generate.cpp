#include <algorithm>

#include "affect.h"
#include "wire.h"

namespace emomotion {
namespace {

wire::GenerateRequest request_to_wire(const em_request &request) {
    wire::GenerateRequest out;
    if (!request.text) refuse("text", "text must be set; say what the character does, e.g. 'a person walks forward'");
    check_text(request.text);
    out.set_text(request.text);
    if (request.affect) {
        check_affect(*request.affect);
        affect_to_wire(*request.affect, out.mutable_affect());
    }
    // Ranges are for the server to judge: it knows its own limits.
    if (request.seconds != 0) out.set_seconds(request.seconds);
    if (request.has_seed) out.set_seed(request.seed);
    if (request.plan) out.set_plan(request.plan);
    if (request.generator) out.set_generator(request.generator);
    if (request.fps != 0) out.set_fps(request.fps);
    if (request.budget_ms != 0) out.set_budget_ms(request.budget_ms);
    return out;
}

// Hands the parts on, and holds the server to the order: header, chunks without gap, status, nothing more.
class Reader {
public:
    Reader(const em_sink *sink, em_status *status) : sink_(sink ? *sink : em_sink{}), status_(status) {}

    // False where a callback has had enough.
    bool take(const wire::GenerateReply &reply) {
        const auto kind = reply.part_case();
        if (ended_ || (kind == wire::GenerateReply::kHeader) == begun_) broken("a part came out of order");
        if (kind == wire::GenerateReply::kHeader) return header(reply.header());
        if (kind == wire::GenerateReply::kChunk) return chunk(reply.chunk());
        if (kind != wire::GenerateReply::kStatus) broken("a part of unknown kind came; update the library");
        ended_ = true;
        if (status_) fill(reply.status());
        return true;
    }

    void check_end() const {
        if (!ended_ || frames_ != frame_count_)
            broken("the clip ended after " + std::to_string(frames_) + " frames, incomplete");
    }

private:
    bool header(const wire::MotionHeader &found) {
        begun_ = true;
        frame_count_ = found.frame_count();
        const em_clip_header header{skeleton_from_wire(found.skeleton()), found.fps(), frame_count_};
        return !sink_.on_header || sink_.on_header(sink_.user, &header) == 0;
    }

    bool chunk(const wire::MotionChunk &found) {
        const auto n = static_cast<int>(found.frame_count());
        if (found.start_frame() != frames_)
            broken("frame " + std::to_string(found.start_frame()) + " came where frame " + std::to_string(frames_) +
                   " was due");
        if (n <= 0 || n > 256 || found.rotations_size() != n * 4 * EM_JOINTS || found.root_size() != n * 3 ||
            found.contacts_size() != n * EM_CONTACTS)
            broken("a chunk of " + std::to_string(n) + " frames is not whole");
        for (int i = 0; i < n; i++) {
            em_pose pose;
            std::copy_n(found.rotations().data() + i * 4 * EM_JOINTS, 4 * EM_JOINTS, pose.rotations);
            std::copy_n(found.root().data() + i * 3, 3, pose.root);
            std::copy_n(found.contacts().data() + i * EM_CONTACTS, EM_CONTACTS, pose.contacts);
            if (sink_.on_frame && sink_.on_frame(sink_.user, frames_ + static_cast<uint32_t>(i), &pose) != 0)
                return false;
        }
        frames_ += static_cast<uint32_t>(n);
        return true;
    }

    void fill(const wire::GenerateStatus &found) const {
        *status_ = {};
        const auto &used = found.used();
        status_->affect = affect_from_wire(used.affect());
        status_->seconds = used.seconds();
        status_->fps = used.fps();
        status_->seed = used.seed();
        copy_text(status_->plan, used.plan());
        copy_text(status_->generator, used.generator());
        copy_text(status_->sha256, found.bundle_sha256());
        status_->degraded = found.degraded();
        status_->has_budget_left = found.has_budget_left_ms();
        status_->budget_left_ms = found.budget_left_ms();
        for (const auto &stage : found.stages()) {
            if (status_->stage_count == std::size(status_->stages)) break;
            em_stage &out = status_->stages[status_->stage_count++];
            copy_text(out.name, stage.stage());
            out.ms = stage.ms();
            out.passes = stage.passes();
        }
    }

    const em_sink sink_;
    em_status *const status_;
    bool begun_ = false, ended_ = false;
    uint32_t frame_count_ = 0, frames_ = 0;
};

em_code generate(const std::shared_ptr<Client> &client, const em_request &request, const em_sink *sink,
                 em_status *status) {
    const wire::GenerateRequest message = request_to_wire(request);
    const double timeout_s = request.timeout_s > 0 ? request.timeout_s : 120;
    Call call(client, timeout_s);
    const auto stream = client->motion().Generate(&call.context, message);
    Reader reader(sink, status);
    wire::GenerateReply reply;
    try {
        while (stream->Read(&reply))
            if (!reader.take(reply)) throw Refused{EM_CANCELLED, "a callback ended the clip", ""};
    } catch (...) {
        call.cancel();  // a stream must be read to its end, or cancelled, before it is left
        while (stream->Read(&reply)) {}
        stream->Finish();
        throw;
    }
    const grpc::Status end = stream->Finish();
    if (!end.ok()) throw translated(end, call.context, client->target(), timeout_s);
    reader.check_end();
    return EM_OK;
}

}  // namespace
}  // namespace emomotion

using namespace emomotion;

extern "C" em_code em_generate(em_client *client, const em_request *request, const em_sink *sink, em_status *status,
                               em_error *error) {
    return guarded(error, [&] {
        if (!client || !request) refuse("client", "em_generate needs a client and a request");
        return generate(client->shared, *request, sink, status);
    });
}
