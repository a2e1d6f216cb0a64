// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Cuts each kernel into items and emits its function and its grid.
#include "passes/core_to_loops/Nests.h"
#include "passes/core_to_loops/Passes.h"

using namespace mlir;
using namespace adze::core;

namespace adze {
#define GEN_PASS_DEF_LOWERKERNELS
#include "passes/core_to_loops/Passes.h.inc"

namespace {
/// Lowers one kernel.func.
class KernelLowering {
public:
  KernelLowering(kernel::FuncOp kernel, int64_t vectorBytes, int64_t vectorRegisters)
      : kernel(kernel), vectorBytes(vectorBytes), vectorRegisters(vectorRegisters) {}

  LogicalResult run() {
    body = &kernel.getBody().front();
    returned = body->getTerminator();
    if (failed(findNest()))
      return failure();
    createFunction();
    Emitter e(OpBuilder::atBlockEnd(&function.getBody().front()), kernel, dims);
    e.vectorBytes = vectorBytes;
    e.vectorRegisters = vectorRegisters;
    bindArguments(e);
    Grid grid;
    if (failed(nest ? emitNestItems(e, grid) : emitElements(e, grid)))
      return failure();
    func::ReturnOp::create(e.b, kernel.getLoc());
    createGrid(grid, e.scratchBytes());
    copyAttributes();
    kernel.erase();
    return success();
  }

private:
  LogicalResult findNest() {
    for (Operation &op : *body)
      if (isNest(&op)) {
        if (nest)
          return op.emitOpError() << "is the second op of its kernel that needs loops of its own";
        nest = &op;
      }
    return success();
  }

  void createFunction() {
    MLIRContext *context = kernel.getContext();
    Type index = IndexType::get(context);
    auto buffer = [&](Type tensor) {
      return MemRefType::get({ShapedType::kDynamic}, storageType(cast<RankedTensorType>(tensor).getElementType()));
    };
    SmallVector<Type> types{index, index, index};
    for (Type type : kernel.getArgumentTypes())
      types.push_back(isa<IndexType>(type) ? index : Type(buffer(type)));
    for (Type type : kernel.getResultTypes())
      types.push_back(buffer(type));
    types.push_back(MemRefType::get({ShapedType::kDynamic}, IntegerType::get(context, 8)));
    types.push_back(MemRefType::get({ShapedType::kDynamic}, IntegerType::get(context, 64)));
    OpBuilder b(kernel);
    std::string name = kernel.getName().str();
    kernel.setName(name + ".core"); // the name goes to the function
    function = func::FuncOp::create(b, kernel.getLoc(), name, FunctionType::get(context, types, {}));
    function.setPrivate();
    function.addEntryBlock();
  }

  void bindArguments(Emitter &e) {
    auto arguments = function.getArguments();
    begin = arguments[0];
    end = arguments[1];
    e.site = arguments[2];
    size_t at = 3;
    for (BlockArgument arg : body->getArguments())
      if (isa<IndexType>(arg.getType()))
        e.scalars[arg] = arguments[at++];
      else
        e.buffers[arg] = arguments[at++];
    for (Value result : returned->getOperands()) {
      results.push_back(arguments[at]);
      e.buffers[result] = arguments[at++];
    }
    e.scratch = arguments[at];
    e.error = arguments[at + 1];
  }

  /// Stores all results at coordinates that are common to them; a transpose of the nest's result at the nest's.
  LogicalResult storeResults(Emitter &e, ArrayRef<Coord> at, ArrayRef<DimExpr> sizes) {
    for (auto [value, buffer] : llvm::zip(returned->getOperands(), results)) {
      auto transpose = value.getDefiningOp<TransposeOp>();
      bool moved = transpose && nest && transpose.getInput() == nest->getResult(0);
      Value v = e.element(moved ? transpose.getInput() : value, at);
      if (!v)
        return failure();
      Coords to(at);
      SmallVector<DimExpr> in(sizes);
      if (moved)
        for (auto [i, from] : llvm::enumerate(transpose.getPermutation())) {
          to[i] = at[from];
          in[i] = sizes[from];
        }
      e.store(v, buffer, getElementTypeOrSelf(value), to, in);
    }
    return success();
  }

