// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Values of Api.h as JSON, and JSON values as bytes (CBOR): between processes, and in the cache.
#pragma once
#include "compiler/Api.h"

#include <nlohmann/json.hpp>

namespace adze {

// Found by nlohmann's library by argument-dependent look-up.
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(Diagnostic, severity, message, node, op, opset, types, stage)
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(HostKernel, kernel, nodes, operators, reason)
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(CompileSummary, kernels, codeBytes, weightBytes, peakArenaBytes,
                                   peakDeviceArenaBytes, seconds, hostKernels)

/// The value's bytes.
inline std::string pack(const nlohmann::json &value) {
  std::string bytes;
  nlohmann::json::to_cbor(value, bytes);
  return bytes;
}

/// Calls `read` on the value in `bytes`; false if it is another value than `read` expects.
template <typename Read> bool unpack(const std::string &bytes, Read read) {
  try {
    read(nlohmann::json::from_cbor(bytes));
    return true;
  } catch (const nlohmann::json::exception &) {
    return false;
  }
}

} // namespace adze
