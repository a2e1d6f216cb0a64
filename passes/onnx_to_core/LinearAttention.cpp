// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Attention without softmax, whose memory is a matrix that each step updates; and the short convolution that goes with
// it.
#include "passes/onnx_to_core/OpTable.h"
#include "passes/onnx_to_core/ScalarCode.h"
#include "passes/onnx_to_core/Sizes.h"
#include "passes/onnx_to_core/Steps.h"
#include <cmath>

using namespace mlir;
using namespace adze;
using namespace adze::core;

/// [B, T, heads * size] -> [B, heads, T, size], in f32.
static Value splitHeads(CoreBuilder &b, Value x, Value heads) {
  if (!x)
    return {};
  if (b.rank(x) != 3) {
    b.error() << "an input has type " << x.getType() << ", expected rank 3";
    return {};
  }
  Value size = floorDiv(b, b.dim(x, 2), heads);
  if (failed(requireEqual(b, b.muli(size, heads), b.dim(x, 2), "the last size does not split into heads")))
    return {};
  x = b.cast(x, b.b.getF32Type());
  return b.transpose(b.reshape(x, {b.dim(x, 0), b.dim(x, 1), heads, size}), {0, 2, 1, 3});
}

static LogicalResult lowerLinearAttention(CoreBuilder &b) {
  int64_t qHeads = b.intAttr("q_num_heads", 0), kvHeads = b.intAttr("kv_num_heads", 0);
  std::string rule = b.stringAttr("update_rule", "gated_delta");
  bool gated = rule == "gated" || rule == "gated_delta", delta = rule == "delta" || rule == "gated_delta";
  if (!gated && !delta && rule != "linear")
    return b.error() << "update_rule is '" << rule << "', expected linear, gated, delta or gated_delta";
  if (qHeads < 1 || kvHeads < 1 || qHeads % kvHeads)
    return b.error() << "q_num_heads is " << qHeads << " and kv_num_heads " << kvHeads
                     << ", expected positive numbers, the first a multiple of the second";
  if (gated != b.has(4) || delta != b.has(5))
    return b.error() << "decay and beta do not fit update_rule '" << rule << "'";
  Value heads = b.index(kvHeads), query = b.in(0), one = b.index(1);
  Value q = splitHeads(b, query, b.index(qHeads)), k = splitHeads(b, b.in(1), heads), v = splitHeads(b, b.in(2), heads);
  Value decay = gated ? splitHeads(b, b.in(4), heads) : Value(), beta = delta ? b.in(5) : Value();
  if (beta) // one number a head, or one for all
    beta = splitHeads(b, beta, b.dim(beta, b.rank(beta) - 1));
  if (!q || !k || !v || (gated && !decay) || (delta && !beta))
    return failure();
  Type f32 = b.b.getF32Type(), element = b.element(query);
  Value batch = b.dim(q, 0), steps = b.dim(q, 2), dk = b.dim(q, 3), dv = b.dim(v, 3);
  if (failed(requireEqual(b, b.dim(k, 2), steps, "query and key differ in length")) ||
      failed(requireEqual(b, b.dim(v, 2), steps, "query and value differ in length")) ||
      failed(requireEqual(b, b.dim(k, 3), dk, "query and key differ in head size")))
    return failure();
  Type stateElement = element;
  Value state = b.broadcast(b.scalar(f32, 0), {batch, heads, dk, dv});
  if (b.has(3)) {
    Value past = b.in(3);
    if (!past)
      return failure();
    stateElement = b.element(past);
    if (b.rank(past) != 4 || failed(requireEqual(b, product(b, b.dims(past)), product(b, b.dims(state)),
                                                 "past_state does not fit heads and sizes")))
      return b.rank(past) == 4 ? failure() : b.error() << "past_state has rank " << b.rank(past) << ", expected 4";
    state = b.reshape(b.cast(past, f32), {batch, heads, dk, dv});
  }
  double given = b.floatAttr("scale", 0);
  Value scale =
      given != 0 ? b.scalar(f32, given) : b.unary(UnaryKind::reciprocal, b.unary(UnaryKind::sqrt, b.scalarOf(dk, f32)));
  Value group = b.index(qHeads / kvHeads);
  Stepped all =
      runSteps(b, steps, false, state, {batch, b.index(qHeads), dv}, f32, [&](Value t, ValueRange now) -> StepResult {
        auto at = [&](Value x) { return b.sliceAxis(x, 2, t, one); }; // [B, heads, 1, size]
        Value memory = now[0], key = at(k), value = at(v);
        if (gated)
          memory = b.mul(memory, b.transpose(b.unary(UnaryKind::exp, at(decay)), {0, 1, 3, 2}));
        if (delta)
          value = b.mul(at(beta), b.sub(value, b.matmul(key, memory)));
        memory = b.add(memory, b.mul(b.transpose(key, {0, 1, 3, 2}), value));
        // Query heads that share one of the keys' are rows of one product.
        Value read = b.matmul(b.reshape(at(q), {batch, heads, group, dk}), memory);
        return {{memory}, b.mul(b.reshape(read, {batch, b.index(qHeads), dv}), scale)};
      });
  if (all.state.empty())
    return failure();
  Value y = b.reshape(b.transpose(all.outputs, {1, 0, 2, 3}), {batch, steps, b.muli(b.index(qHeads), dv)});
  return b.done({b.cast(y, element), b.cast(all.state[0], stateElement)});
}

