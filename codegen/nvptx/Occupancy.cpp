// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "codegen/nvptx/Occupancy.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/Support/MathExtras.h"

using namespace adze::nvptx;

namespace {
/// A multiprocessor: CUDA C++ Programming Guide, "Technical Specifications per Compute Capability".
struct Multiprocessor {
  llvm::StringLiteral chip;
  int64_t warps, blocks;
  int64_t sharedBytes;   ///< of all blocks
  int64_t reservedBytes; ///< of each block, by the system
  int64_t sharedUnit;    ///< shared memory is given in
};

constexpr Multiprocessor kMultiprocessors[] = {
    {"sm_75", 32, 16, 64 * 1024, 0, 256},     {"sm_80", 64, 32, 164 * 1024, 1024, 128},
    {"sm_86", 48, 16, 100 * 1024, 1024, 128}, {"sm_89", 48, 24, 100 * 1024, 1024, 128},
    {"sm_90", 64, 32, 228 * 1024, 1024, 128}, {"sm_120", 48, 24, 100 * 1024, 1024, 128},
};

// The same for all of them.
constexpr int64_t kWarp = 32, kRegisters = 64 * 1024, kPartitions = 4;
constexpr int64_t kRegisterUnit = 256; ///< a warp's registers are given in
constexpr int64_t kMostRegisters = 255, kMostThreads = 1024;
} // namespace

std::optional<Occupancy> adze::nvptx::occupancyOf(llvm::StringRef chip, const BlockUse &use) {
  const auto *found = llvm::find_if(kMultiprocessors, [&](const Multiprocessor &m) { return m.chip == chip; });
  if (found == std::end(kMultiprocessors))
    return std::nullopt;
  Occupancy none;
  if (use.threads <= 0 || use.threads > kMostThreads || use.registers > kMostRegisters)
    return none;
  int64_t warps = llvm::divideCeil(use.threads, kWarp);
  int64_t registersOfWarp = std::max<int64_t>(llvm::alignTo(use.registers * kWarp, kRegisterUnit), kRegisterUnit);
  // A launch is refused as if the block's warps were spread over all partitions.
  if (registersOfWarp * int64_t(llvm::alignTo(warps, kPartitions)) > kRegisters)
    return none;
  int64_t warpsByRegisters = kRegisters / kPartitions / registersOfWarp * kPartitions;
  int64_t shared = llvm::alignTo(use.sharedBytes + found->reservedBytes, found->sharedUnit);
  int64_t blocks = std::min({found->blocks, found->warps / warps, warpsByRegisters / warps,
                             shared > 0 ? found->sharedBytes / shared : found->blocks});
  return Occupancy{blocks, blocks * warps, double(blocks * warps) / double(found->warps)};
}
