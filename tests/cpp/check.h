// As much of a test framework as these tests need: named tests that register themselves, and checks that say what they
// saw.
#pragma once

#include <cmath>
#include <cstdio>
#include <functional>
#include <sstream>
#include <stdexcept>
#include <string>
#include <vector>

struct Test {
    std::string group, name;
    std::function<void(const std::string &server)> run;
};

inline std::vector<Test> &all_tests() {
    static std::vector<Test> tests;
    return tests;
}

struct Registered {
    Registered(const char *group, const char *name, std::function<void(const std::string &)> run) {
        all_tests().push_back({group, name, std::move(run)});
    }
};

#define TEST(group, name)                                           \
    static void name([[maybe_unused]] const std::string &server);   \
    static const Registered registered_##name(#group, #name, name); \
    static void name([[maybe_unused]] const std::string &server)

template <typename A, typename B>
[[noreturn]] void failed(const char *file, int line, const char *what, const A &a, const B &b) {
    std::ostringstream out;
    out << file << ":" << line << ": " << what << ": " << a << " and " << b;
    throw std::runtime_error(out.str());
}

#define CHECK(condition) \
    if (!(condition)) failed(__FILE__, __LINE__, #condition, "false", "not true")
#define CHECK_EQUAL(a, b)                                                                    \
    do {                                                                                     \
        const auto &found_ = (a);                                                            \
        const auto &wanted_ = (b);                                                           \
        if (!(found_ == wanted_)) failed(__FILE__, __LINE__, #a " == " #b, found_, wanted_); \
    } while (0)
#define CHECK_NEAR(a, b, within) \
    if (!(std::abs((a) - (b)) <= (within))) failed(__FILE__, __LINE__, #a " near " #b, (a), (b))
#define CHECK_HAS(text, part)                              \
    if (std::string(text).find(part) == std::string::npos) \
    failed(__FILE__, __LINE__, #text " has " #part, (text), (part))
