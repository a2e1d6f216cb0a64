// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "codegen/common/gpu/Passes.h"
#include "dialects/core/Core.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "mlir/IR/Matchers.h"
#include "llvm/ADT/TypeSwitch.h"
#include <numeric>

using namespace mlir;

namespace adze {
#define GEN_PASS_DEF_GPUALIGNACCESSES
#include "codegen/common/gpu/Passes.h.inc"

/// What is enough for every access.
static constexpr int64_t kMost = 256;
/// How far expressions are followed.
static constexpr int kDepth = 16;

/// A power of two, kMost at most, that `index` is proved to be a multiple of.
static int64_t powerOfTwoIn(Value index, int depth = 0) {
  APInt constant;
  if (matchPattern(index, m_ConstantInt(&constant)))
    return constant.isZero() ? kMost : std::min<int64_t>(int64_t(1) << constant.countr_zero(), kMost);
  Operation *op = index.getDefiningOp();
  if (depth == kDepth)
    return 1;
  auto of = [&](Value v) { return powerOfTwoIn(v, depth + 1); };
  if (!op) {
    auto loop = dyn_cast<scf::ForOp>(index.getParentBlock()->getParentOp());
    bool counts = loop && index == loop.getInductionVar();
    return counts ? std::min(of(loop.getLowerBound()), of(loop.getStep())) : 1;
  }
  return llvm::TypeSwitch<Operation *, int64_t>(op)
      .Case<arith::AddIOp, arith::SubIOp, arith::RemUIOp, arith::MinSIOp, arith::MaxSIOp>(
          [&](auto op) { return std::min(of(op.getLhs()), of(op.getRhs())); })
      .Case([&](arith::MulIOp op) { return std::min(of(op.getLhs()) * of(op.getRhs()), kMost); })
      .Case([&](arith::SelectOp op) { return std::min(of(op.getTrueValue()), of(op.getFalseValue())); })
      .Case([&](arith::IndexCastOp op) { return of(op.getIn()); })
      .Default([](Operation *) { return 1; });
}

/// Bytes that the buffer's first element is aligned to.
static int64_t alignmentOf(Value buffer) {
  if (isa<BlockArgument>(buffer))
    return kMost;
  auto view = buffer.getDefiningOp<memref::ViewOp>(); // of a block's shared memory
  return view && view.getSource().getDefiningOp<gpu::DynamicSharedMemoryOp>()
             ? std::min<int64_t>(powerOfTwoIn(view.getByteShift()), 16)
             : 1;
}

template <typename Op> static void align(Op op, VectorType type) {
  int64_t element = core::elementBytes(type.getElementType()), bytes = element * type.getNumElements();
  int64_t proved = std::min(powerOfTwoIn(op.getIndices()[0]) * element, alignmentOf(op.getBase()));
  if (bytes > 0 && proved % bytes == 0)
    op.setAlignment(bytes);
}

namespace {
struct GpuAlignAccesses : impl::GpuAlignAccessesBase<GpuAlignAccesses> {
  void runOnOperation() override {
    getOperation().walk([](vector::LoadOp op) { align(op, op.getVectorType()); });
    getOperation().walk([](vector::StoreOp op) { align(op, op.getVectorType()); });
  }
};
} // namespace
} // namespace adze
