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

namespace {
/// Finds powers of two that indices are proved to be multiples of.
class Multiples {
public:
  /// A power of two, kMost at most.
  int64_t of(Value index, int depth = 0) {
    APInt constant;
    if (matchPattern(index, m_ConstantInt(&constant)))
      return constant.isZero() ? kMost : std::min<int64_t>(int64_t(1) << constant.countr_zero(), kMost);
    if (depth == kDepth)
      return 1;
    if (auto assumed = carried.find(index); assumed != carried.end())
      return assumed->second;
    if (auto loop = index.getDefiningOp<scf::ForOp>()) // the first value, or the last of the next ones
      return ofCarried(loop, loop.getRegionIterArg(cast<OpResult>(index).getResultNumber()), depth + 1);
    if (Operation *op = index.getDefiningOp())
      return ofResult(op, depth + 1);
    auto argument = cast<BlockArgument>(index);
    auto loop = dyn_cast<scf::ForOp>(argument.getOwner()->getParentOp());
    if (!loop)
      return 1;
    if (index == loop.getInductionVar())
      return std::min(of(loop.getLowerBound(), depth + 1), of(loop.getStep(), depth + 1));
    return ofCarried(loop, argument, depth + 1);
  }

private:
  int64_t ofResult(Operation *op, int depth) {
    auto next = [&](Value v) { return of(v, depth); };
    return llvm::TypeSwitch<Operation *, int64_t>(op)
        .Case<arith::AddIOp, arith::SubIOp, arith::RemUIOp, arith::MinSIOp, arith::MinUIOp, arith::MaxSIOp,
              arith::XOrIOp>([&](auto op) { return std::min(next(op.getLhs()), next(op.getRhs())); })
        .Case([&](arith::MulIOp op) { return std::min(next(op.getLhs()) * next(op.getRhs()), kMost); })
        .Case([&](arith::SelectOp op) { return std::min(next(op.getTrueValue()), next(op.getFalseValue())); })
        .Case<arith::IndexCastOp, arith::IndexCastUIOp, arith::ExtUIOp, arith::ExtSIOp, arith::TruncIOp>(
            [&](auto op) { return next(op.getIn()); })
        .Default([](Operation *) { return 1; });
  }

  /// The greatest that the first value has, and each next one if the one before it does.
  int64_t ofCarried(scf::ForOp loop, BlockArgument argument, int depth) {
    unsigned number = argument.getArgNumber() - loop.getNumInductionVars();
    int64_t found = of(loop.getInitArgs()[number], depth);
    for (int64_t assumed = 0; assumed != found;) {
      assumed = carried[argument] = found;
      found = std::min(assumed, of(loop.getYieldedValues()[number], depth));
    }
    carried.erase(argument);
    return found;
  }

  llvm::DenseMap<Value, int64_t> carried; ///< assumed
};
} // namespace

static int64_t powerOfTwoIn(Value index) { return Multiples().of(index); }

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
