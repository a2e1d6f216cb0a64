// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "codegen/common/gpu/BlockOrder.h"

using namespace mlir;
using namespace adze;
using namespace adze::core;

/// Rows of tiles of a group.
static constexpr int64_t kGroup = 8;

adze::gpu::BlockPlace adze::gpu::placeBlock(ThreadBlock &block, Product &product, const TileShape &shape) {
  Emitter &e = block.e;
  DimExpr down = e.dims.dims.ceilDiv(product.rows, DimExpr(shape.rows));
  DimExpr across = e.dims.dims.ceilDiv(product.columns, DimExpr(shape.columns));
  Coords at = e.delinearize(block.number, {product.batches, down * across});
  Value number = at[1].base, ofGroup = e.size(across * DimExpr(kGroup));
  Value group = e.divui(number, ofGroup), within = e.remui(number, ofGroup);
  Value firstRow = e.muli(group, e.index(kGroup)), height = e.index(kGroup);
  auto known = down.constant();
  if (!known || *known % kGroup != 0)
    height = e.create<arith::MinUIOp>(e.subi(e.size(down), firstRow), height);
  Value row = e.addi(firstRow, e.remui(within, height)), column = e.divui(within, height);
  return {at[0].base, e.muli(row, e.index(shape.rows)), e.muli(column, e.index(shape.columns)),
          product.batches * down * across};
}
