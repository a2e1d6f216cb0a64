// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Running sums and products along what is contiguous in memory: a warp a line.
#include "codegen/common/gpu/Kinds.h"

using namespace mlir;
using namespace adze;
using namespace adze::core;
using namespace adze::gpu;

bool adze::gpu::scansInWarps(ScanOp op, const Facts &facts) {
  DimAnalysis dims;
  Type element = getElementTypeOrSelf(op.getInput());
  unsigned bits = element.getIntOrFloatBitWidth();
  SmallVector<DimExpr> sizes = dims.shape(op.getInput()).dims;
  bool isInner = llvm::all_of(ArrayRef(sizes).drop_front(op.getAxis() + 1), [](auto &d) { return d.isConstant(1); });
  return isInner && (bits == 32 || bits == 64) &&
         sizes[op.getAxis()].constant().value_or(facts.warpSize) >= facts.warpSize;
}

namespace {
class Scanning {
public:
  Scanning(KernelFunction &kernel, ThreadBlock &block)
      : kernel(kernel), block(block), e(block.e), op(cast<ScanOp>(kernel.nest)),
        element(getElementTypeOrSelf(op.getInput())), sizes(e.dims.shape(op.getInput()).dims), otherSizes(sizes) {
    otherSizes[op.getAxis()] = 1;
  }

  FailureOr<Grid> emit() {
    int64_t warps = block.threads / block.warpSize;
    DimExpr lines = product(otherSizes);
    Value line = e.addi(e.muli(block.number, e.index(warps)), block.warp);
    // All lanes of a warp have the same line.
    e.when(e.cmpi(arith::CmpIPredicate::ult, line, e.size(lines)), [&] { emitLine(line); });
    if (failed)
      return failure();
    return Grid{e.dims.dims.floorDiv(lines + DimExpr(warps - 1), DimExpr(warps))};
  }

private:
  /// Accesses that are under way at a time.
  static constexpr int64_t kUnroll = 4;

  void emitLine(Value line) {
    at = e.delinearize(line, otherSizes);
    Value end = e.size(sizes[op.getAxis()]);
    e.loop(e.index(0), end, e.index(kUnroll * block.warpSize), e.neutral(op.getKind(), element),
           [&](Value round, ValueRange carried) {
             Value so = carried[0];
             Emitter::Values positions, inside, read;
             for (int64_t u = 0; u < kUnroll; ++u) {
               positions.push_back(e.addi(e.addi(round, block.lane), e.index(u * block.warpSize)));
               inside.push_back(e.cmpi(arith::CmpIPredicate::ult, positions[u], end));
               read.push_back(elementAt(positions[u], inside[u]));
             }
             for (int64_t u = 0; u < kUnroll; ++u) {
               auto [before, all] = block.scanWarp(op.getKind(), read[u], element);
               Value here = join(so, before);
               if (!op.getExclusive())
                 here = join(here, read[u]);
               e.when(inside[u], [&] { write(positions[u], here); });
               so = join(so, all);
             }
             return Emitter::Values{so};
           });
  }

  Value join(Value x, Value y) { return e.join(op.getKind(), x, y, element); }

  Coords place(Value position) {
    Coords place(at);
    Value last = e.subi(e.size(sizes[op.getAxis()]), e.index(1));
    place[op.getAxis()] = {op.getReverse() ? e.subi(last, position) : position};
    return place;
  }

  /// What changes nothing beyond the line's end.
  Value elementAt(Value position, Value inside) {
    Value none = e.neutral(op.getKind(), element);
    return e.branch(
        inside, none.getType(),
        [&] {
          Value v = e.element(op.getInput(), place(position));
          failed |= !v;
          return Emitter::Values{v ? v : none};
        },
        [&] { return Emitter::Values{none}; })[0];
  }

  void write(Value position, Value v) { failed |= mlir::failed(kernel.storeEpilogue(e, place(position), v, sizes)); }

  KernelFunction &kernel;
  ThreadBlock &block;
  Emitter &e;
  ScanOp op;
  Type element;
  SmallVector<DimExpr> sizes, otherSizes; ///< otherSizes: 1 along the axis
  Coords at;                              ///< where the line begins
  bool failed = false;
};
} // namespace

FailureOr<Grid> adze::gpu::emitScan(KernelFunction &kernel, ThreadBlock &block) {
  return Scanning(kernel, block).emit();
}
