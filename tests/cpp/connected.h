// A client for the length of a test.
#pragma once

#include <stdexcept>
#include <string>

#include "emomotion.h"

struct Connected {
    em_client *client = nullptr;
    explicit Connected(const std::string &server) {
        em_connection how{};
        how.server = server.c_str();
        em_error error;
        if (em_connect(&how, &client, &error) != EM_OK) throw std::runtime_error(error.message);
    }
    ~Connected() { em_close(client); }
};
