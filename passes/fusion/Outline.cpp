// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "passes/fusion/Outline.h"
#include "dialects/core/NodeNames.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/IRMapping.h"
#include "mlir/Transforms/RegionUtils.h"
#include "llvm/ADT/SetVector.h"
#include <cmath>

using namespace mlir;
using namespace adze;
using namespace adze::core;

/// True for numbers that formulas hold, such as 0, 1, 0.5 or infinity; scales and the like are data.
static bool isCommon(Attribute value) {
  constexpr int64_t most = 16;
  if (auto integer = dyn_cast<IntegerAttr>(value))
    return integer.getValue().isNegative() ? integer.getValue().sge(-most) : integer.getValue().ule(most);
  auto number = dyn_cast<FloatAttr>(value);
  if (!number)
    return true;
  if (!number.getValue().isFinite() || number.getValue().isLargest())
    return true;
  double eighths = number.getValueAsDouble() * 8;
  return eighths == std::trunc(eighths) && std::fabs(eighths) <= 8 * most;
}

/// Constants that a kernel holds itself rather than as an operand. Data are operands, so that kernels which differ in
/// them alone are one.
static bool isInlined(Value v) {
  auto constant = v.getDefiningOp<ConstantOp>();
  if (!constant)
    return isa_and_nonnull<arith::ConstantOp>(v.getDefiningOp());
  auto dense = dyn_cast<DenseElementsAttr>(constant.getValue());
  return dense && dense.isSplat() && !dense.empty() && isCommon(dense.getSplatValue<Attribute>());
}

/// Contractions over panels read their operands from memory, not by element.
static bool readsBuffers(Operation *op) { return isa<PackedMatmulOp, PackedConvOp>(op); }

namespace {
class Outliner {
public:
  Outliner(const Group &group, DimAnalysis &dims, ModuleOp module)
      : group(group), dims(dims), module(module), root(group.back()), members(group.begin(), group.end()) {}

  FailureOr<kernel::LaunchOp> run(StringRef name) {
    if (failed(collectInputs()))
      return failure();
    numberSizes();
    kernel::FuncOp kernel = createKernel(name);
    cloneBody(kernel);
    return createLaunch(kernel);
  }

private:
  LogicalResult collectInputs() {
    for (Operation *op : group) {
      SetVector<Value> used(op->getOperands().begin(), op->getOperands().end());
      getUsedValuesDefinedAbove(op->getRegions(), used);
      for (Value v : used) {
        if (isInlined(v) && !readsBuffers(op)) {
          inlined.insert(v);
          continue;
        }
        Operation *definition = v.getDefiningOp();
        if (definition && members.contains(definition))
          continue;
        if (isa<IndexType>(v.getType()))
          indices.insert(v);
        else if (isa<RankedTensorType>(v.getType()))
          tensors.insert(v);
        else
          return op->emitOpError() << "uses a value of type " << v.getType()
                                   << " from outside, expected index or a tensor";
      }
    }
    return success();
  }

  int64_t number(const DimExpr &size) {
    auto [it, isNew] = numbers.try_emplace(size, int64_t(ordered.size()));
    if (isNew)
      ordered.push_back(size);
    return it->second;
  }

  /// The index arguments: every size and index that is not a constant, equal ones once.
  void numberSizes() {
    for (Value v : tensors)
      tensorDims.push_back(numbersOf(v));
    for (Value v : root->getResults())
      resultDims.push_back(numbersOf(v));
    for (Operation *op : group)
      for (Value v : op->getResults())
        numbersOf(v);
    for (Value v : indices)
      if (!dims.size(v).constant())
        number(dims.size(v));
  }

  DenseI64ArrayAttr numbersOf(Value tensor) {
    SmallVector<int64_t> out;
    auto type = cast<RankedTensorType>(tensor.getType());
    for (auto [i, size] : llvm::enumerate(type.getShape()))
      out.push_back(ShapedType::isDynamic(size) ? number(dims.dim(tensor, i)) : -1);
    return DenseI64ArrayAttr::get(root->getContext(), out);
  }

