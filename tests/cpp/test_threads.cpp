// Everything at once on shared handles: the thread rule of the header, for the thread sanitizer.
#include <atomic>
#include <thread>
#include <vector>

#include "check.h"
#include "emomotion.h"

TEST(threads, one_character_is_told_read_and_looked_at_by_many) {
    em_connection how{};
    how.server = server.c_str();
    em_client *client = nullptr;
    em_error error;
    CHECK_EQUAL(em_connect(&how, &client, &error), EM_OK);
    em_drive_options options{};
    options.wish.text = "a person walks forward";
    options.reconnect_s = 10;
    em_drive *drive = nullptr;
    CHECK_EQUAL(em_drive_open(client, &options, &drive, &error), EM_OK);

    std::atomic<bool> done{false};
    std::atomic<int> frames{0}, wrong{0};
    std::vector<std::thread> threads;
    const auto run = [&](auto work) {
        threads.emplace_back([&, work] {
            for (int i = 0; !done; i++) {
                if (!work(i)) wrong++;
                std::this_thread::sleep_for(std::chrono::milliseconds(2));
            }
        });
    };
    run([&](int) {  // reads
        em_frame frame;
        const em_code code = em_drive_next(drive, 0.01, &frame, nullptr);
        frames += code == EM_OK;
        return code == EM_OK || code == EM_NOT_YET;
    });
    for (int k = 0; k < 2; k++)
        run([&, k](int i) {  // tells
            em_wish wish{};
            wish.set = EM_SET_SPEED;
            wish.speed = 0.8 + 0.1 * ((i + k) % 4);
            wish.text = i % 20 ? nullptr : "a person waves";
            return em_drive_change(drive, &wish, nullptr) == EM_OK;
        });
    run([&](int) {  // looks
        em_drive_state state;
        em_drive_header header;
        em_pose poses[EM_REMEMBERED];
        em_drive_get_state(drive, &state);
        em_drive_get_header(drive, &header);
        return em_drive_played(drive, poses, EM_REMEMBERED) <= EM_REMEMBERED;
    });
    run([&](int) {  // asks for clips on the same connection
        em_request request{};
        request.text = "a person jumps";
        request.seconds = 1;
        return em_generate(client, &request, nullptr, nullptr, nullptr) == EM_OK;
    });
    run([&](int) {  // opens and leaves other characters
        em_drive *other = nullptr;
        if (em_drive_open(client, &options, &other, nullptr) != EM_OK) return false;
        em_frame frame;
        em_drive_sample(other, 0, &frame, nullptr);
        em_drive_close(other);
        return true;
    });
    std::this_thread::sleep_for(std::chrono::milliseconds(2500));
    done = true;
    for (std::thread &thread : threads) thread.join();
    CHECK_EQUAL(wrong.load(), 0);
    CHECK(frames > 20);
    em_close(client);
    em_drive_close(drive);
}
