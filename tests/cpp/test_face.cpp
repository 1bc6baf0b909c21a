// Faces: what a wish says, and frames of a server under the sanitizers.
#include "face.h"

#include <atomic>
#include <thread>

#include "check.h"
#include "connected.h"

namespace {

em_face *shown(em_client *client, double reconnect_s = 0) {
    em_face_options options{};
    options.reconnect_s = reconnect_s;
    em_face *face = nullptr;
    em_error error;
    if (em_face_open(client, &options, &face, &error) != EM_OK) throw std::runtime_error(error.message);
    return face;
}

std::string refused(const em_face_wish &wish) {
    emomotion::wire::ExpressChange out;
    try {
        emomotion::face_wish_to_wire(wish, &out);
    } catch (const emomotion::Refused &error) {
        return error.field;
    }
    return "";
}

}  // namespace

TEST(unit, a_face_refuses_what_the_server_would) {
    em_face_wish wish{};
    CHECK_EQUAL(refused(wish), "");
    wish.set = EM_SET_LOOK_LEFT;
    wish.look_left_deg = 61;
    CHECK_EQUAL(refused(wish), "look_left");
    wish.look_left_deg = NAN;
    CHECK_EQUAL(refused(wish), "look_left");
    wish.set = EM_SET_LOOK_UP;
    wish.look_up_deg = -41;
    CHECK_EQUAL(refused(wish), "look_up");
    wish.set = EM_SET_LOOK_UP | EM_SET_LOOK_FREELY;
    wish.look_up_deg = 0;
    CHECK_EQUAL(refused(wish), "look_freely");
    wish.set = 8;
    CHECK_EQUAL(refused(wish), "set");
    wish.set = 0;
    double visemes[EM_VISEMES] = {};
    wish.visemes = visemes;
    visemes[13] = 1.01;
    CHECK_EQUAL(refused(wish), "visemes");
    visemes[13] = 1;
    CHECK_EQUAL(refused(wish), "");
    em_affect joy{};
    em_affect_key key{};
    wish.affect = &joy;
    wish.track = &key;
    wish.track_count = 1;
    CHECK_EQUAL(refused(wish), "track");
}

TEST(unit, a_face_goes_on_talking_until_it_is_told_to_be_silent) {
    emomotion::wire::ExpressChange all;
    const auto tell = [&](const em_face_wish &wish) {
        emomotion::wire::ExpressChange change;
        emomotion::face_wish_to_wire(wish, &change);
        emomotion::merge_face_change(&change, &all, wish.visemes != nullptr);
        return change;
    };
    double visemes[EM_VISEMES] = {};
    visemes[10] = 0.75;
    em_face_wish speak{}, look{}, look_freely{};
    speak.visemes = visemes;
    CHECK_EQUAL(tell(speak).visemes(0).viseme(), emomotion::wire::VISEME_O);
    look.set = EM_SET_LOOK_LEFT;
    look.look_left_deg = 20;
    CHECK_EQUAL(tell(look).visemes_size(), 1);  // and still speaks
    CHECK(all.visemes_size() == 1 && all.look_left() == 20);
    look_freely.set = EM_SET_LOOK_FREELY;
    CHECK_EQUAL(tell(look_freely).visemes(0).weight(), 0.75);
    CHECK(!all.has_look_left() && all.look_freely());
    tell(look);
    CHECK(all.has_look_left() && !all.look_freely());
    visemes[10] = 0;
    CHECK_EQUAL(tell(speak).visemes_size(), 0);
    CHECK_EQUAL(all.visemes_size(), 0);
}

TEST(unit, a_face_between_two_frames_is_between_them) {
    em_face_frame a{}, b{};
    b.number = 1;
    b.shapes[17] = 0.8f;
    CHECK_NEAR(emomotion::between_frames(a, b, 0.25).shapes[17], 0.2, 1e-6);
    CHECK_EQUAL(emomotion::between_frames(a, b, 0.25).number, 0u);
}

