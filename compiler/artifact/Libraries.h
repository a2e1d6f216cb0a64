// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The archives that go into artifacts: the runtime, scalar math, compiler-rt's conversions, drivers of devices.
#pragma once
#include "llvm/Support/Error.h"
#include <string>
#include <vector>

namespace adze {

/// Their paths, in the order to link them. They are in `folder` or, if that is empty, in the folder of the running
/// program, its `lib`, or the `lib` beside it.
llvm::Expected<std::vector<std::string>> findArchives(llvm::StringRef folder);

} // namespace adze