  kernel::FuncOp createKernel(StringRef name) {
    MLIRContext *context = root->getContext();
    SmallVector<Type> inputs(ordered.size(), IndexType::get(context));
    for (Value v : tensors)
      inputs.push_back(v.getType());
    OpBuilder b = OpBuilder::atBlockEnd(module.getBody());
    SmallVector<Location> locs = llvm::map_to_vector(group, [](Operation *op) { return op->getLoc(); });
    auto kernel = kernel::FuncOp::create(b, FusedLoc::get(context, locs), name,
                                         FunctionType::get(context, inputs, TypeRange(root->getResults())),
                                         /*arg_attrs=*/ArrayAttr(), /*res_attrs=*/ArrayAttr(),
                                         /*schedule=*/DictionaryAttr());
    Block *block = &kernel.getBody().emplaceBlock();
    for (Type type : inputs)
      block->addArgument(type, root->getLoc());
    StringAttr attr = StringAttr::get(context, "adze.dims");
    for (auto [i, numbers] : llvm::enumerate(tensorDims))
      kernel.setArgAttr(ordered.size() + i, attr, numbers);
    for (auto [i, numbers] : llvm::enumerate(resultDims))
      kernel.setResultAttr(i, attr, numbers);
    return kernel;
  }

  void cloneBody(kernel::FuncOp kernel) {
    Block &block = kernel.getBody().front();
    OpBuilder b = OpBuilder::atBlockEnd(&block);
    IRMapping map;
    for (Value v : inlined)
      map.map(v, b.clone(*v.getDefiningOp())->getResult(0));
    for (Value v : indices) {
      DimExpr size = dims.size(v);
      if (auto constant = size.constant())
        map.map(v, arith::ConstantIndexOp::create(b, v.getLoc(), *constant).getResult());
      else
        map.map(v, block.getArgument(numbers[size]));
    }
    for (auto [i, v] : llvm::enumerate(tensors))
      map.map(v, block.getArgument(ordered.size() + i));
    for (Operation *op : group) {
      Operation *copy = b.clone(*op, map);
      copy->walk([&](Operation *inner) { addSite(inner, op); });
      // Sizes that are equal on the host are one argument here, whatever they are computed from.
      if (op->getNumResults() == 1 && !cast<RankedTensorType>(op->getResult(0).getType()).hasStaticShape())
        copy->setAttr("adze.dims", numbersOf(op->getResult(0)));
    }
    SmallVector<Value> results;
    for (Value v : root->getResults())
      results.push_back(map.lookup(v));
    kernel::ReturnOp::create(b, root->getLoc(), results);
  }

  /// Numbers the places where an index from data is checked, and says what the run reports there.
  void addSite(Operation *inner, Operation *op) {
    if (!isa<GatherOp, GatherElementsOp, GatherNdOp, ScatterElementsOp, ScatterNdOp, CheckIndexOp>(inner))
      return;
    inner->setAttr("adze.site", IntegerAttr::get(IntegerType::get(inner->getContext(), 64), int64_t(sites.size())));
    sites.push_back(StringAttr::get(inner->getContext(), messageAtNode(op->getLoc(), "index out of range")));
  }

  kernel::LaunchOp createLaunch(kernel::FuncOp kernel) {
    OpBuilder b(root);
    Location loc = kernel.getLoc();
    SmallVector<Value> inputs;
    for (const DimExpr &size : ordered)
      inputs.push_back(materialize(b, loc, dims.dims, size));
    inputs.append(tensors.begin(), tensors.end());
    auto launch = kernel::LaunchOp::create(b, loc, TypeRange(root->getResults()),
                                           FlatSymbolRefAttr::get(kernel.getNameAttr()), inputs);
    SmallVector<Attribute> dimAttrs(resultDims.begin(), resultDims.end());
    launch->setAttr("adze.result_dims", b.getArrayAttr(dimAttrs));
    if (!sites.empty())
      launch->setAttr("adze.sites", b.getArrayAttr(sites));
    SmallVector<StringRef> names, operators;
    collectNodeNames(loc, names);
    collectOperators(loc, operators);
    launch->setAttr("adze.nodes", b.getStringAttr(llvm::join(names, ";")));
    if (!operators.empty())
      launch->setAttr("adze.operators", b.getStringAttr(llvm::join(operators, ";")));
    for (auto [from, to] : llvm::zip(root->getResults(), launch.getResults()))
      dims.setShape(to, dims.shape(from));
    root->replaceAllUsesWith(launch);
    for (Operation *op : llvm::reverse(group))
      op->erase();
    return launch;
  }

  const Group &group;
  DimAnalysis &dims;
  ModuleOp module;
  Operation *root;
  DenseSet<Operation *> members;
  llvm::SetVector<Value> tensors, indices, inlined;
  SmallVector<DenseI64ArrayAttr> tensorDims, resultDims;
  std::map<DimExpr, int64_t> numbers;
  SmallVector<DimExpr> ordered;
  SmallVector<Attribute> sites;
};
} // namespace

FailureOr<kernel::LaunchOp> adze::outlineGroup(const Group &group, DimAnalysis &dims, ModuleOp module, StringRef name) {
  return Outliner(group, dims, module).run(name);
}
