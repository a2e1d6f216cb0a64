// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Attention and RotaryEmbedding.
#include "passes/onnx_to_core/OpTable.h"
#include "passes/onnx_to_core/Sizes.h"
#include <cmath>
#include <limits>

using namespace mlir;
using namespace adze;
using namespace adze::core;

namespace {
/// One Attention node.
class AttentionLowering {
public:
  AttentionLowering(CoreBuilder &b) : b(b) {}
  LogicalResult lower();

private:
  bool readInputs();
  Value splitHeads(Value x, int64_t heads, StringRef attribute);
  Value appended(Value past, Value x);
  /// scale times the product of queries and keys, [B, heads, queries, keys].
  Value scores();
  Value withBias(Value scores);
  Value mask();
  /// The bias of a condition: 0 where it holds, -inf else.
  Value biasOf(Value condition);
  Value softmax(Value biased);
  Value sharedHeads(Value perQueryHead, Value columns);

  CoreBuilder &b;
  Value q, k, v;                       // [B, heads, length, size]
  Value pastLength, nonpad;            // index; i64 [B]
  Value queries, keys, heads, kvHeads; // index
  Type element;
  Value bias; // null: none
  bool everyRowHasKeys = true;
  bool threeDimensional = false;
};
} // namespace

/// [B, length, heads * size] -> [B, heads, length, size]; four dimensions stay.
Value AttentionLowering::splitHeads(Value x, int64_t count, StringRef attribute) {
  if (!x || b.rank(x) == 4)
    return x;
  if (count < 1) {
    b.error() << attribute << " is missing: inputs of rank 3 need it";
    return {};
  }
  Value size = floorDiv(b, b.dim(x, 2), b.index(count));
  if (failed(requireEqual(b, b.muli(size, b.index(count)), b.dim(x, 2), "the hidden size does not split into heads")))
    return {};
  return b.transpose(b.reshape(x, {b.dim(x, 0), b.dim(x, 1), b.index(count), size}), {0, 2, 1, 3});
}

Value AttentionLowering::appended(Value past, Value x) { return past && x ? b.concat(2, {past, x}) : x; }

bool AttentionLowering::readInputs() {
  q = b.in(0);
  k = b.in(1);
  v = b.in(2);
  if (!q || !k || !v)
    return false;
  if ((b.rank(q) != 3 && b.rank(q) != 4) || b.rank(k) != b.rank(q) || b.rank(v) != b.rank(q)) {
    b.error() << "Q, K and V have ranks " << b.rank(q) << ", " << b.rank(k) << " and " << b.rank(v)
              << ", expected equal ranks of 3 or 4";
    return false;
  }
  if (b.has(4) != b.has(5)) {
    b.error() << "only one of past_key and past_value is given, expected both or none";
    return false;
  }
  element = b.element(q);
  threeDimensional = b.rank(q) == 3;
  q = splitHeads(q, b.intAttr("q_num_heads", 0), "q_num_heads");
  k = q ? splitHeads(k, b.intAttr("kv_num_heads", 0), "kv_num_heads") : Value();
  v = k ? splitHeads(v, b.intAttr("kv_num_heads", 0), "kv_num_heads") : Value();
  if (!v)
    return false;
  Value pastKey = b.has(4) ? b.in(4) : Value(), pastValue = b.has(5) ? b.in(5) : Value();
  if (pastKey && b.rank(pastKey) == 4)
    pastLength = b.dim(pastKey, 2);
  k = appended(pastKey, k);
  v = appended(pastValue, v);
  if (b.has(6)) {
    Value given = b.in(6);
    if (!given || b.rank(given) != 1) {
      if (given)
        b.error() << "nonpad_kv_seqlen is " << given.getType() << ", expected a vector";
      return false;
    }
    nonpad = b.cast(given, b.i(64));
  }
  if (!q || !k || !v)
    return false;
  queries = b.dim(q, 2);
  keys = b.dim(k, 2);
  heads = b.dim(q, 1);
  kvHeads = b.dim(k, 1);
  Value group = floorDiv(b, heads, kvHeads);
  return succeeded(require(b, arith::CmpIPredicate::sgt, kvHeads, b.index(0), "there are no heads")) &&
         succeeded(
             requireEqual(b, b.muli(group, kvHeads), heads, "heads of the query do not split into those of the key"));
}

/// [B, heads, queries, n] as [B, kvHeads, group * queries, n]: queries whose heads share one of the keys' are rows of
/// one product.
Value AttentionLowering::sharedHeads(Value x, Value columns) {
  if (!x || (CoreBuilder::constant(heads) && CoreBuilder::constant(heads) == CoreBuilder::constant(kvHeads)))
    return x;
  return b.reshape(x, {b.dim(x, 0), kvHeads, b.muli(floorDiv(b, heads, kvHeads), queries), columns});
}

static bool equalConstants(Value x, Value y) {
  auto a = CoreBuilder::constant(x), c = CoreBuilder::constant(y);
  return a && a == c;
}

