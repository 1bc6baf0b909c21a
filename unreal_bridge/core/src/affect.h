// Feelings: names, the short form in words, and what the wire is sent.
#pragma once

#include "emomotion.h"

namespace emomotion {

// Refuses negative or infinite weights and an intensity out of range, as the server would.
void check_affect(const em_affect &affect);

}  // namespace emomotion
