// Against a server; the sanitizers see all of it.
#include <cstring>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "check.h"
#include "connected.h"

namespace {

em_drive *opened(em_client *client, double reconnect_s = 0) {
    em_drive_options options{};
    options.wish.text = "a person walks forward";
    options.reconnect_s = reconnect_s;
    em_drive *drive = nullptr;
    em_error error;
    if (em_drive_open(client, &options, &drive, &error) != EM_OK) throw std::runtime_error(error.message);
    return drive;
}

uint64_t read_until(em_drive *drive, uint64_t number) {
    em_frame frame{};
    em_error error{};
    while (frame.number < number)
        if (em_drive_next(drive, 20, &frame, &error) != EM_OK) throw std::runtime_error(error.message);
    return frame.number;
}

}  // namespace

TEST(live, info_tells_what_is_loaded) {
    const Connected connected(server);
    em_info *info = nullptr;
    em_error error;
    CHECK_EQUAL(em_wait_ready(connected.client, 20, &error), EM_OK);
    CHECK_EQUAL(em_get_info(connected.client, 0, &info, &error), EM_OK);
    CHECK(std::strlen(info->sha256) == 64 && info->plan_count > 0 && info->fps > 0);
    CHECK_NEAR(em_rest_height(&info->skeleton), 0.92, 0.02);
    em_info_free(info);
    em_info_free(nullptr);
}

TEST(live, a_clip_comes_frame_by_frame) {
    const Connected connected(server);
    em_request request{};
    request.text = "a person waves";
    request.seconds = 2;
    request.has_seed = 1;
    request.seed = 7;
    struct Seen {
        uint32_t promised = 0, frames = 0;
    } seen;
    em_sink sink{&seen, nullptr, nullptr};
    sink.on_header = [](void *user, const em_clip_header *header) {
        static_cast<Seen *>(user)->promised = header->frame_count;
        return 0;
    };
    sink.on_frame = [](void *user, uint32_t index, const em_pose *) {
        CHECK_EQUAL(index, static_cast<Seen *>(user)->frames++);
        return 0;
    };
    em_status status;
    em_error error;
    CHECK_EQUAL(em_generate(connected.client, &request, &sink, &status, &error), EM_OK);
    CHECK(seen.frames == 61 && seen.promised == 61 && status.seed == 7 && status.stage_count > 0);
    CHECK_EQUAL(em_generate(connected.client, &request, nullptr, nullptr, nullptr), EM_OK);
}

TEST(live, a_callback_may_end_a_clip) {
    const Connected connected(server);
    em_request request{};
    request.text = "a person waves";
    request.seconds = 30;
    em_sink sink{};
    sink.on_frame = [](void *, uint32_t index, const em_pose *) { return index == 3 ? 1 : 0; };
    em_error error;
    CHECK_EQUAL(em_generate(connected.client, &request, &sink, nullptr, &error), EM_CANCELLED);
    CHECK_HAS(error.message, "a callback ended the clip");
}

TEST(live, a_character_walks_changes_and_ends) {
    const Connected connected(server);
    em_drive *drive = opened(connected.client);
    em_error error;
    em_drive_header header;
    read_until(drive, 10);
    CHECK_EQUAL(em_drive_get_header(drive, &header), EM_OK);
    CHECK_EQUAL(header.fps, 30.0);
    em_affect anger;
    em_affect_of("anger:1", &anger, nullptr);
    em_wish wish{};
    wish.affect = &anger;
    wish.set = EM_SET_SPEED | EM_SET_HEADING;
    wish.speed = 1.2;
    wish.heading = 1;
    CHECK_EQUAL(em_drive_change(drive, &wish, &error), EM_OK);
    wish.speed = 9;
    CHECK_EQUAL(em_drive_change(drive, &wish, &error), EM_INVALID_ARGUMENT);
    CHECK_EQUAL(std::string(error.field), "speed");
    em_frame frame{};
    while (frame.affect.weights[EM_ANGER] < 1) CHECK_EQUAL(em_drive_next(drive, 20, &frame, &error), EM_OK);
    em_pose played[EM_REMEMBERED];
    CHECK(em_drive_played(drive, played, EM_REMEMBERED) > 10);
    em_drive_end(drive);
    em_drive_end(drive);
    em_code code;
    while ((code = em_drive_next(drive, 20, &frame, &error)) == EM_OK) {}
    CHECK_EQUAL(code, EM_ENDED);
    em_drive_state state;
    em_drive_get_state(drive, &state);
    CHECK(state.ended && state.frame_count == frame.number + 1 && state.received == state.frame_count &&
          !state.connected);
    em_drive_close(drive);
}

