// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The micro-kernel of contractions of f32 and of 8-bit integers: a tile of rows by panels whose accumulators stay in
// registers over all of the depth. How it is cut from the machine's registers, and the loops that compute it.
#pragma once
#include "passes/core_to_loops/Emitter.h"

namespace adze {

/// Columns of a packed panel (core.pack).
constexpr int64_t kPanel = 16;

/// A register tile: up to `rows` rows by `panels` panels next to each other, in vectors of `lanes` f32 or i32.
struct TileShape {
  int64_t lanes, panels, rows;

  int64_t columns() const { return panels * kPanel; }
  /// Vectors in a row of the tile.
  int64_t vectors() const { return columns() / lanes; }
};

/// The tile that computes a right side of `panels` panels in the fewest cycles: of those whose accumulators, panel
/// vectors and one broadcast fit the register file, by the ports that FMAs and loads have (two each, four cycles from
/// an FMA to the next on the same accumulator), counting panels that a tile computes for nothing.
TileShape chooseTile(int64_t vectorBytes, int64_t vectorRegisters, const core::DimExpr &panels);

/// What one tile multiplies: f32, or ui8 on the left and i8 on the right.
struct TileOperands {
  mlir::Value left, right;                               ///< buffers
  llvm::SmallVector<mlir::Value> rows = {}, panels = {}; ///< where each row begins in `left`, each panel in `right`
  /// Outer reduction loops: how often, and the elements that one step moves on either side.
  struct Loop {
    mlir::Value count, leftStep, rightStep;
  };
  llvm::SmallVector<Loop> loops = {};
  mlir::Value depth = {}; ///< steps of the innermost loop: rows of the panels
  /// Elements from one step of the innermost loop to the next; null: neighbours in `left`, a row in `right`.
  mlir::Value leftStep = {}, rightStep = {};
  int64_t rest = 0; ///< elements of the left side after those steps, fewer than tileStep()
};

/// Elements of the left side that one row of a panel is multiplied with: 1 of f32, 4 of ui8.
constexpr int64_t tileStep(bool floats) { return floats ? 1 : 4; }
/// Elements in a row of a panel.
constexpr int64_t panelRow(bool floats) { return kPanel * tileStep(floats); }

/// Emits the loops of one tile and gives its sums (f32 or i32): rows by vectors(), row-major. Where there are too few
/// rows to hide an FMA's latency, several steps of the depth have accumulators of their own.
llvm::SmallVector<mlir::Value> emitTile(Emitter &e, TileShape shape, const TileOperands &operands);

} // namespace adze
