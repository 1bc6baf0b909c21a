#include "affect.h"

#include <algorithm>
#include <cctype>
#include <cmath>
#include <iterator>
#include <locale>
#include <sstream>
#include <string>
#include <vector>

#include "abi.h"

namespace emomotion {
namespace {

constexpr const char *kNames[EM_EMOTIONS] = {"neutral", "joy",     "trust", "fear",        "surprise",
                                             "sadness", "disgust", "anger", "anticipation"};
constexpr double kDefaultIntensity = 0.7;

// Plutchik's mild and strong words, and everyday ones; the same table as sdk/emotion.py, which a test compares.
struct Alias {
    const char *word;
    em_emotion emotion;
    double intensity;
};
constexpr Alias kAliases[] = {
    {"serenity", EM_JOY, 0.3},
    {"ecstasy", EM_JOY, 1.0},
    {"happy", EM_JOY, 0.7},
    {"happiness", EM_JOY, 0.7},
    {"acceptance", EM_TRUST, 0.3},
    {"admiration", EM_TRUST, 1.0},
    {"apprehension", EM_FEAR, 0.3},
    {"terror", EM_FEAR, 1.0},
    {"afraid", EM_FEAR, 0.7},
    {"distraction", EM_SURPRISE, 0.3},
    {"amazement", EM_SURPRISE, 1.0},
    {"surprised", EM_SURPRISE, 0.7},
    {"pensiveness", EM_SADNESS, 0.3},
    {"grief", EM_SADNESS, 1.0},
    {"sad", EM_SADNESS, 0.7},
    {"boredom", EM_DISGUST, 0.3},
    {"loathing", EM_DISGUST, 1.0},
    {"disgusted", EM_DISGUST, 0.7},
    {"annoyance", EM_ANGER, 0.3},
    {"rage", EM_ANGER, 1.0},
    {"angry", EM_ANGER, 0.7},
    {"interest", EM_ANTICIPATION, 0.3},
    {"vigilance", EM_ANTICIPATION, 1.0},
};

std::string trimmed_lower(const std::string &text) {
    const char *space = " \t\r\n";
    const size_t first = text.find_first_not_of(space);
    if (first == std::string::npos) return "";
    std::string out = text.substr(first, text.find_last_not_of(space) - first + 1);
    std::transform(out.begin(), out.end(), out.begin(), [](unsigned char c) { return std::tolower(c); });
    return out;
}

// Steps from one word to the other by changing, adding or leaving out letters.
size_t distance(const std::string &a, const std::string &b) {
    std::vector<size_t> row(b.size() + 1);
    for (size_t j = 0; j <= b.size(); j++) row[j] = j;
    for (size_t i = 1; i <= a.size(); i++) {
        size_t corner = row[0];
        row[0] = i;
        for (size_t j = 1; j <= b.size(); j++) {
            const size_t changed = corner + (a[i - 1] != b[j - 1]);
            corner = row[j];
            row[j] = std::min({row[j] + 1, row[j - 1] + 1, changed});
        }
    }
    return row[b.size()];
}

Alias emotion_named(const std::string &name) {
    const std::string key = trimmed_lower(name);
    for (int i = 0; i < EM_EMOTIONS; i++)
        if (key == kNames[i]) return {kNames[i], static_cast<em_emotion>(i), -1};
    for (const Alias &alias : kAliases)
        if (key == alias.word) return alias;
    std::string known, near;
    size_t best = 3;  // further away it would be a guess
    const auto look = [&](const char *word) {
        if (const size_t steps = distance(key, word); steps < best) best = steps, near = word;
    };
    for (const char *word : kNames) look(word), known += (known.empty() ? "" : ", ") + std::string(word);
    for (const Alias &alias : kAliases) look(alias.word);
    const std::string hint = near.empty() ? "." : "; did you mean '" + near + "'?";
    refuse("emotion", "emotion '" + name.substr(0, 40) + "' is unknown" + hint + " Known: " + known + ".");
}

// The same number whatever the program's locale: "0.6" is 0.6 in Germany, too.
bool number_of(const std::string &text, double *out) {
    std::istringstream in(text);
    in.imbue(std::locale::classic());
    return in >> *out && (in >> std::ws).eof();
}

}  // namespace

void check_affect(const em_affect &affect) {
    for (int i = 0; i < EM_EMOTIONS; i++) {
        const double weight = affect.weights[i];
        if (!std::isfinite(weight) || weight < 0)
            refuse("affect.weights",
                   std::string("weight of ") + kNames[i] + " must be >= 0, got " + std::to_string(weight));
    }
    if (affect.intensity != EM_INTENSITY_UNSET && !(affect.intensity >= 0 && affect.intensity <= 1))
        refuse("affect.intensity", "intensity must lie in 0..1, got " + std::to_string(affect.intensity));
}

}  // namespace emomotion

using namespace emomotion;

extern "C" {

const char *em_emotion_name(em_emotion emotion) {
    const auto i = static_cast<size_t>(emotion);
    return i < std::size(kNames) ? kNames[i] : nullptr;
}

em_code em_affect_of(const char *words, em_affect *affect, em_error *error) {
    return guarded(error, [&] {
        if (!words || !affect) refuse("affect", "em_affect_of needs words and a place for the result");
        em_affect out{};
        double implied = -1;
        std::istringstream parts{std::string(words) + ","};
        for (std::string part; std::getline(parts, part, ',');) {
            const size_t colon = part.find(':');
            const Alias found = emotion_named(part.substr(0, colon));
            double share = 1;
            if (colon != std::string::npos && !number_of(part.substr(colon + 1), &share))
                refuse("affect.weights", "weight '" + part.substr(colon + 1, 40) + "' of " + kNames[found.emotion] +
                                             " is not a number; write e.g. joy:0.6,trust:0.4");
            out.weights[found.emotion] += share;
            implied = std::max(implied, found.intensity);
        }
        out.intensity = implied < 0 ? kDefaultIntensity : implied;
        check_affect(out);
        double total = 0;
        for (const double weight : out.weights) total += weight;
        if (!(total > 0)) refuse("affect.weights", "affect needs at least one weight > 0");
        *affect = out;
        return EM_OK;
    });
}

}  // extern "C"
