// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The coordinates of elements that are not zero, in order: one block, each warp of which has a piece of the input. It
// counts first, so that all know how many come before, then it writes.
#include "codegen/common/gpu/Kinds.h"

using namespace mlir;
using namespace adze;
using namespace adze::core;
using namespace adze::gpu;

namespace {
class Finding {
public:
  Finding(ThreadBlock &block, NonZeroIndicesOp op)
      : block(block), e(block.e), op(op), sizes(e.dims.shape(op.getInput()).dims), i32(e.b.getI32Type()),
        i64(e.b.getI64Type()) {
    DimContext &d = e.dims.dims;
    int64_t warps = block.threads / block.warpSize, step = block.threads;
    DimExpr piece = d.floorDiv(product(sizes) + DimExpr(step - 1), step) * DimExpr(step / warps);
    Value length = e.size(piece), total = e.size(product(sizes));
    first = e.create<arith::MinUIOp>(e.muli(block.warp, length), total);
    last = e.create<arith::MinUIOp>(e.addi(first, length), total);
  }

  LogicalResult emit() {
    write(countBefore(count()));
    return failure(failed);
  }

private:
  /// 1 if the element at `position` is not zero, else 0, as an i32; also where that is not in the warp's piece.
  Value isSet(Value position) {
    Type element = getElementTypeOrSelf(op.getInput());
    return e.branch(
        e.cmpi(arith::CmpIPredicate::ult, position, last), i32,
        [&] {
          Value v = e.element(op.getInput(), e.delinearize(position, sizes));
          failed |= !v;
          Value set = v ? e.convert(v, element, e.b.getI1Type(), false) : e.constant(e.b.getI1Type(), 0);
          return Emitter::Values{e.create<arith::ExtUIOp>(i32, set)};
        },
        [&] { return Emitter::Values{e.constant(i32, 0)}; })[0];
  }

  /// Those of the warp's piece, an i64.
  Value count() {
    Value zero = e.constant(i64, 0);
    Value mine =
        e.loop(e.addi(first, block.lane), last, e.index(block.warpSize), zero, [&](Value position, ValueRange carried) {
          Value set = e.create<arith::ExtUIOp>(i64, isSet(position));
          return Emitter::Values{e.addi(carried[0], set)};
        })[0];
    return block.joinWarp(ReduceKind::sum, mine, i64);
  }

  /// The sum of `counted` over the warps before this one, as an index.
  Value countBefore(Value counted) {
    int64_t warps = block.threads / block.warpSize;
    Value memory = block.shared(i64, warps);
    e.when(e.cmpi(arith::CmpIPredicate::eq, block.lane, e.index(0)),
           [&] { memref::StoreOp::create(e.b, e.loc, counted, memory, ValueRange{block.warp}); });
    block.barrier();
    Value sum = e.loop(e.index(0), block.warp, e.index(1), e.constant(i64, 0), [&](Value warp, ValueRange carried) {
      return Emitter::Values{e.addi(carried[0], e.create<memref::LoadOp>(memory, ValueRange{warp}))};
    })[0];
    return e.create<arith::IndexCastOp>(e.b.getIndexType(), sum);
  }

  /// All lanes of the warp go the same number of rounds.
  void write(Value before) {
    e.loop(first, last, e.index(block.warpSize), before, [&](Value round, ValueRange carried) {
      Value position = e.addi(round, block.lane), set = isSet(position);
      auto [earlier, all] = block.scanWarp(ReduceKind::sum, set, i32);
      Value place = e.addi(carried[0], e.create<arith::IndexCastOp>(e.b.getIndexType(), earlier));
      e.when(e.cmpi(arith::CmpIPredicate::ne, set, e.constant(i32, 0)), [&] { writeOne(position, place); });
      return Emitter::Values{e.addi(carried[0], e.create<arith::IndexCastOp>(e.b.getIndexType(), all))};
    });
  }

  /// No more than the result has room for, whatever the count was taken from.
  void writeOne(Value position, Value place) {
    SmallVector<DimExpr> to = e.dims.shape(op.getResult()).dims;
    Value buffer = e.buffers.lookup(op.getResult());
    e.when(e.cmpi(arith::CmpIPredicate::ult, place, e.size(to[1])), [&] {
      for (auto [d, coord] : llvm::enumerate(e.delinearize(position, sizes)))
        e.store(e.create<arith::IndexCastOp>(i64, coord.base), buffer, i64, {{e.index(d)}, {place}}, to);
    });
  }

  ThreadBlock &block;
  Emitter &e;
  NonZeroIndicesOp op;
  SmallVector<DimExpr> sizes;
  Type i32, i64;
  Value first, last; ///< of the warp's piece
  bool failed = false;
};
} // namespace

FailureOr<Grid> adze::gpu::emitNonZero(KernelFunction &kernel, ThreadBlock &block) {
  if (failed(Finding(block, cast<NonZeroIndicesOp>(kernel.nest)).emit()))
    return failure();
  return Grid{1};
}
