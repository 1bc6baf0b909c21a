#include <deque>
#include <memory>

#include "wire.h"

namespace emomotion {
namespace {

// The struct first, so that the pointer to it is the pointer to all of it.
struct OwnedInfo {
    em_info info{};
    std::deque<std::string> texts;  // never moves what it holds
    std::unique_ptr<em_plan[]> plans;

    const char *keep(const std::string &text) { return texts.emplace_back(text).c_str(); }
};

OwnedInfo *owned(const wire::GetInfoReply &reply) {
    auto out = std::make_unique<OwnedInfo>();
    em_info &info = out->info;
    const auto &bundle = reply.bundle();
    info.name = out->keep(bundle.name());
    info.version = out->keep(bundle.version());
    info.sha256 = out->keep(bundle.sha256());
    info.licence = out->keep(bundle.licence());
    info.attribution = out->keep(bundle.attribution());
    info.fps = bundle.fps();
    info.plan_count = static_cast<uint32_t>(reply.plans_size());
    out->plans = std::make_unique<em_plan[]>(info.plan_count);
    for (uint32_t i = 0; i < info.plan_count; i++) {
        const auto &plan = reply.plans(static_cast<int>(i));
        out->plans[i] = {out->keep(plan.name()), out->keep(plan.generator()), plan.is_default(), plan.expected_ms()};
    }
    info.plans = out->plans.get();
    for (const auto &entry : reply.emotions()) {
        if (entry.emotion() < 1 || entry.emotion() > EM_EMOTIONS) broken("an emotion is unknown; update the library");
        info.evidence[entry.emotion() - 1] = static_cast<em_evidence>(entry.evidence());
        info.minutes[entry.emotion() - 1] = entry.minutes();
    }
    info.skeleton = skeleton_from_wire(reply.skeleton());
    const auto &limits = reply.limits();
    info.min_seconds = limits.min_seconds();
    info.max_seconds = limits.max_seconds();
    info.min_fps = limits.min_fps();
    info.max_fps = limits.max_fps();
    info.max_text_chars = limits.max_text_chars();
    return out.release();
}

}  // namespace
}  // namespace emomotion

using namespace emomotion;

extern "C" {

em_code em_get_info(em_client *client, double timeout_s, em_info **info, em_error *error) {
    return guarded(error, [&] {
        if (!client || !info) refuse("client", "em_get_info needs a client and a place for the result");
        if (!(timeout_s > 0)) timeout_s = 10;
        Call call(client->shared, timeout_s);
        wire::GetInfoReply reply;
        const grpc::Status status = client->shared->motion().GetInfo(&call.context, {}, &reply);
        if (!status.ok()) throw translated(status, call.context, client->shared->target(), timeout_s);
        *info = &owned(reply)->info;
        return EM_OK;
    });
}

void em_info_free(em_info *info) {
    static_assert(offsetof(OwnedInfo, info) == 0, "the struct comes first");
    delete reinterpret_cast<OwnedInfo *>(info);
}

}  // extern "C"
