// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Operators that move elements by a pattern that their attributes give.
#include "passes/onnx_to_core/OpTable.h"
#include "passes/onnx_to_core/ShapeMath.h"
#include "passes/onnx_to_core/Sizes.h"

using namespace mlir;
using namespace adze;
using namespace adze::core;
using Values = CoreBuilder::Values;

static LogicalResult lowerTranspose(CoreBuilder &b) {
  Value x = b.in(0);
  if (!x)
    return failure();
  auto permutation = b.intsAttr("perm");
  if (!permutation) {
    permutation = range(0, b.rank(x));
    std::reverse(permutation->begin(), permutation->end());
  }
  if (llvm::is_sorted(*permutation) && int64_t(permutation->size()) == b.rank(x) && *permutation == range(0, b.rank(x)))
    return b.done(x);
  return b.done(b.create<TransposeOp>(x, *permutation));
}

static LogicalResult lowerConcat(CoreBuilder &b) {
  Values inputs;
  for (unsigned i = 0; i < b.node.getNumPositions(); ++i)
    inputs.push_back(b.in(i));
  if (inputs.empty() || llvm::is_contained(inputs, Value()))
    return inputs.empty() ? LogicalResult(b.error() << "has no inputs, expected 1 or more") : failure();
  auto axis = b.axis(b.intAttr("axis", 1), b.rank(inputs[0]));
  if (!axis)
    return failure();
  return b.done(b.concat(*axis, inputs));
}

/// The sizes of `count` equal parts: before opset 18 exactly equal, later the last may be smaller.
static std::optional<Values> equalParts(CoreBuilder &b, Value size, int64_t count) {
  Values out;
  Value n = b.index(count);
  if (b.opset() < 18) {
    Value part = floorDiv(b, size, n);
    if (failed(requireEqual(b, b.muli(part, n), size, "the dimension does not split into equal parts")))
      return std::nullopt;
    out.assign(count, part);
    return out;
  }
  Value part = ceilDiv(b, size, n), left = size;
  for (int64_t i = 0; i < count; ++i) {
    out.push_back(i + 1 < count && count == 2 ? part : minIndex(b, part, left));
    left = b.subi(left, out.back());
  }
  return out;
}

static LogicalResult split(CoreBuilder &b, Value x, int64_t axis, ArrayRef<Value> sizes) {
  Values parts;
  Value offset = b.index(0);
  for (Value given : sizes) {
    Value size = checkedSize(b, given, "the size of a part");
    if (!size)
      return failure();
    parts.push_back(b.sliceAxis(x, axis, offset, size));
    offset = b.addi(offset, size);
  }
  if (failed(requireEqual(b, offset, b.dim(x, axis), "the parts' sizes do not add up to the dimension")))
    return failure();
  return b.done(parts);
}

static LogicalResult lowerSplit(CoreBuilder &b) {
  Value x = b.in(0);
  auto axis = x ? b.axis(b.intAttr("axis", 0), b.rank(x)) : std::nullopt;
  if (!axis)
    return failure();
  int64_t count = b.node.getNumResults();
  if (auto list = b.intsAttr("split")) {
    if (int64_t(list->size()) != count)
      return b.error() << "split has " << list->size() << " entries for " << count << " outputs, expected as many";
    return split(b, x, *axis, llvm::map_to_vector(*list, [&](int64_t v) { return b.index(v); }));
  }
  if (b.has(1)) {
    auto sizes = indicesOf(b, b.in(1), count, "split");
    return sizes ? split(b, x, *axis, *sizes) : failure();
  }
  if (int64_t wanted = b.intAttr("num_outputs", count); wanted != count)
    return b.error() << "num_outputs is " << wanted << ", but the node has " << count << " outputs";
  auto sizes = equalParts(b, b.dim(x, *axis), count);
  return sizes ? split(b, x, *axis, *sizes) : failure();
}

/// x repeated along each dimension: [d] as [1, d], broadcast to [n, d], as [n * d].
static Value tiled(CoreBuilder &b, Value x, ArrayRef<Value> repeats) {
  Values apart, wide, joined;
  for (auto [size, given] : llvm::zip(b.dims(x), repeats)) {
    Value repeat = checkedSize(b, given, "a number of repeats");
    if (!repeat)
      return {};
    if (b.constant(repeat) != 1) {
      apart.push_back(b.index(1));
      wide.push_back(repeat);
    }
    apart.push_back(size);
    wide.push_back(size);
    joined.push_back(b.constant(repeat) == 1 ? size : b.muli(size, repeat));
  }
  if (wide.size() == joined.size())
    return x;
  return b.reshape(b.broadcast(b.reshape(x, apart), wide), joined);
}