  LogicalResult emitNestItems(Emitter &e, Grid &grid) {
    grid = nestGrid(e, nest);
    SmallVector<DimExpr> sizes = dims.shape(nest->getResult(0)).dims;
    if (isTiled(nest) &&
        llvm::all_of(returned->getOperands(), [&](Value v) { return e.fits(Emitter::Form::Rows, v, sizes, nest); })) {
      // A tiled nest gives the row and the column of an element; the epilogue is content with that.
      e.form = Emitter::Form::Rows;
      sizes = {dims.dims.floorDiv(product(sizes), sizes.back()), sizes.back()};
    }
    auto write = [&](ArrayRef<Coord> at, ArrayRef<Value> values) {
      for (auto [result, v] : llvm::zip(nest->getResults(), values))
        e.bind(result, at, v);
      return storeResults(e, at, sizes);
    };
    return emitNest(e, nest, begin, end, write);
  }

  /// One item an element where nothing mixes coordinates; else one a row, the last dimension being its inner loop.
  LogicalResult emitElements(Emitter &e, Grid &grid) {
    SmallVector<DimExpr> sizes = dims.shape(returned->getOperand(0)).dims;
    LogicalResult done = success();
    auto emit = [&](ArrayRef<Coord> at, ArrayRef<DimExpr> in) {
      if (succeeded(done))
        done = storeResults(e, at, in);
    };
    auto fits = [&](Emitter::Form form) {
      return llvm::all_of(returned->getOperands(), [&](Value v) { return e.fits(form, v, sizes); });
    };
    bool flat = fits(Emitter::Form::Flat);
    auto lanesAlong = [&](int64_t dim) {
      bool lanes =
          vectorBytes && llvm::all_of(returned->getOperands(), [&](Value v) { return e.vectorizable(v, dim); });
      return lanes ? vectorBytes / 4 : 1;
    };
    if (flat || sizes.empty()) {
      e.form = flat ? Emitter::Form::Flat : Emitter::Form::Full;
      grid = {product(sizes), kGrainWork};
      int64_t lanes = flat && !sizes.empty() ? lanesAlong(sizes.size() - 1) : 1;
      e.laneLoop(begin, end, lanes, [&](Coord i) {
        if (sizes.empty())
          emit({}, {});
        else
          emit(i, product(sizes));
      });
      return done;
    }
    grid = rowGrid(e, returned->getOperand(0), sizes.back());
    int64_t lanes = lanesAlong(sizes.size() - 1);
    bool rows = fits(Emitter::Form::Rows);
    SmallVector<DimExpr> collapsed{grid.items, sizes.back()};
    if (rows)
      e.form = Emitter::Form::Rows;
    ArrayRef<DimExpr> in = rows ? ArrayRef(collapsed) : ArrayRef(sizes);
    e.gridLoop(begin, end, in.drop_back(), [&](ArrayRef<Coord> row) {
      Coords at(row);
      at.push_back({});
      e.laneLoop(e.index(0), e.size(sizes.back()), lanes, [&](Coord i) {
        at.back() = i;
        emit(at, in);
      });
    });
    return done;
  }

  void createGrid(const Grid &grid, const DimExpr &scratch) {
    MLIRContext *context = kernel.getContext();
    Type index = IndexType::get(context);
    OpBuilder b(kernel);
    Location loc = kernel.getLoc();
    SmallVector<Type> inputs(kernel.getNumScalars(), index), outputs(3, index);
    auto gridFunction =
        func::FuncOp::create(b, loc, function.getName().str() + ".grid", FunctionType::get(context, inputs, outputs));
    gridFunction.setPrivate();
    Block *block = gridFunction.addEntryBlock();
    b.setInsertionPointToEnd(block);
    auto value = [&](const DimExpr &e) {
      return materialize(b, loc, dims.dims, e, [&](AtomId id) -> Value {
        return block->getArgument(cast<BlockArgument>(dims.dims.atom(id).value).getArgNumber());
      });
    };
    func::ReturnOp::create(b, loc, ValueRange{value(grid.items), value(grid.grain), value(scratch)});
  }

  void copyAttributes() {
    function->setAttr("adze.kernel", UnitAttr::get(kernel.getContext()));
    for (StringRef name : {"adze.nodes", "adze.operators", "adze.sites"})
      if (Attribute attr = kernel->getAttr(name))
        function->setAttr(name, attr);
  }

  kernel::FuncOp kernel;
  int64_t vectorBytes, vectorRegisters;
  DimAnalysis dims;
  Block *body = nullptr;
  Operation *returned = nullptr, *nest = nullptr;
  func::FuncOp function;
  SmallVector<Value> results;
  Value begin, end;
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
      failedAny |= failed(KernelLowering(kernel, vectorBytes, vectorRegisters).run());
    if (failedAny)
      signalPassFailure();
  }
};
} // namespace
} // namespace adze