Value AttentionLowering::scores() {
  double given = b.floatAttr("scale", 0);
  Value factor;
  if (given > 0) {
    factor = b.scalar(element, std::sqrt(given));
  } else if (auto size = CoreBuilder::constant(b.dim(q, 3)); size && *size > 0) {
    factor = b.scalar(element, std::sqrt(1 / std::sqrt(double(*size))));
  } else {
    Type f64 = b.b.getF64Type();
    Value root = b.unary(UnaryKind::sqrt, b.scalarOf(b.dim(q, 3), f64));
    factor = b.cast(b.unary(UnaryKind::sqrt, b.div(b.scalar(f64, 1), root)), element);
  }
  Value rows = sharedHeads(b.mul(q, factor), b.dim(q, 3));
  Value columns = b.transpose(b.mul(k, factor), {0, 1, 3, 2});
  if (failed(requireEqual(b, b.dim(q, 3), b.dim(k, 3), "head sizes of query and key differ")) ||
      failed(requireEqual(b, b.dim(q, 0), b.dim(k, 0), "batch sizes of query and key differ")))
    return {};
  Value product = b.matmul(rows, columns);
  return equalConstants(heads, kvHeads) ? product : b.reshape(product, {b.dim(q, 0), heads, queries, keys});
}

Value AttentionLowering::biasOf(Value condition) {
  return b.select(condition, b.scalar(element, 0), b.scalar(element, -std::numeric_limits<double>::infinity()));
}

/// The input attn_mask as a bias whose last dimension is `keys`; keys that it does not reach are left out.
Value AttentionLowering::mask() {
  Value m = b.in(3);
  if (!m || b.rank(m) > 4 || b.rank(m) < 1) {
    if (m)
      b.error() << "attn_mask has rank " << b.rank(m) << ", expected 1 to 4";
    return {};
  }
  bool isBool = b.element(m).isInteger(1);
  CoreBuilder::Values sizes = b.dims(m);
  if (!equalConstants(sizes.back(), keys)) {
    Value outside =
        isBool ? b.scalar(b.element(m), 0) : b.scalar(b.element(m), -std::numeric_limits<double>::infinity());
    sizes.back() = maxIndex(b, keys, sizes.back());
    m = b.pad(PadMode::constant, m, outside, CoreBuilder::Values(sizes.size(), b.index(0)), sizes);
  }
  return isBool ? biasOf(m) : b.cast(m, element);
}

Value AttentionLowering::withBias(Value scores) {
  auto combine = [&](Value more) { bias = bias ? b.add(bias, more) : more; };
  if (b.has(3)) {
    combine(mask());
    everyRowHasKeys = false;
  }
  Type i64 = b.i(64);
  CoreBuilder::Values plane{queries, keys};
  int64_t left = b.intAttr("left_window_size", -1), right = b.intAttr("right_window_size", -1);
  bool causal = b.intAttr("is_causal", 0);
  // Place of each query among the keys: [queries, keys], or [B, 1, queries, keys] with an outer cache.
  Value place = b.iota(i64, 0, plane), key = b.iota(i64, 1, plane);
  if (pastLength)
    place = b.add(place, b.scalarOf(pastLength, i64));
  else if (nonpad)
    place = b.add(place, b.sub(b.reshape(nonpad, {b.dim(nonpad, 0), b.index(1), b.index(1), b.index(1)}),
                               b.scalarOf(queries, i64)));
  auto allow = [&](ComparePredicate p, int64_t reach) {
    combine(biasOf(b.compare(p, key, b.add(place, b.scalar(i64, reach)))));
  };
  if (causal)
    allow(ComparePredicate::le, 0);
  if (left >= 0)
    allow(ComparePredicate::ge, -left);
  if (right >= 0)
    allow(ComparePredicate::le, right);
  if (nonpad) {
    Value valid = b.reshape(nonpad, {b.dim(nonpad, 0), b.index(1), b.index(1), b.index(1)});
    combine(biasOf(b.compare(ComparePredicate::lt, b.iota(i64, 0, keys), valid)));
  }
  if (nonpad || left >= 0 || right >= 0)
    everyRowHasKeys = false;
  return bias ? b.add(scores, bias) : scores;
}

/// Softmax over the keys; a row without any is zero.
Value AttentionLowering::softmax(Value biased) {
  if (!biased)
    return {};
  Type precision = element;
  if (int64_t type = b.intAttr("softmax_precision", 0))
    precision = b.elementOf(type);
  if (!precision)
    return {};
  Value p = b.create<SoftmaxOp>(b.cast(biased, precision), 3, /*log=*/false);
  if (bias && !everyRowHasKeys) {
    Value greatest = b.reduce(ReduceKind::max, bias, b.rank(bias) - 1, /*keepdims=*/true);
    Value none = b.unary(UnaryKind::is_neg_inf, greatest);
    p = b.select(none, b.like(p, 0), p);
  }
  return b.cast(p, element);
}