/// Repeats along one axis, which must be a constant.
static LogicalResult lowerTile1(CoreBuilder &b) {
  Value x = b.in(0), tiles = asScalar(b, b.in(1));
  if (!x || !tiles)
    return failure();
  auto count = b.indices(b.cast(tiles, b.i(64)));
  auto where = b.constantInts(b.cast(asScalar(b, b.in(2)), b.i(64)));
  if (!count || !where)
    return b.error() << "the axis is not known at compile time, expected a constant";
  auto axis = b.axis((*where)[0], b.rank(x));
  if (!axis)
    return failure();
  Values repeats(b.rank(x), b.index(1));
  repeats[*axis] = (*count)[0];
  return b.done(tiled(b, x, repeats));
}

static LogicalResult lowerTile6(CoreBuilder &b) {
  Value x = b.in(0);
  auto repeats = x ? indicesOf(b, b.in(1), b.rank(x), "repeats") : std::nullopt;
  return repeats ? b.done(tiled(b, x, *repeats)) : failure();
}

namespace {
/// What DepthToSpace and SpaceToDepth have in common.
struct Blocks {
  Value x;
  int64_t size = 0;
  bool depthFirst = false; ///< mode CRD
};
} // namespace

static std::optional<Blocks> blocks(CoreBuilder &b) {
  Blocks out{b.in(0), b.intAttr("blocksize", 0)};
  if (!out.x)
    return std::nullopt;
  std::string mode = b.stringAttr("mode", "DCR");
  out.depthFirst = mode == "CRD";
  if (b.rank(out.x) != 4)
    b.error() << "input 0 is " << out.x.getType() << ", expected rank 4";
  else if (out.size < 1 || out.size > (1 << 15))
    b.error() << "blocksize is " << out.size << ", expected a small positive number";
  else if (mode != "CRD" && mode != "DCR")
    b.error() << "mode is '" << mode << "', expected DCR or CRD";
  else
    return out;
  return std::nullopt;
}

/// size / by, which must be exact.
static Value exactly(CoreBuilder &b, Value size, int64_t by) {
  Value quotient = floorDiv(b, size, b.index(by));
  if (failed(requireEqual(b, b.muli(quotient, b.index(by)), size, "a dimension is not a multiple of the blocks")))
    return {};
  return quotient;
}

static LogicalResult lowerDepthToSpace(CoreBuilder &b) {
  auto given = blocks(b);
  if (!given)
    return failure();
  Value block = b.index(given->size);
  auto d = b.dims(given->x);
  Value depth = exactly(b, d[1], given->size * given->size);
  if (!depth)
    return failure();
  Values apart =
      given->depthFirst ? Values{d[0], depth, block, block, d[2], d[3]} : Values{d[0], block, block, depth, d[2], d[3]};
  SmallVector<int64_t> permutation =
      given->depthFirst ? SmallVector<int64_t>{0, 1, 4, 2, 5, 3} : SmallVector<int64_t>{0, 3, 4, 1, 5, 2};
  Value moved = b.transpose(b.reshape(given->x, apart), permutation);
  return b.done(b.reshape(moved, {d[0], depth, b.muli(d[2], block), b.muli(d[3], block)}));
}

static LogicalResult lowerSpaceToDepth(CoreBuilder &b) {
  auto given = blocks(b);
  if (!given)
    return failure();
  Value block = b.index(given->size);
  auto d = b.dims(given->x);
  Value height = exactly(b, d[2], given->size), width = exactly(b, d[3], given->size);
  if (!height || !width)
    return failure();
  Value apart = b.reshape(given->x, {d[0], d[1], height, block, width, block});
  SmallVector<int64_t> permutation =
      given->depthFirst ? SmallVector<int64_t>{0, 1, 3, 5, 2, 4} : SmallVector<int64_t>{0, 3, 5, 1, 2, 4};
  Value depth = b.muli(d[1], b.index(given->size * given->size));
  return b.done(b.reshape(b.transpose(apart, permutation), {d[0], depth, height, width}));
}

static LogicalResult lowerTrilu(CoreBuilder &b) {
  Value x = b.in(0);
  if (!x)
    return failure();
  int64_t rank = b.rank(x);
  if (rank < 2)
    return b.error() << "input 0 is " << x.getType() << ", expected rank 2 or more";
  Values sizes{b.dim(x, rank - 2), b.dim(x, rank - 1)};
  Value row = b.iota(b.i(64), 0, sizes), column = b.iota(b.i(64), 1, sizes);
  if (b.has(1))
    row = b.add(row, b.cast(asScalar(b, b.in(1)), b.i(64)));
  auto kept = b.intAttr("upper", 1) ? ComparePredicate::ge : ComparePredicate::le;
  return b.done(b.select(b.compare(kept, column, row), x, b.like(x, 0)));
}

void adze::addMovementOps(OpTable &table) {
  table.onOp("Transpose", 1, lowerTranspose);
  table.onOp("Concat", 1, lowerConcat);
  table.onOp("Split", 1, lowerSplit);
  table.onOp("Tile", 1, lowerTile1);
  table.onOp("Tile", 6, lowerTile6);
  table.onOp("DepthToSpace", 1, lowerDepthToSpace);
  table.onOp("SpaceToDepth", 1, lowerSpaceToDepth);
  table.onOp("Trilu", 14, lowerTrilu);
}
