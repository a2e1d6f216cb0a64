// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Host programs at stage kernels, made by chance, with kernels of which some are the device's.
#pragma once
#include "test/passes/host/FakeRuntime.h"
#include <string>

namespace adze::test {

/// Text of a module: @main on one tensor<?xi64> and one tensor<i64>, with launches, branches, loops, selects,
/// constants, reshapes and elements that sizes and branches depend on. With `scheduled`, the kernels whose names end in
/// _d have a schedule.
std::string randomProgram(unsigned seed, bool scheduled);

/// What a kernel of these programs does; its name may end in anything.
FakeKernel kernelOf(llvm::StringRef name);

} // namespace adze::test
