// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Cuts each kernel into items and emits its function and its grid.
#include "passes/core_to_loops/KernelFunction.h"
#include "passes/core_to_loops/Nests.h"
#include "passes/core_to_loops/Passes.h"

using namespace mlir;
using namespace adze::core;

namespace adze {
#define GEN_PASS_DEF_LOWERKERNELS
#include "passes/core_to_loops/Passes.h.inc"

namespace {
/// Lowers one kernel.func for the CPU.
class KernelLowering {
public:
  KernelLowering(kernel::FuncOp kernel, int64_t vectorBytes, int64_t vectorRegisters)
      : kernel(kernel), vectorBytes(vectorBytes), vectorRegisters(vectorRegisters) {}

  LogicalResult run() {
    if (failed(kernel.begin()))
      return failure();
    Emitter e = kernel.emitter();
    e.vectorBytes = vectorBytes;
    e.vectorRegisters = vectorRegisters;
    Grid grid;
    if (failed(kernel.nest ? emitNestItems(e, grid) : emitElements(e, grid)))
      return failure();
    kernel.finish(e, grid, e.scratchBytes());
    return success();
  }

private:
  LogicalResult emitNestItems(Emitter &e, Grid &grid) {
    grid = nestGrid(e, kernel.nest);
    SmallVector<DimExpr> sizes = kernel.dims.shape(kernel.nest->getResult(0)).dims;
    if (isTiled(kernel.nest) && kernel.fits(e, Emitter::Form::Rows, sizes, kernel.nest)) {
      // A tiled nest gives the row and the column of an element; the epilogue is content with that.
      e.form = Emitter::Form::Rows;
      sizes = {kernel.dims.dims.floorDiv(product(sizes), sizes.back()), sizes.back()};
    }
    auto write = [&](ArrayRef<Coord> at, ArrayRef<Value> values) { return kernel.storeEpilogue(e, at, values, sizes); };
    return emitNest(e, kernel.nest, kernel.beginItem(), kernel.endItem(), write);
  }

  /// One item an element where nothing mixes coordinates; else one a row, the last dimension being its inner loop.
  LogicalResult emitElements(Emitter &e, Grid &grid) {
    SmallVector<DimExpr> sizes = kernel.resultSizes();
    LogicalResult done = success();
    auto emit = [&](ArrayRef<Coord> at, ArrayRef<DimExpr> in) {
      if (succeeded(done))
        done = kernel.storeResults(e, at, in);
    };
    bool flat = kernel.fits(e, Emitter::Form::Flat, sizes);
    auto lanesAlong = [&](int64_t dim) { return vectorBytes && kernel.vectorizable(e, dim) ? vectorBytes / 4 : 1; };
    if (flat || sizes.empty()) {
      e.form = flat ? Emitter::Form::Flat : Emitter::Form::Full;
      grid = {product(sizes), kGrainWork};
      int64_t lanes = flat && !sizes.empty() ? lanesAlong(sizes.size() - 1) : 1;
      e.laneLoop(kernel.beginItem(), kernel.endItem(), lanes, [&](Coord i) {
        if (sizes.empty())
          emit({}, {});
        else
          emit(i, product(sizes));
      });
      return done;
    }
    grid = rowGrid(e, kernel.returned()[0], sizes.back());
    int64_t lanes = lanesAlong(sizes.size() - 1);
    bool rows = kernel.fits(e, Emitter::Form::Rows, sizes);
    SmallVector<DimExpr> collapsed{grid.items, sizes.back()};
    if (rows)
      e.form = Emitter::Form::Rows;
    ArrayRef<DimExpr> in = rows ? ArrayRef(collapsed) : ArrayRef(sizes);
    e.gridLoop(kernel.beginItem(), kernel.endItem(), in.drop_back(), [&](ArrayRef<Coord> row) {
      Coords at(row);
      at.push_back({});
      e.laneLoop(e.index(0), e.size(sizes.back()), lanes, [&](Coord i) {
        at.back() = i;
        emit(at, in);
      });
    });
    return done;
  }

  KernelFunction kernel;
  int64_t vectorBytes, vectorRegisters;
};

struct LowerKernels : impl::LowerKernelsBase<LowerKernels> {
  using LowerKernelsBase::LowerKernelsBase;
  void runOnOperation() override {
    int64_t vectorBytes = 0, vectorRegisters = 16;
    if (auto target = getOperation()->getAttrOfType<DictionaryAttr>("adze.target"); target && !reference)
      if (auto bits = target.getAs<IntegerAttr>("vector_bits"))
        vectorBytes = bits.getInt() / 8;
    if (auto target = getOperation()->getAttrOfType<DictionaryAttr>("adze.target"))
      if (auto registers = target.getAs<IntegerAttr>("vector_registers"))
        vectorRegisters = registers.getInt();
    bool failedAny = false;
    for (auto kernel : llvm::make_early_inc_range(getOperation().getOps<kernel::FuncOp>()))
      if (!kernel.getScheduleAttr()) // else a device's
        failedAny |= failed(KernelLowering(kernel, vectorBytes, vectorRegisters).run());
    if (failedAny)
      signalPassFailure();
  }
};
} // namespace
} // namespace adze
