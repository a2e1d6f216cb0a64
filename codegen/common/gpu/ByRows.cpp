// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Products whose number of rows is known at the launch: several ways in one kernel, of which the grid and all blocks
// take the same.
#include "codegen/common/gpu/Kinds.h"
#include "codegen/common/gpu/Product.h"

using namespace mlir;
using namespace adze;
using namespace adze::core;
using namespace adze::gpu;

FailureOr<Grid> adze::gpu::emitByRows(KernelFunction &kernel, ThreadBlock &block, ArrayRef<WayByRows> ways) {
  Emitter &e = block.e;
  DimContext &d = e.dims.dims;
  DimExpr rows = Product(e, kernel.nest).rows, blocks = 0, before = 0;
  int64_t mark = block.sharedMark();
  bool failedAny = false;
  std::function<void(size_t)> emit = [&](size_t i) {
    block.shareFrom(mark);
    auto way = [&] {
      FailureOr<Grid> grid = ways[i].emit();
      failedAny |= failed(grid);
      // 1 for as many rows as this way and those before are for.
      bool isLast = i + 1 == ways.size();
      DimExpr upTo = isLast ? DimExpr(1) : d.min(d.floorDiv(DimExpr(ways[i].most), d.max(rows, 1)), 1);
      blocks = blocks + (upTo - before) * (failedAny ? DimExpr(0) : grid->items);
      before = upTo;
      return Emitter::Values();
    };
    if (i + 1 == ways.size())
      return void(way());
    e.branch(e.cmpi(arith::CmpIPredicate::ule, e.size(rows), e.index(ways[i].most)), {}, way, [&] {
      emit(i + 1);
      return Emitter::Values();
    });
  };
  emit(0);
  if (failedAny)
    return failure();
  return Grid{blocks};
}
