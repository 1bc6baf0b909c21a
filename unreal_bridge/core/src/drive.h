// A live character: what it was told and what it showed.
#pragma once

#include "stream.h"

namespace emomotion {

class Drive final : public Stream<wire::DriveRequest, wire::DriveReply, em_frame> {
public:
    // Refuses what the server would refuse.
    Drive(std::shared_ptr<Client> client, const em_drive_options &options);

    void change(const em_wish &wish);
    em_code header(em_drive_header *out);
    em_drive_state state();
    uint32_t played(em_pose *poses, uint32_t capacity);

    void call(grpc::ClientContext *context, grpc::ClientBidiReactor<Request, Reply> *reactor) override;

private:
    Request first_locked() const override;
    Request last() const override;
    void take_locked(const Reply &reply) override;
    void resume_locked(bool played) override;

    wire::DriveStart start_;  // with everything that was said since
    uint32_t wishes_ = 0, first_wish_ = 0;
    std::deque<em_frame> played_;
    em_drive_header header_{};
    wire::DriveEnded ended_;
    bool has_ended_ = false;
};

}  // namespace emomotion

struct em_drive {
    std::shared_ptr<emomotion::Drive> shared;
};
