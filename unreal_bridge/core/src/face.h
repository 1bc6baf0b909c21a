// A face that shows a feeling: what it was told, and the blendshapes that came.
#pragma once

#include <array>

#include "stream.h"

namespace emomotion {

// What a wish says goes into `out`, whatever is there already; refuses what the server would refuse.
void face_wish_to_wire(const em_face_wish &wish, wire::ExpressChange *out);
// What the change says replaces what the wish said before. The wire takes a change without visemes for silence, so one
// that says nothing of them gets those of the wish.
void merge_face_change(wire::ExpressChange *change, wire::ExpressChange *wish, bool speaks);

class Face final : public Stream<wire::ExpressRequest, wire::FaceReply, em_face_frame> {
public:
    // Refuses what the server would refuse.
    Face(std::shared_ptr<Client> client, const em_face_options &options);

    void change(const em_face_wish &wish);
    em_code header(em_face_header *out);
    em_face_state state();

    void call(grpc::ClientContext *context, grpc::ClientBidiReactor<Request, Reply> *reactor) override;

private:
    Request first_locked() const override;
    Request last() const override;
    void take_locked(const Reply &reply) override;
    void resume_locked(bool played) override;
    Refused reason(const grpc::Status &status, const grpc::ClientContext &context) const override;

    wire::ExpressStart start_;  // with everything that was said since
    em_face_header header_{};
    std::array<int, EM_SHAPES> place_{};  // of each shape in the server's frames
    int names_ = 0;                       // that the server sends
    uint64_t left_out_ = 0;               // of this connection, which the server does not number
};

}  // namespace emomotion

struct em_face {
    std::shared_ptr<emomotion::Face> shared;
};
