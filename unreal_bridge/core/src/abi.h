// What stands behind every function of emomotion.h: no exception leaves the library, and an error becomes one line.
#pragma once

#include <string>
#include <utility>

#include "emomotion.h"

namespace emomotion {

// Something that a caller can mend. Thrown inside, never out.
struct Refused {
    em_code code;
    std::string message;
    std::string field;
    int32_t retry_after_ms = 0;
};

[[noreturn]] void refuse(const std::string &field, const std::string &message);

// Puts an error where the caller wants it; `error` may be null. Returns its code.
em_code report(const Refused &found, em_error *error);
em_code report_unexpected(const char *what, em_error *error);

// Copies text into an array of a struct, cut where it has to be and always ended.
template <size_t size>
void copy_text(char (&out)[size], const std::string &text) {
    size_t length = text.size() < size ? text.size() : size - 1;
    // A character of several bytes is not cut in two.
    while (length < text.size() && length > 0 && (static_cast<unsigned char>(text[length]) & 0xC0) == 0x80) length--;
    text.copy(out, length);
    out[length] = '\0';
}

// Runs the body of a function of the interface.
template <typename Work>
em_code guarded(em_error *error, Work &&work) noexcept {
    try {
        return std::forward<Work>(work)();
    } catch (const Refused &found) {
        return report(found, error);
    } catch (const std::exception &found) {
        return report_unexpected(found.what(), error);
    } catch (...) {
        return report_unexpected("an unknown exception", error);
    }
}

}  // namespace emomotion