TEST(live, a_face_shows_what_it_is_told_and_ends) {
    const Connected connected(server);
    em_face *face = shown(connected.client);
    em_face_header header;
    CHECK_EQUAL(em_face_get_header(face, &header), EM_NOT_YET);
    em_face_frame frame{};
    em_error error;
    while (frame.number < 10) CHECK_EQUAL(em_face_next(face, 20, &frame, &error), EM_OK);
    CHECK_EQUAL(em_face_get_header(face, &header), EM_OK);
    CHECK(header.fps == 60 && header.model[0]);
    em_affect joy;
    em_affect_of("joy:1", &joy, nullptr);
    em_face_wish wish{};
    wish.affect = &joy;
    CHECK_EQUAL(em_face_change(face, &wish, &error), EM_OK);
    wish.set = EM_SET_LOOK_UP;
    wish.look_up_deg = 90;
    CHECK_EQUAL(em_face_change(face, &wish, &error), EM_INVALID_ARGUMENT);
    CHECK_EQUAL(std::string(error.field), "look_up");
    while (frame.shapes[24] < 0.3f) CHECK_EQUAL(em_face_next(face, 20, &frame, &error), EM_OK);  // mouthSmileRight
    for (const float shape : frame.shapes) CHECK(shape >= 0 && shape <= 1);
    em_face_end(face);
    em_face_end(face);
    em_code code;
    while ((code = em_face_next(face, 20, &frame, &error)) == EM_OK) {}
    CHECK_EQUAL(code, EM_ENDED);
    em_face_state state;
    em_face_get_state(face, &state);
    CHECK(state.received > 10 && !state.connected && !state.lost);
    em_face_close(face);
    em_face_close(nullptr);
}

TEST(live, a_face_is_sampled_without_a_jump) {
    const Connected connected(server);
    em_face *face = shown(connected.client);
    em_face_frame frame{};
    em_error error;
    CHECK_EQUAL(em_face_sample(face, 0, &frame, &error), EM_NOT_YET);
    uint64_t first = 0;
    bool begun = false;
    const auto start = std::chrono::steady_clock::now();
    for (int i = 0; i < 144; i++) {
        std::this_thread::sleep_until(start + std::chrono::microseconds(i * 1000000 / 144));
        const em_code code = em_face_sample(face, i / 144.0, &frame, &error);
        CHECK(code == EM_OK || code == EM_NOT_YET);
        if (code == EM_OK && !begun) begun = true, first = frame.number;
    }
    CHECK(begun && frame.number > first + 30);
    em_face_close(face);
}

TEST(threads, one_face_is_told_read_and_looked_at_by_many) {
    const Connected connected(server);
    em_face *face = shown(connected.client, 10);
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
    run([&](int) {
        em_face_frame frame;
        const em_code code = em_face_next(face, 0.01, &frame, nullptr);
        frames += code == EM_OK;
        return code == EM_OK || code == EM_NOT_YET;
    });
    for (int k = 0; k < 2; k++)
        run([&](int i) {
            double visemes[EM_VISEMES] = {};
            visemes[i % EM_VISEMES] = 1;
            em_face_wish wish{};
            wish.visemes = visemes;
            wish.set = EM_SET_LOOK_LEFT;
            wish.look_left_deg = i % 30;
            return em_face_change(face, &wish, nullptr) == EM_OK;
        });
    run([&](int) {
        em_face_state state;
        em_face_header header;
        em_face_get_state(face, &state);
        return em_face_get_header(face, &header) != EM_INVALID_ARGUMENT;
    });
    run([&](int) {
        em_face *other = shown(connected.client);
        em_face_close(other);
        return true;
    });
    std::this_thread::sleep_for(std::chrono::milliseconds(1500));
    done = true;
    for (std::thread &thread : threads) thread.join();
    CHECK_EQUAL(wrong.load(), 0);
    CHECK(frames > 20);
    em_face_close(face);
}
