// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Operators whose indices are data: gathers, scatters, ArrayFeatureExtractor, OneHot, ReverseSequence, TensorScatter.
#include "passes/onnx_to_core/OpTable.h"
#include "passes/onnx_to_core/ScalarCode.h"
#include "passes/onnx_to_core/ShapeMath.h"
#include "passes/onnx_to_core/Sizes.h"

using namespace mlir;
using namespace adze;
using namespace adze::core;
using P = arith::CmpIPredicate;
using Values = CoreBuilder::Values;

static std::optional<int64_t> axisOf(CoreBuilder &b, Value x, int64_t otherwise) {
  return x ? b.axis(b.intAttr("axis", otherwise), b.rank(x)) : std::nullopt;
}

static LogicalResult lowerGather(CoreBuilder &b) {
  Value x = b.in(0);
  auto axis = axisOf(b, x, 0);
  return axis ? b.done(b.gather(x, b.in(1), *axis)) : failure();
}

static LogicalResult lowerGatherElements(CoreBuilder &b) {
  Value x = b.in(0), indices = b.in(1);
  auto axis = axisOf(b, x, 0);
  if (!axis || !indices)
    return failure();
  return b.done(b.create<GatherElementsOp>(x, indices, *axis));
}

static LogicalResult lowerGatherNd(CoreBuilder &b) {
  Value x = b.in(0), indices = b.in(1);
  return b.done(b.create<GatherNdOp>(x, indices, b.intAttr("batch_dims", 0)));
}

/// Along the last axis, by all indices in a row; of a vector a matrix of one row, as ONNX Runtime's.
static LogicalResult lowerArrayFeatureExtractor(CoreBuilder &b) {
  Value x = b.in(0), indices = b.in(1);
  if (!x || !indices)
    return failure();
  auto axis = b.axis(-1, b.rank(x));
  if (!axis)
    return failure();
  Value picked = b.gather(x, b.reshape(indices, product(b, b.dims(indices))), *axis);
  return b.done(b.rank(x) == 1 ? b.unsqueeze(picked, 0) : picked);
}

static std::optional<ScatterReduction> reductionAttr(CoreBuilder &b) {
  std::string name = b.stringAttr("reduction", "none");
  auto kind = symbolizeScatterReduction(name);
  if (!kind)
    b.error() << "reduction is '" << name << "', expected none, add, mul, min or max";
  return kind;
}

static LogicalResult lowerScatterElements(CoreBuilder &b) {
  Value x = b.in(0), indices = b.in(1), updates = b.in(2);
  auto axis = axisOf(b, x, 0);
  auto reduction = reductionAttr(b);
  if (!axis || !indices || !updates || !reduction)
    return failure();
  return b.done(b.create<ScatterElementsOp>(x, indices, updates, *axis, *reduction));
}

static LogicalResult lowerScatterNd(CoreBuilder &b) {
  Value x = b.in(0), indices = b.in(1), updates = b.in(2);
  auto reduction = reductionAttr(b);
  if (!x || !indices || !updates || !reduction)
    return failure();
  int64_t tuple = b.rank(x) + b.rank(indices) - 1 - b.rank(updates);
  if (b.rank(indices) > 0 && tuple >= 0 && b.type(indices).getShape().back() < 0) { // the ranks tell it
    Values sizes = b.dims(indices);
    if (failed(requireEqual(b, sizes.back(), b.index(tuple), "the indices' last size does not fit the ranks")))
      return failure();
    sizes.back() = b.index(tuple);
    indices = b.reshape(indices, sizes);
  }
  return b.done(b.create<ScatterNdOp>(x, indices, updates, *reduction));
}

