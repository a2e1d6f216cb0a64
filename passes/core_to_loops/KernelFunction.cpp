// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "passes/core_to_loops/KernelFunction.h"

using namespace mlir;
using namespace adze;
using namespace adze::core;

KernelFunction::KernelFunction(kernel::FuncOp kernel)
    : kernel(kernel), body(&kernel.getBody().front()), terminator(body->getTerminator()) {}

static func::FuncOp createFunction(kernel::FuncOp kernel) {
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
  auto function = func::FuncOp::create(b, kernel.getLoc(), name, FunctionType::get(context, types, {}));
  function.setPrivate();
  function.addEntryBlock();
  return function;
}

LogicalResult KernelFunction::begin() {
  for (Operation &op : *body)
    if (isNest(&op)) {
      if (nest)
        return op.emitOpError() << "is the second op of its kernel that needs loops of its own";
      nest = &op;
    }
  function = createFunction(kernel);
  return success();
}

Emitter KernelFunction::emitter() {
  Emitter e(OpBuilder::atBlockEnd(&function.getBody().front()), kernel, dims);
  bindArguments(e);
  return e;
}

void KernelFunction::bindArguments(Emitter &e) {
  auto arguments = function.getArguments();
  e.site = arguments[2];
  size_t at = 3;
  for (BlockArgument arg : body->getArguments())
    if (isa<IndexType>(arg.getType()))
      e.scalars[arg] = arguments[at++];
    else
      e.buffers[arg] = arguments[at++];
  for (Value result : returned()) {
    results.push_back(arguments[at]);
    e.buffers[result] = arguments[at++];
  }
  e.scratch = arguments[at];
  e.error = arguments[at + 1];
}

bool KernelFunction::fits(Emitter &e, Emitter::Form form, ArrayRef<DimExpr> sizes, Operation *anchor) {
  return llvm::all_of(returned(), [&](Value v) { return e.fits(form, v, sizes, anchor); });
}

bool KernelFunction::vectorizable(Emitter &e, int64_t dim) {
  return llvm::all_of(returned(), [&](Value v) { return e.vectorizable(v, dim); });
}

LogicalResult KernelFunction::storeResults(Emitter &e, ArrayRef<Coord> at, ArrayRef<DimExpr> sizes) {
  for (auto [value, buffer] : llvm::zip(returned(), results)) {
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

LogicalResult KernelFunction::storeEpilogue(Emitter &e, ArrayRef<Coord> at, ValueRange values,
                                            ArrayRef<DimExpr> sizes) {
  for (auto [result, v] : llvm::zip(nest->getResults(), values))
    e.bind(result, at, v);
  return storeResults(e, at, sizes);
}

void KernelFunction::finish(Emitter &e, const Grid &grid, const DimExpr &scratch) {
  func::ReturnOp::create(e.b, kernel.getLoc());
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
  function->setAttr("adze.kernel", UnitAttr::get(kernel.getContext()));
  for (StringRef name : {StringRef("adze.nodes"), StringRef("adze.operators"), StringRef("adze.sites"),
                         StringRef(kernel::kHostReasonAttr)})
    if (Attribute attr = kernel->getAttr(name))
      function->setAttr(name, attr);
  kernel.erase();
}
