// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// A real card, where the computer has one: what the machine is compared with.
#pragma once
#include <cstdint>
#include <string>
#include <vector>

namespace adze::ptx {

/// Runs one block of `threads` threads; each buffer is a parameter by its address, and holds what the kernel left in it
/// afterwards. False: there is no card, or it is older than `sm`. A failure of the test, with false, if the card
/// refuses.
bool runOnCard(const std::string &text, const char *kernel, uint32_t threads, int sm,
               std::vector<std::vector<uint8_t>> &buffers);

} // namespace adze::ptx