LogicalResult AttentionLowering::lower() {
  if (!readInputs())
    return failure();
  Value raw = scores(), capped = raw;
  if (double cap = b.floatAttr("softcap", 0); cap > 0)
    capped = b.mul(b.unary(UnaryKind::tanh, b.div(raw, b.like(raw, cap))), b.like(raw, cap));
  Value biased = withBias(capped);
  Value weights = softmax(biased);
  if (!weights || failed(requireEqual(b, b.dim(v, 2), keys, "keys and values differ in length")) ||
      failed(requireEqual(b, b.dim(v, 1), kvHeads, "keys and values differ in heads")))
    return failure();
  Value y = b.matmul(sharedHeads(weights, keys), v);
  CoreBuilder::Values sizes{b.dim(q, 0), heads, queries, b.dim(v, 3)};
  if (!equalConstants(heads, kvHeads))
    y = b.reshape(y, sizes);
  if (threeDimensional)
    y = b.reshape(b.transpose(y, {0, 2, 1, 3}), {sizes[0], queries, b.muli(heads, sizes[3])});
  int64_t mode = b.intAttr("qk_matmul_output_mode", 0);
  if (mode < 0 || mode > 3)
    return b.error() << "qk_matmul_output_mode is " << mode << ", expected 0 to 3";
  const Value stages[] = {raw, capped, biased, weights};
  return b.done({y, k, v, stages[mode]});
}

static LogicalResult lowerAttention(CoreBuilder &b) { return AttentionLowering(b).lower(); }

/// Pairs of elements turned by angles whose cosines and sines are given for each position.
static LogicalResult lowerRotaryEmbedding(CoreBuilder &b) {
  Value x = b.in(0), cosines = b.in(1), sines = b.in(2);
  if (!x || !cosines || !sines)
    return failure();
  if (b.rank(x) != 3 && b.rank(x) != 4)
    return b.error() << "X has rank " << b.rank(x) << ", expected 3 or 4";
  CoreBuilder::Values original = b.dims(x);
  int64_t headsAxis = 1;
  if (b.rank(x) == 3) {
    int64_t heads = b.intAttr("num_heads", 0);
    if (heads < 1)
      return b.error() << "num_heads is missing: an input of rank 3 needs it";
    Value size = floorDiv(b, original[2], b.index(heads));
    if (failed(requireEqual(b, b.muli(size, b.index(heads)), original[2], "the hidden size does not split into heads")))
      return failure();
    x = b.reshape(x, {original[0], original[1], b.index(heads), size});
    headsAxis = 2;
  }
  if (b.has(3)) {
    Value positions = b.in(3);
    cosines = b.gather(cosines, positions, 0);
    sines = b.gather(sines, positions, 0);
  }
  if (!cosines || !sines)
    return failure();
  if (b.rank(cosines) != 3 || b.rank(sines) != 3)
    return b.error() << "cos_cache and sin_cache give " << cosines.getType() << " and " << sines.getType()
                     << ", expected [batch, sequence, half of the rotated size]";
  cosines = b.unsqueeze(cosines, headsAxis);
  sines = b.unsqueeze(sines, headsAxis);
  Value size = b.dim(x, 3), zero = b.index(0), one = b.index(1), two = b.index(2);
  int64_t given = b.intAttr("rotary_embedding_dim", 0);
  Value rotated = given > 0 ? b.index(given) : size, half = floorDiv(b, rotated, two);
  if (failed(requireEqual(b, b.muli(half, two), rotated, "the rotated size is odd")) ||
      failed(require(b, arith::CmpIPredicate::sle, rotated, size, "rotary_embedding_dim is larger than the head")) ||
      failed(requireEqual(b, b.dim(cosines, 3), half, "cos_cache does not fit the rotated size")) ||
      failed(requireEqual(b, b.dim(sines, 3), half, "sin_cache does not fit the rotated size")))
    return failure();
  bool interleaved = b.intAttr("interleaved", 0);
  auto part = [&](int64_t i) {
    CoreBuilder::Values offsets(4, zero), steps(4, one), sizes = b.dims(x);
    offsets[3] = interleaved ? b.index(i) : i ? half : zero;
    steps[3] = interleaved ? two : one;
    sizes[3] = half;
    return b.slice(x, offsets, steps, sizes);
  };
  Value first = part(0), second = part(1);
  Value real = b.sub(b.mul(cosines, first), b.mul(sines, second));
  Value imaginary = b.add(b.mul(sines, first), b.mul(cosines, second));
  Value y;
  if (interleaved) {
    CoreBuilder::Values sizes = b.dims(x);
    sizes[3] = rotated;
    y = b.reshape(b.concat(4, {b.unsqueeze(real, 4), b.unsqueeze(imaginary, 4)}), sizes);
  } else {
    y = b.concat(3, {real, imaginary});
  }
  if (given > 0 && !equalConstants(rotated, size))
    y = b.concat(3, {y, b.sliceAxis(x, 3, rotated, b.subi(size, rotated))});
  return b.done(headsAxis == 2 ? b.reshape(y, original) : y);
}

void adze::addAttentionOps(OpTable &table) {
  table.onOp("Attention", 23, lowerAttention);
  table.onOp("RotaryEmbedding", 23, lowerRotaryEmbedding);
}
