// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// How a GPU runs a kernel: the `schedule` of kernel.func.
#pragma once
#include "codegen/common/gpu/Facts.h"
#include "dialects/kernel/Kernel.h"
#include <optional>

namespace adze::gpu {

enum class Kind {
  elements,       ///< each thread computes neighbouring elements of the results
  points,         ///< the same, of an op that has a loop of its own for each element: windows, products of short sums
  items,          ///< each thread computes one item of an op that has loops of its own
  rows,           ///< a warp or a block computes a row
  reduce,         ///< a team of threads joins the elements of a range
  transpose,      ///< a block moves a tile by way of shared memory
  owners,         ///< each thread has elements of a scatter's result, and looks at every update
  nonzero,        ///< a block finds the elements that are not zero
  scan,           ///< a warp has a line
  tiles,          ///< a block computes a tile of a product, by scalar units
  matrix,         ///< the same, by matrix units
  gemv,           ///< a block computes some columns of a product of few rows
  attention,      ///< a block has some queries of one head, by scalar units
  matrixAttention ///< the same, by matrix units
};

/// A block's part of a product, and a warp's part of it.
struct TileShape {
  int64_t rows = 0, columns = 0, depth = 0; ///< depth: of one step
  int64_t warpRows = 0, warpColumns = 0;
  int64_t slices = 1; ///< warps with the same part: each sums up a slice of every step's depth

  /// Warps of one slice, and of all.
  int64_t warpsOfSlice() const { return (rows / warpRows) * (columns / warpColumns); }
  int64_t warps() const { return slices * warpsOfSlice(); }
  int64_t sliceDepth() const { return depth / slices; }
};

/// A product has few rows: at most so many.
constexpr int64_t kMostFewRows = 8;

/// How a product of few rows is cut.
struct FewRows {
  int64_t rows = 0;  ///< of a block
  int64_t lanes = 0; ///< threads that read neighbouring chunks of a row of the right side
};

/// How a product of unknown rows is cut where they turn out to be some.
struct SomeRows {
  int64_t most = 0; ///< up to so many; 0: it is cut as with any
  TileShape tile = {};
  int64_t stages = 2;
};

/// Blocks of a product that a multiprocessor should have room for: while one waits the other computes.
constexpr int64_t kBlocksTogether = 2;
/// Threads of windows and reductions that a multiprocessor should have room for: what keeps memory busy is loads in
/// flight, of many threads or of registers for many, and an assembler that is told nothing gives so few that some
/// spill.
constexpr int64_t kThreadsTogether = 768;

struct Schedule {
  Kind kind = Kind::elements;
  int64_t threads = 256; ///< of a block
  int64_t team = 0;      ///< of rows: threads that have one row, a warp or all of the block; of reduce: one range; of
                         ///< owners: the elements of one result
  TileShape tile;        ///< of tiles, matrix and matrixAttention, where rows are queries and columns keys of a step
  int64_t stages = 2;    ///< of these: steps (of the depth; of the keys) that are in shared memory at a time
  std::string unit;      ///< of those by matrix units: its name in the machine's table
  FewRows few = {};      ///< of gemv; with rows, of tiles and matrix too: those of launches that have few rows
  SomeRows some = {};    ///< of tiles and matrix
  std::string why = {};  ///< of attention by other units: why not by matrix units

  /// Blocks that a multiprocessor should have room for; 0: as many as it happens to have.
  int64_t blocksTogether() const;

  mlir::DictionaryAttr write(mlir::MLIRContext &context) const;
  /// That of `kernel`; an error on it if it is of another form.
  static mlir::FailureOr<Schedule> read(kernel::FuncOp kernel);
};

/// How `kernel` is run.
Schedule chooseSchedule(kernel::FuncOp kernel, const Facts &facts);

} // namespace adze::gpu
