// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Digests of models: BLAKE2b (RFC 7693), since a model's author must not be able to make one that passes for another.
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace adze {

/// BLAKE2b-256 of the bytes, in hexadecimal.
std::string blake2b(std::string_view bytes);

/// The digest of long data, in hexadecimal: BLAKE2b-256 of its length and of the digests of its pieces of 1 MiB, which
/// are computed by as many threads as there are CPUs.
std::string digestOf(std::string_view bytes);

/// The same of an open file of `size` bytes; nothing if it cannot be read, or is shorter.
std::optional<std::string> digestOf(int file, uint64_t size);

} // namespace adze
