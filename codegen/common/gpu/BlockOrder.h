// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Which tile of a product a block computes.
#pragma once
#include "codegen/common/gpu/Product.h"
#include "codegen/common/gpu/Schedule.h"
#include "codegen/common/gpu/ThreadBlock.h"

namespace adze::gpu {

struct BlockPlace {
  mlir::Value batch, row, column; ///< the tile's first
  core::DimExpr blocks;           ///< all of the grid
};
/// Blocks that run at the same time have tiles of few rows and few columns, which they find in the cache: groups of
/// some rows of tiles are gone through column by column.
BlockPlace placeBlock(ThreadBlock &block, Product &product, const TileShape &shape);

} // namespace adze::gpu
