// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "passes/onnx_to_core/Steps.h"
#include "mlir/Dialect/SCF/IR/SCF.h"

using namespace mlir;
using namespace adze;
using namespace adze::core;

static constexpr int64_t kUnrolledSteps = 16;

using Body = function_ref<StepResult(Value, ValueRange)>;

/// Gives each value the sizes and so the type that the state has throughout; false if one is null.
static bool settle(CoreBuilder &b, MutableArrayRef<Value> state, ArrayRef<SmallVector<Value>> sizes) {
  for (auto [v, size] : llvm::zip(state, sizes)) {
    v = v ? b.reshape(v, size) : v;
    if (!v)
      return false;
  }
  return true;
}

static Stepped unrolled(CoreBuilder &b, int64_t count, bool reverse, SmallVector<Value> state,
                        ArrayRef<SmallVector<Value>> sizes, ArrayRef<Value> outputSizes, bool hasOutput, Body body) {
  SmallVector<Value> outputs(count), single{b.index(1)};
  single.append(outputSizes.begin(), outputSizes.end());
  for (int64_t i = 0; i < count; ++i) {
    int64_t t = reverse ? count - 1 - i : i;
    Value output;
    std::tie(state, output) = body(b.index(t), state);
    outputs[t] = output ? b.reshape(output, single) : output;
    if (!settle(b, state, sizes) || (hasOutput && !outputs[t]))
      return {};
  }
  return {state, hasOutput ? b.concat(0, outputs) : Value()};
}

static Stepped looped(CoreBuilder &b, Value count, bool reverse, SmallVector<Value> state,
                      ArrayRef<SmallVector<Value>> sizes, ArrayRef<Value> outputSizes, Type outputElement, Body body) {
  SmallVector<Value> all{count}, single{b.index(1)};
  all.append(outputSizes.begin(), outputSizes.end());
  single.append(outputSizes.begin(), outputSizes.end());
  if (outputElement)
    state.push_back(b.broadcast(b.scalar(outputElement, 0), all));
  auto loop = scf::ForOp::create(b.b, b.loc, b.index(0), count, b.index(1), state);
  bool ok = true;
  {
    OpBuilder::InsertionGuard guard(b.b);
    b.b.setInsertionPointToStart(loop.getBody());
    Value i = loop.getInductionVar(), t = reverse ? b.subi(b.subi(count, b.index(1)), i) : i;
    ValueRange carried = loop.getRegionIterArgs();
    auto [next, output] = body(t, outputElement ? carried.drop_back() : carried);
    ok = settle(b, next, sizes);
    if (outputElement && ok) {
      Value at = b.reshape(b.scalarOf(t, b.i(64)), {b.index(1), b.index(1)});
      Value rows = output ? b.create<ScatterNdOp>(carried.back(), at, b.reshape(output, single), ScatterReduction::none)
                          : Value();
      next.push_back(rows ? b.reshape(rows, all) : rows);
      ok = bool(next.back());
    }
    if (ok)
      scf::YieldOp::create(b.b, b.loc, next);
  }
  if (!ok) {
    loop.erase();
    return {};
  }
  SmallVector<Value> results(loop.getResults());
  Value outputs = outputElement ? results.pop_back_val() : Value();
  return {results, outputs};
}

Stepped adze::runSteps(CoreBuilder &b, Value count, bool reverse, ArrayRef<Value> state, ArrayRef<Value> outputSizes,
                       Type outputElement, Body body) {
  SmallVector<SmallVector<Value>> sizes;
  for (Value v : state) {
    if (!v)
      return {};
    sizes.push_back(b.dims(v));
  }
  SmallVector<Value> first(state);
  if (!settle(b, first, sizes))
    return {};
  auto known = CoreBuilder::constant(count);
  if (known && *known > 0 && *known <= kUnrolledSteps)
    return unrolled(b, *known, reverse, first, sizes, outputSizes, bool(outputElement), body);
  return looped(b, count, reverse, first, sizes, outputSizes, outputElement, body);
}
