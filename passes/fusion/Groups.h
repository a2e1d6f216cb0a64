// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Which ops of a block become one kernel.
#pragma once
#include "dialects/core/Core.h"

namespace adze {

/// Ops of one kernel, in the block's order; the last one is the root, whose results leave the kernel.
using Group = llvm::SmallVector<mlir::Operation *>;

/// True for ops that run in kernels; all others stay on the host.
bool isKernelOp(mlir::Operation *op);

struct GroupOptions {
  bool fuse = true;
  /// Matrix products read transposed matrices in place, and convolutions of one group, or of one channel each, leave
  /// out their padding.
  bool readInPlace = false;
};

/// The groups of a block, in order of their roots. Each kernel op is in exactly one; each op but the root is used in
/// its group only.
llvm::SmallVector<Group> formGroups(mlir::Block &block, core::DimAnalysis &dims, GroupOptions options);

} // namespace adze