/// Elements of `update` instead of those of the cache from a sample's write index on.
static LogicalResult lowerTensorScatter(CoreBuilder &b) {
  Value cache = b.in(0), update = b.in(1);
  auto axis = axisOf(b, cache, -2);
  std::string mode = b.stringAttr("mode", "linear");
  if (!axis || !update)
    return failure();
  if (mode != "linear" && mode != "circular")
    return b.error() << "mode is '" << mode << "', expected linear or circular";
  if (b.rank(update) != b.rank(cache) || b.element(update) != b.element(cache) || *axis == 0)
    return b.error() << "an update of " << update.getType() << " at axis " << *axis << " does not fit";
  StringRef message = "the update's sizes do not fit the cache";
  for (int64_t d = 0; d < b.rank(cache); ++d)
    if (failed(require(b, d == *axis ? P::sle : P::eq, b.dim(update, d), b.dim(cache, d), message)))
      return failure();
  Values inputs{cache, update};
  Value starts = b.has(2) ? b.in(2) : Value();
  if (b.has(2)) {
    if (!starts || b.rank(starts) != 1 ||
        failed(requireEqual(b, b.dim(starts, 0), b.dim(cache, 0), "there is not one write index for each sample")))
      return starts && b.rank(starts) != 1 ? LogicalResult(b.error() << "write indices are " << starts.getType())
                                           : failure();
    inputs.push_back(starts);
  }
  Value length = b.dim(update, *axis), limit = b.dim(cache, *axis);
  return b.done(generate(b, inputs, b.element(cache), b.dims(cache), [&](ScalarCode &code, ValueRange at) {
    Value start = starts ? code.asIndex(code.load(starts, at[0])) : code.index(0), place;
    if (mode == "linear") {
      start = code.checked(start, code.add(code.sub(limit, length), code.index(1)));
      place = code.sub(at[*axis], start);
    } else {
      Value rest = arith::RemSIOp::create(code.b, code.loc, code.sub(at[*axis], start), limit);
      place = code.select(code.lt(rest, code.index(0)), code.add(rest, limit), rest);
    }
    Values from(at);
    from[*axis] = place;
    return code.loadOr(update, from, code.load(cache, at));
  }));
}

static LogicalResult lowerReverseSequence(CoreBuilder &b) {
  Value x = b.in(0), lengths = b.in(1);
  if (!x || !lengths)
    return failure();
  auto time = b.axis(b.intAttr("time_axis", 0), b.rank(x)), batch = b.axis(b.intAttr("batch_axis", 1), b.rank(x));
  if (!time || !batch)
    return failure();
  if (*time == *batch || b.rank(lengths) != 1)
    return b.error() << "time axis " << *time << ", batch axis " << *batch << " and lengths " << lengths.getType()
                     << " do not fit together";
  if (failed(requireEqual(b, b.dim(lengths, 0), b.dim(x, *batch), "there is not one length for each sample")))
    return failure();
  return b.done(generate(b, {x, lengths}, b.element(x), b.dims(x), [&](ScalarCode &code, ValueRange at) {
    Value t = at[*time], length = code.asIndex(code.load(lengths, at[*batch]));
    Value mirrored = code.sub(code.sub(length, code.index(1)), t);
    Values from(at);
    from[*time] = code.checked(code.select(code.lt(t, length), mirrored, t), code.dim(x, *time));
    return code.load(x, from);
  }));
}

static LogicalResult lowerOneHot(CoreBuilder &b) {
  Value indices = b.in(0), depth = asScalar(b, b.in(1));
  Value values = b.in(2);
  if (!indices || !depth || !values)
    return failure();
  Type i64 = b.i(64);
  int64_t rank = b.rank(indices) + 1;
  auto axis = b.axis(b.intAttr("axis", -1), rank);
  Value depthNumber = b.cast(depth, i64);
  auto size = b.indices(depthNumber);
  if (!axis || !size)
    return failure();
  if (b.rank(values) != 1)
    return b.error() << "values are " << values.getType() << ", expected two in a vector";
  Value classes = checkedSize(b, (*size)[0], "depth");
  if (!classes || failed(requireEqual(b, b.dim(values, 0), b.index(2), "values are not two")))
    return failure();
  Value wanted = b.cast(indices, i64);
  wanted = b.select(b.compare(ComparePredicate::lt, wanted, b.like(wanted, 0)), b.add(wanted, depthNumber), wanted);
  Values sizes(rank, b.index(1));
  sizes[*axis] = classes;
  Value isOn = b.compare(ComparePredicate::eq, b.unsqueeze(wanted, *axis), b.iota(i64, *axis, sizes));
  auto value = [&](int64_t i) { return b.reshape(b.sliceAxis(values, 0, b.index(i), b.index(1)), {}); };
  return b.done(b.select(isOn, value(1), value(0)));
}

void adze::addIndexingOps(OpTable &table) {
  table.onOp("Gather", 1, lowerGather);
  table.onOp("GatherElements", 11, lowerGatherElements);
  table.onOp("GatherND", 11, lowerGatherNd);
  table.onOp("Scatter", 9, lowerScatterElements);
  table.onOp("ScatterElements", 11, lowerScatterElements);
  table.onOp("ScatterND", 11, lowerScatterNd);
  table.onOp("TensorScatter", 24, lowerTensorScatter);
  table.onOp("ReverseSequence", 10, lowerReverseSequence);
  table.onOp("OneHot", 9, lowerOneHot);
  table.onOp("ai.onnx.ml", "ArrayFeatureExtractor", 1, lowerArrayFeatureExtractor);
}
