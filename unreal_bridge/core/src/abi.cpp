#include "abi.h"

#include <cstring>

namespace emomotion {

void refuse(const std::string &field, const std::string &message) {
    throw Refused{EM_INVALID_ARGUMENT, message, field};
}

em_code report(const Refused &found, em_error *error) {
    if (error) {
        error->code = found.code;
        error->retry_after_ms = found.retry_after_ms;
        copy_text(error->field, found.field);
        copy_text(error->message, found.message);
    }
    return found.code;
}

em_code report_unexpected(const char *what, em_error *error) {
    return report({EM_INTERNAL, std::string("a fault of the client library: ") + what, ""}, error);
}

}  // namespace emomotion

extern "C" {

uint32_t em_abi_version(void) { return EM_ABI_VERSION; }

const char *em_version(void) { return EMOMOTION_VERSION; }

const char *em_code_name(em_code code) {
    switch (code) {
        case EM_OK:
            return "OK";
        case EM_CANCELLED:
            return "CANCELLED";
        case EM_UNKNOWN:
            return "UNKNOWN";
        case EM_INVALID_ARGUMENT:
            return "INVALID_ARGUMENT";
        case EM_DEADLINE_EXCEEDED:
            return "DEADLINE_EXCEEDED";
        case EM_NOT_FOUND:
            return "NOT_FOUND";
        case EM_PERMISSION_DENIED:
            return "PERMISSION_DENIED";
        case EM_RESOURCE_EXHAUSTED:
            return "RESOURCE_EXHAUSTED";
        case EM_FAILED_PRECONDITION:
            return "FAILED_PRECONDITION";
        case EM_UNIMPLEMENTED:
            return "UNIMPLEMENTED";
        case EM_INTERNAL:
            return "INTERNAL";
        case EM_UNAVAILABLE:
            return "UNAVAILABLE";
        case EM_DATA_LOSS:
            return "DATA_LOSS";
        case EM_UNAUTHENTICATED:
            return "UNAUTHENTICATED";
        case EM_NOT_YET:
            return "NOT_YET";
        case EM_ENDED:
            return "ENDED";
    }
    return "UNKNOWN";
}

}  // extern "C"
