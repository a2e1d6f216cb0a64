// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "codegen/common/gpu/Cost.h"
#include "dialects/core/Core.h"
#include "dialects/core/Shapes.h"

using namespace mlir;
using namespace adze;
using namespace adze::core;

namespace {
using Amount = std::optional<double>;

Amount operator*(const Amount &a, const Amount &b) { return a && b ? Amount(*a * *b) : std::nullopt; }

/// Of one kernel.
class Counter {
public:
  explicit Counter(kernel::FuncOp kernel) : kernel(kernel) {}

  gpu::Cost run() {
    gpu::Cost cost;
    cost.flops = 0;
    for (Operation &op : kernel.getBody().front())
      addOperations(&op, cost);
    cost.bytes = bytes();
    return cost;
  }

private:
  /// How many elements.
  Amount count(Value tensor) {
    double n = 1;
    for (const DimExpr &size : analysis.shape(tensor).dims) {
      auto known = size.constant();
      if (!known)
        return std::nullopt;
      n *= static_cast<double>(*known);
    }
    return n;
  }

  Amount size(Value tensor, int64_t fromEnd) {
    auto dims = analysis.shape(tensor).dims;
    auto known = dims[dims.size() - fromEnd].constant();
    return known ? Amount(*known) : std::nullopt;
  }

  static Amount product(ArrayRef<int64_t> values) {
    double n = 1;
    for (int64_t value : values)
      n *= static_cast<double>(value);
    return n;
  }

  /// Products that are summed up, two operations each; nothing if `op` has none.
  std::optional<Amount> sums(Operation *op) {
    if (auto matmul = dyn_cast<MatmulOp>(op))
      return Amount(2) * count(matmul.getResult()) * size(matmul.getLhs(), 1);
    if (auto conv = dyn_cast<ConvOp>(op)) // the filter is [window..., C/groups, OC]
      return Amount(2) * count(conv.getResult()) * over(count(conv.getFilter()), size(conv.getFilter(), 1));
    if (auto attention = dyn_cast<AttentionOp>(op)) {
      Amount scores = over(count(attention.getQuery()), size(attention.getQuery(), 1)) * size(attention.getKey(), 2);
      return Amount(2) * scores * plus(size(attention.getQuery(), 1), size(attention.getValue(), 1));
    }
    return std::nullopt;
  }

  static Amount plus(const Amount &a, const Amount &b) { return a && b ? Amount(*a + *b) : std::nullopt; }
  static Amount over(const Amount &a, const Amount &b) { return a && b ? Amount(*b == 0 ? 0 : *a / *b) : std::nullopt; }

  /// Operations for each element of `per`.
  struct Rate {
    Value per;
    double each;
  };

  std::optional<Rate> rate(Operation *op) {
    if (isa<SoftmaxOp>(op))
      return Rate{op->getOperand(0), 4};
    if (isa<NormOp>(op))
      return Rate{op->getOperand(0), 6};
    if (isa<ReduceOp, ArgReduceOp, ScanOp>(op))
      return Rate{op->getOperand(0), 1};
    if (isa<UnaryOp, BinaryOp, CompareOp, SelectOp, CastOp>(op))
      return Rate{op->getResult(0), 1};
    if (auto pool = dyn_cast<PoolOp>(op))
      return Rate{pool.getResult(), *product(pool.getWindow())};
    if (auto generate = dyn_cast<GenerateOp>(op))
      return Rate{op->getResult(0), arithmeticOf(generate)};
    return std::nullopt;
  }

  /// Operations on floats in the code of an element, a loop's once.
  static double arithmeticOf(GenerateOp op) {
    double n = 0;
    op.getBodyRegion().walk([&](Operation *inner) {
      n += inner->getNumResults() == 1 && isa<FloatType>(inner->getResult(0).getType()) &&
           inner->getNumOperands() > 0 && !isa<LoadOp>(inner) && inner->getNumRegions() == 0;
    });
    return n;
  }

  void addOperations(Operation *op, gpu::Cost &cost) {
    Amount flops;
    bool isProduct = false;
    if (auto found = sums(op)) {
      flops = *found;
      isProduct = true;
    } else if (auto found = rate(op)) {
      flops = count(found->per) * Amount(found->each);
    } else {
      return;
    }
    Type type = getElementTypeOrSelf(op->getOperands().empty() ? op->getResult(0) : op->getOperand(0));
    if (!cost.unit || (isProduct && !cost.isProduct) || (isProduct == cost.isProduct && flops.value_or(0) > most))
      cost.unit = type, most = flops.value_or(0);
    cost.isProduct |= isProduct;
    cost.flops = plus(cost.flops, flops);
  }

  /// The most elements of argument `tensor` that its users read.
  Amount read(Value tensor) {
    Amount all = count(tensor), most = 0;
    for (OpOperand &use : tensor.getUses()) {
      Operation *op = use.getOwner();
      bool picks = isa<SliceOp, GatherOp, GatherElementsOp, GatherNdOp>(op) && use.getOperandNumber() == 0;
      Amount some = picks ? count(op->getResult(0)) : all;
      if (!some || !most)
        return all; // an upper bound where it is known
      most = std::max(*most, *some);
    }
    return all ? std::min(*all, *most) : most;
  }

  Amount bytes() {
    Amount sum = 0;
    Operation *end = kernel.getBody().front().getTerminator();
    for (Value argument : kernel.getBody().front().getArguments())
      if (isa<RankedTensorType>(argument.getType()))
        sum = plus(sum, read(argument) * Amount(elementBytes(getElementTypeOrSelf(argument))));
    for (Value result : end->getOperands())
      sum = plus(sum, count(result) * Amount(elementBytes(getElementTypeOrSelf(result))));
    return sum;
  }

  kernel::FuncOp kernel;
  DimAnalysis analysis;
  double most = 0;
};
} // namespace

gpu::Cost adze::gpu::costOf(kernel::FuncOp kernel) { return Counter(kernel).run(); }
