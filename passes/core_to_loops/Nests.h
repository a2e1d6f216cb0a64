// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The ops that are lowered by loops of their own, one function each.
#pragma once
#include "passes/core_to_loops/Emitter.h"

namespace adze {

/// Element operations that are worth handing to another worker.
constexpr int64_t kGrainWork = 16384;

/// How many items that are each `work` element operations are worth handing to another worker together; `worth` are.
core::DimExpr grainOf(Emitter &e, const core::DimExpr &work, int64_t worth = kGrainWork);

/// Elements of a window, or 2^20 if it has more.
int64_t tapsOf(llvm::ArrayRef<int64_t> window);

/// Items are the rows of `result` (all sizes but the last), each about `work` element operations.
Grid rowGrid(Emitter &e, mlir::Value result, const core::DimExpr &work);

/// Lanes for a loop along dimension `dim` of `tensor`: a vector register of f32, or 1 where it cannot be computed in
/// vectors.
int64_t nestLanes(Emitter &e, mlir::Value tensor, int64_t dim);

Grid packedMatmulGrid(Emitter &e, core::PackedMatmulOp op);
Grid packedConvGrid(Emitter &e, core::PackedConvOp op);
Grid attentionGrid(Emitter &e, core::AttentionOp op);

/// True for a core.conv or core.pool that is emitted by rows of vectors.
bool takesRows(Emitter &e, mlir::Operation *op);
/// The grid of such an op.
Grid windowRowGrid(Emitter &e, mlir::Operation *op);
/// Emits the rows [begin, end) of such an op.
mlir::LogicalResult emitWindowRows(Emitter &e, mlir::Operation *op, mlir::Value begin, mlir::Value end, WriteFn write);

/// What a contraction whose sums become `to` is accumulated in: f32 for f16 and bf16, else `to`.
mlir::Type accumulatorOf(mlir::Type to);

/// The element of a core.conv's, core.matmul's or core.pool's result at full coordinates; null after an error.
mlir::Value emitPoint(Emitter &e, mlir::Operation *op, llvm::ArrayRef<Coord> at);
/// The same, for a core.pool alone.
mlir::Value emitPooled(Emitter &e, core::PoolOp op, llvm::ArrayRef<Coord> at);
/// True if that can be computed in lanes along dimension `dim`.
bool vectorizablePoint(Emitter &e, mlir::Operation *op, int64_t dim);

// Tiled nests emit a range of items.
mlir::LogicalResult emitPackedMatmul(Emitter &e, core::PackedMatmulOp op, mlir::Value begin, mlir::Value end,
                                     WriteFn write);
mlir::LogicalResult emitPackedConv(Emitter &e, core::PackedConvOp op, mlir::Value begin, mlir::Value end,
                                   WriteFn write);

/// The sizes of what a scatter can be cut into without regard to the order of updates.
llvm::SmallVector<core::DimExpr> scatterLines(core::DimAnalysis &dims, mlir::Operation *op);
/// One of these parts.
mlir::LogicalResult emitScatterLine(Emitter &e, mlir::Operation *op, mlir::Value line);
/// All updates of the elements whose position is `number` modulo `of`, a power of two.
mlir::LogicalResult emitScatterOwned(Emitter &e, mlir::Operation *op, mlir::Value number, int64_t of);

// Each emits one item; what an item is, nestGrid says.
mlir::LogicalResult emitMatmul(Emitter &e, core::MatmulOp op, mlir::Value item, WriteFn write);
mlir::LogicalResult emitConv(Emitter &e, core::ConvOp op, mlir::Value item, WriteFn write);
mlir::LogicalResult emitPool(Emitter &e, core::PoolOp op, mlir::Value item, WriteFn write);
mlir::LogicalResult emitAttention(Emitter &e, core::AttentionOp op, mlir::Value item, WriteFn write);
mlir::LogicalResult emitSoftmax(Emitter &e, core::SoftmaxOp op, mlir::Value item, WriteFn write);
mlir::LogicalResult emitNorm(Emitter &e, core::NormOp op, mlir::Value item, WriteFn write);
mlir::LogicalResult emitScan(Emitter &e, core::ScanOp op, mlir::Value item, WriteFn write);
mlir::LogicalResult emitSort(Emitter &e, core::SortOp op, mlir::Value item, WriteFn write);
/// All of a core.scatter_elements or a core.scatter_nd.
mlir::LogicalResult emitScatter(Emitter &e, mlir::Operation *op);
mlir::LogicalResult emitNonZeroCount(Emitter &e, core::NonZeroOp op, WriteFn write);
mlir::LogicalResult emitNonZeroIndices(Emitter &e, core::NonZeroIndicesOp op);

} // namespace adze
