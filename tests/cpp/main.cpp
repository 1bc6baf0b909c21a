// core_tests GROUP [SERVER]: runs the tests of a group; a server's address for those that talk to one.
#include "check.h"

int main(int count, char **words) {
    const std::string group = count > 1 ? words[1] : "", server = count > 2 ? words[2] : "";
    int run = 0, wrong = 0;
    for (const Test &test : all_tests()) {
        if (test.group != group) continue;
        run++;
        try {
            test.run(server);
            std::printf("ok   %s\n", test.name.c_str());
        } catch (const std::exception &error) {
            wrong++;
            std::printf("FAIL %s: %s\n", test.name.c_str(), error.what());
        }
        std::fflush(stdout);
    }
    std::printf("%d tests, %d failed\n", run, wrong);
    return wrong || !run;
}
