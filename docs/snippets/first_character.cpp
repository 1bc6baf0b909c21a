// Connect, make a clip, drive a live character, change what it feels.
#include <emomotion.h>

#include <cstdio>
#include <cstdlib>

static void check(em_code code, const em_error &error) {
    if (code != EM_OK) {
        std::fprintf(stderr, "%s\n", error.message);
        std::exit(1);
    }
}

int main(int, char **arguments) {
    em_error error;
    em_connection how{};
    how.server = arguments[1];
    em_client *client;
    check(em_connect(&how, &client, &error), error);

    em_info *info;
    check(em_get_info(client, 0, &info, &error), error);
    std::printf("bundle %s\n", info->name);
    em_info_free(info);

    em_affect joy, anger;
    check(em_affect_of("joy", &joy, &error), error);
    check(em_affect_of("anger", &anger, &error), error);

    em_request request{};
    request.text = "a person waves the right hand";
    request.affect = &joy;
    request.seconds = 2;
    request.has_seed = 1;
    request.seed = 7;
    em_pose last{};
    em_sink sink{};
    sink.user = &last;
    sink.on_frame = [](void *user, uint32_t, const em_pose *pose) {
        *static_cast<em_pose *>(user) = *pose;
        return 0;  // anything else ends the clip
    };
    em_status status;
    check(em_generate(client, &request, &sink, &status, &error), error);
    const int frames = static_cast<int>(status.seconds * status.fps) + 1;
    std::printf("clip of %d frames ends at %.3f %.3f %.3f\n", frames, last.root[0], last.root[1], last.root[2]);

    em_drive_options options{};
    options.wish.text = "a person walks forward";
    options.wish.affect = &joy;
    options.has_seed = 1;
    options.seed = 7;
    options.every_frame = 1;
    em_drive *live;
    check(em_drive_open(client, &options, &live, &error), error);
    em_frame frame;
    em_code code;
    while ((code = em_drive_next(live, 10, &frame, &error)) == EM_OK) {  // 30 a second; a game poses its character here
        if (frame.number == 20) {
            em_wish wish{};
            wish.affect = &anger;
            check(em_drive_change(live, &wish, &error), error);
        }
        if (frame.affect.weights[EM_ANGER] > 0) em_drive_end(live);
    }
    if (code != EM_ENDED) check(code, error);
    std::printf("felt joy, then %s\n", frame.affect.weights[EM_ANGER] > 0 ? "anger" : "joy");
    em_drive_close(live);
    em_close(client);
}
