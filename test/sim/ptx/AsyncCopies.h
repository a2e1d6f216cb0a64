// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// What cp.async and mbarrier know of each other.
#pragma once
#include "test/sim/ptx/Assembler.h"
#include "test/sim/ptx/Warp.h"
#include <functional>

namespace adze::ptx {

/// Brings the bytes of those of the warp's pending copies.
void landCopies(Warp &warp, const std::function<bool(const PendingCopy &)> &which);
/// cp.async.mbarrier.arrive; .async and .mbarrier are taken.
void arriveWithCopies(Assembler &a);
/// mbarrier.
void addMemoryBarriers(Families &families);

} // namespace adze::ptx
