// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// One function for each kind of schedule in which the threads of a block work together. Each emits the whole body and
// answers the grid, in blocks.
#pragma once
#include "codegen/common/gpu/Schedule.h"
#include "codegen/common/gpu/ThreadBlock.h"
#include "passes/core_to_loops/KernelFunction.h"
#include "passes/core_to_loops/Nests.h"
#include <functional>

namespace adze::gpu {

/// The first of the last dimensions that `op` (softmax, norm) joins; nothing if they are others.
std::optional<int64_t> rowAxis(mlir::Operation *op);
/// Rows.cpp. `mostLanes` elements are one access of a thread.
mlir::FailureOr<Grid> emitRows(KernelFunction &kernel, ThreadBlock &block, const Schedule &schedule, int64_t mostLanes);

/// Reduce.cpp, for a core.reduce, core.arg_reduce or core.nonzero_count as `kernel.nest`. `mostLanes` elements of any
/// buffer of the kernel are one access of a thread.
mlir::FailureOr<Grid> emitReduce(KernelFunction &kernel, ThreadBlock &block, const Schedule &schedule,
                                 const Facts &facts, int64_t mostLanes);

/// Transpose.cpp, for a transpose that crosses (Transposition.h) as `kernel.nest`. `mostLanes` as above.
mlir::FailureOr<Grid> emitTranspose(KernelFunction &kernel, ThreadBlock &block, int64_t mostLanes);

/// NonZero.cpp, for a core.nonzero_indices.
mlir::FailureOr<Grid> emitNonZero(KernelFunction &kernel, ThreadBlock &block);

/// Scan.cpp: true if warps have the lines of `op`; and that.
bool scansInWarps(core::ScanOp op, const Facts &facts);
mlir::FailureOr<Grid> emitScan(KernelFunction &kernel, ThreadBlock &block);

/// How a matrix product or a convolution of one group is run; nothing if by what runs any op.
std::optional<Schedule> chooseProduct(mlir::Operation *op, const Facts &facts);
/// Tiles.cpp, Matrix.cpp: blocks of a matrix product or a convolution, by way of shared memory.
mlir::FailureOr<Grid> emitTiles(KernelFunction &kernel, ThreadBlock &block, const Schedule &schedule,
                                const Facts &facts);
mlir::FailureOr<Grid> emitMatrix(KernelFunction &kernel, ThreadBlock &block, const Schedule &schedule,
                                 const Facts &facts);
/// Gemv.cpp: blocks of some columns of a product of few rows.
mlir::FailureOr<Grid> emitGemv(KernelFunction &kernel, ThreadBlock &block, const FewRows &few);
/// A way to compute a product of at most so many rows.
struct WayByRows {
  int64_t most;
  std::function<mlir::FailureOr<Grid>()> emit;
};
/// ByRows.cpp: the first way that is for as many rows as a launch has; the last one is for any.
mlir::FailureOr<Grid> emitByRows(KernelFunction &kernel, ThreadBlock &block, llvm::ArrayRef<WayByRows> ways);

/// How attention is run.
Schedule chooseAttention(core::AttentionOp op, const Facts &facts);
/// Attention.cpp: the threads of a block for `op`; nothing if its sizes or types are not among those that it takes.
std::optional<int64_t> attentionThreads(core::AttentionOp op, const Facts &facts);
mlir::FailureOr<Grid> emitAttention(KernelFunction &kernel, ThreadBlock &block, const Facts &facts);
/// AttentionMatrix.cpp.
mlir::FailureOr<Grid> emitAttentionMatrix(KernelFunction &kernel, ThreadBlock &block, const Schedule &schedule,
                                          const Facts &facts);

} // namespace adze::gpu