TEST(live, a_character_is_sampled_for_rendered_frames) {
    const Connected connected(server);
    em_drive *drive = opened(connected.client);
    em_frame frame{};
    em_error error;
    CHECK_EQUAL(em_drive_sample(drive, 0, &frame, &error), EM_NOT_YET);
    double most = 0;
    float before = -1;
    for (int i = 0; i < 120; i++) {
        if (em_drive_sample(drive, i / 60.0, &frame, &error) == EM_OK) {
            if (before >= 0) most = std::max(most, static_cast<double>(std::abs(frame.pose.root[2] - before)));
            before = frame.pose.root[2];
        }
        std::this_thread::sleep_for(std::chrono::microseconds(16600));
    }
    CHECK(before > 0.5 && most < 0.12);
    em_drive_state state;
    em_drive_get_state(drive, &state);
    CHECK(state.delay_s > 0 && state.delay_s < 0.2);
    em_drive_close(drive);
}

TEST(live, a_stream_goes_on_from_the_poses_of_another) {
    const Connected connected(server);
    em_drive *drive = opened(connected.client);
    read_until(drive, 40);
    em_pose played[EM_REMEMBERED];
    const uint32_t count = em_drive_played(drive, played, EM_REMEMBERED);
    em_drive_close(drive);
    em_drive_options options{};
    options.wish.text = "a person walks forward";
    options.resume = played;
    options.resume_count = count;
    em_error error;
    CHECK_EQUAL(em_drive_open(connected.client, &options, &drive, &error), EM_OK);
    em_frame frame;
    CHECK_EQUAL(em_drive_next(drive, 20, &frame, &error), EM_OK);
    CHECK_NEAR(frame.pose.root[2], played[count - 1].root[2], 0.15);
    em_drive_close(drive);
}

TEST(live, closing_the_client_ends_everything) {
    for (int i = 0; i < 5; i++) {
        auto connected = std::make_unique<Connected>(server);
        em_drive *drive = opened(connected->client, 60);
        if (i % 2) read_until(drive, 2);
        std::thread reader([&] {
            em_frame frame;
            em_error error;
            em_code code;
            while ((code = em_drive_next(drive, 20, &frame, &error)) == EM_OK) {}
            if (code != EM_CANCELLED) std::abort();
        });
        connected.reset();
        reader.join();
        em_drive_close(drive);
    }
}

TEST(live, what_is_wrong_is_named) {
    em_client *client = nullptr;
    em_error error;
    em_connection how{};
    for (const char *wrong : {"localhost", "localhost:0", "localhost:99999", "http://localhost:1", ""}) {
        how.server = wrong;
        CHECK_EQUAL(em_connect(&how, &client, &error), EM_INVALID_ARGUMENT);
        CHECK_HAS(error.message, "server must be HOST:PORT");
    }
    how.server = "localhost:1";
    how.token = "two words";
    CHECK_EQUAL(em_connect(&how, &client, &error), EM_INVALID_ARGUMENT);
    how.token = nullptr;
    how.tls_ca = "no-such-file.pem";
    CHECK_EQUAL(em_connect(&how, &client, &error), EM_INVALID_ARGUMENT);
    CHECK_HAS(error.message, "no-such-file.pem");
    const Connected nobody("localhost:1");
    em_info *info = nullptr;
    CHECK_EQUAL(em_get_info(nobody.client, 5, &info, &error), EM_UNAVAILABLE);
    CHECK_HAS(error.message, "no server answers at localhost:1; start one with: emomotion serve");
    em_drive *drive = opened(nobody.client);
    em_frame frame;
    CHECK_EQUAL(em_drive_next(drive, 20, &frame, &error), EM_UNAVAILABLE);
    em_drive_close(drive);
    const Connected connected(server);
    em_request request{};
    request.text = "a person waves";
    request.seconds = 99;
    CHECK_EQUAL(em_generate(connected.client, &request, nullptr, nullptr, &error), EM_INVALID_ARGUMENT);
    CHECK_EQUAL(std::string(error.field), "seconds");
    em_close(nullptr);
    em_drive_close(nullptr);
}

// The server is killed and started again by whoever runs this, once this says so.
TEST(lost, a_character_goes_on_when_the_server_is_back) {
    const Connected connected(server);
    em_drive *drive = opened(connected.client, 60);
    const uint64_t before = read_until(drive, 20);
    std::printf("kill it\n");
    std::fflush(stdout);
    em_drive_state state{};
    em_frame frame{};
    em_error error{};
    uint64_t last = before;
    bool heard = false;
    while (!state.lost || frame.number < last + 10) {
        const em_code code = em_drive_next(drive, 0.05, &frame, &error);
        em_drive_get_state(drive, &state);
        if (!state.lost) last = code == EM_OK ? frame.number : last;
        if (code == EM_NOT_YET) {
            heard = heard || std::strstr(error.message, "was lost and is being looked for");
            continue;
        }
        CHECK_EQUAL(code, EM_OK);
    }
    CHECK(heard);
    // While nobody is there, leaving must not wait for the patience of the stream.
    em_drive *second = opened(connected.client, 60);
    read_until(second, 2);
    std::printf("kill it for good\n");
    std::fflush(stdout);
    while (em_drive_next(second, 0.1, &frame, &error) == EM_OK) {}
    em_drive_end(second);
    em_drive_close(drive);
    em_code code;
    while ((code = em_drive_next(second, 20, &frame, &error)) == EM_OK) {}
    CHECK(code == EM_ENDED || code == EM_UNAVAILABLE);
    em_drive_close(second);
}
