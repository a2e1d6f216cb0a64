// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Losses of classification: NegativeLogLikelihoodLoss and SoftmaxCrossEntropyLoss.
#include "passes/onnx_to_core/OpTable.h"
#include "passes/onnx_to_core/Sizes.h"

using namespace mlir;
using namespace adze;
using namespace adze::core;

/// -logProbability at the target class, weighted and reduced: `logs` [N, C, d...], `target` [N, d...], `weight` [C] or
/// null.
static Value likelihoodLoss(CoreBuilder &b, Value logs, Value target, Value weight) {
  if (!logs || !target)
    return {};
  if (b.rank(logs) < 2 || b.rank(target) != b.rank(logs) - 1) {
    b.error() << "scores and labels have ranks " << b.rank(logs) << " and " << b.rank(target)
              << ", expected 2 or more and one less";
    return {};
  }
  std::string reduction = b.stringAttr("reduction", "mean");
  if (reduction != "mean" && reduction != "sum" && reduction != "none") {
    b.error() << "reduction is '" << reduction << "', expected mean, sum or none";
    return {};
  }
  for (int64_t i = 0; i < b.rank(target); ++i)
    if (failed(requireEqual(b, b.dim(target, i), b.dim(logs, i ? i + 1 : 0), "scores and labels differ in size")))
      return {};
  Type element = b.element(logs);
  Value ignored;
  if (b.node.getNodeAttr("ignore_index")) {
    ignored = b.compare(ComparePredicate::eq, target, b.like(target, b.intAttr("ignore_index", 0)));
    target = b.select(ignored, b.like(target, 0), target);
  }
  Value at = b.unsqueeze(target, {1});
  Value loss = b.squeeze(b.create<GatherElementsOp>(logs, at, 1), {1});
  loss = b.sub(b.scalar(element, 0), loss);
  Value factor = weight ? b.gather(weight, target, 0) : Value();
  if (ignored)
    factor = b.select(ignored, b.scalar(element, 0), factor ? factor : b.scalar(element, 1));
  if (factor)
    loss = b.mul(loss, factor);
  if (!loss || reduction == "none")
    return loss;
  SmallVector<int64_t> axes = range(0, b.rank(loss));
  Value sum = b.reduce(ReduceKind::sum, loss, axes, /*keepdims=*/false);
  if (reduction == "sum")
    return sum;
  Value count = factor ? b.reduce(ReduceKind::sum, b.broadcast(factor, b.dims(loss)), axes, /*keepdims=*/false)
                       : b.scalarOf(product(b, b.dims(loss)), element);
  return b.div(sum, count);
}

static LogicalResult lowerNegativeLogLikelihoodLoss(CoreBuilder &b) {
  return b.done(likelihoodLoss(b, b.in(0), b.in(1), b.has(2) ? b.in(2) : Value()));
}

static LogicalResult lowerSoftmaxCrossEntropyLoss(CoreBuilder &b) {
  Value scores = b.in(0);
  Value logs = scores && b.rank(scores) >= 2 ? b.create<SoftmaxOp>(scores, 1, /*log=*/true) : scores;
  return b.done({likelihoodLoss(b, logs, b.in(1), b.has(2) ? b.in(2) : Value()), logs});
}

void adze::addLossOps(OpTable &table) {
  table.onOp("NegativeLogLikelihoodLoss", 12, lowerNegativeLogLikelihoodLoss);
  table.onOp("SoftmaxCrossEntropyLoss", 12, lowerSoftmaxCrossEntropyLoss);
}