/// A convolution of each channel with its own window over the past and the present, and the past for the next call.
static LogicalResult lowerCausalConvWithState(CoreBuilder &b) {
  Value x = b.in(0), w = b.in(1);
  if (!x || !w)
    return failure();
  if (b.rank(x) != 3 || b.rank(w) != 3)
    return b.error() << "input and weight have ranks " << b.rank(x) << " and " << b.rank(w) << ", expected 3";
  std::string activation = b.stringAttr("activation", "none");
  if (activation != "none" && activation != "silu" && activation != "swish")
    return b.error() << "activation is '" << activation << "', expected none, silu or swish";
  Value batch = b.dim(x, 0), channels = b.dim(x, 1), length = b.dim(x, 2), taps = b.dim(w, 2), zero = b.index(0);
  Value kept = b.subi(taps, b.index(1)), total = b.addi(kept, length);
  if (failed(requireEqual(b, b.dim(w, 0), channels, "input and weight differ in channels")) ||
      failed(requireEqual(b, b.dim(w, 1), b.index(1), "the weight is not one window a channel")) ||
      failed(require(b, arith::CmpIPredicate::sgt, taps, zero, "the weight has a window of size 0")))
    return failure();
  Type element = b.element(x), wide = wideFloat(element);
  Value padded;
  if (b.has(3)) {
    Value past = b.in(3);
    if (!past || b.rank(past) != 3)
      return past ? b.error() << "past_state has rank " << b.rank(past) << ", expected 3" : failure();
    if (failed(requireEqual(b, b.dim(past, 2), kept, "past_state does not fit the window")))
      return failure();
    padded = b.concat(2, {past, x});
  } else {
    padded = b.pad(PadMode::constant, x, b.like(x, 0), {zero, zero, kept}, {batch, channels, total});
  }
  Value sum = generate(b, {padded, w}, wide, {batch, channels, length}, [&](ScalarCode &s, ValueRange at) {
    return s.loop(s.index(0), taps, s.number(wide, 0), [&](Value i, ValueRange sum) -> ScalarCode::Values {
      Value v = s.convert(s.load(padded, {at[0], at[1], s.add(at[2], i)}), wide);
      Value factor = s.convert(s.load(w, {at[1], s.index(0), i}), wide);
      return {s.add(sum[0], s.mul(v, factor))};
    })[0];
  });
  if (b.has(2))
    sum = b.add(sum, b.cast(alongAxis(b, b.in(2), 0, 2), wide));
  sum = b.cast(sum, element);
  if (activation != "none")
    sum = b.cast(b.unary(UnaryKind::silu, b.cast(sum, wide)), element);
  return b.done({sum, b.sliceAxis(padded, 2, length, kept)});
}

void adze::addLinearAttentionOps(OpTable &table) {
  table.onOp("LinearAttention", 27, lowerLinearAttention);
  table.onOp("CausalConvWithState", 27, lowerCausalConvWithState);
}
