// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Col2Im: columns of blocks summed where they lie in an image.
#include "passes/onnx_to_core/OpTable.h"
#include "passes/onnx_to_core/ScalarCode.h"
#include "passes/onnx_to_core/Sizes.h"

using namespace mlir;
using namespace adze;
using P = arith::CmpIPredicate;
using Values = CoreBuilder::Values;

namespace {
/// Sizes and steps of the blocks, one entry a spatial dimension.
struct BlockWindow {
  Values image, block, places; ///< places: how often the block fits
  SmallVector<int64_t> strides, dilations, pads;
};
} // namespace

/// Each dimension is a loop in the code of an element.
static constexpr int64_t kMostDimensions = 16;

static std::optional<BlockWindow> blockWindow(CoreBuilder &b) {
  Value image = b.in(1), block = b.in(2);
  if (!image || !block || b.rank(image) != 1 || b.rank(block) != 1) {
    if (image && block)
      b.error() << "the shapes of image and block are " << image.getType() << " and " << block.getType()
                << ", expected two vectors";
    return std::nullopt;
  }
  int64_t rank = std::max(b.type(image).getDimSize(0), b.type(block).getDimSize(0));
  for (StringRef name : {"strides", "dilations"})
    if (auto list = b.intsAttr(name); list && rank < 0)
      rank = list->size();
  if (auto pads = b.intsAttr("pads"); pads && rank < 0)
    rank = pads->size() / 2;
  if (rank < 0) {
    b.error() << "the number of spatial dimensions is not known at compile time";
    return std::nullopt;
  }
  if (rank > kMostDimensions) {
    b.error() << "there are " << rank << " spatial dimensions, which are too many";
    return std::nullopt;
  }
  BlockWindow out;
  auto strides = listAttr(b, "strides", rank, 1, 1), dilations = listAttr(b, "dilations", rank, 1, 1);
  auto pads = listAttr(b, "pads", 2 * rank, 0, 0);
  auto imageSizes = indicesOf(b, image, rank, "image_shape"), blockSizes = indicesOf(b, block, rank, "block_shape");
  if (!strides || !dilations || !pads || !imageSizes || !blockSizes)
    return std::nullopt;
  out.strides = *strides, out.dilations = *dilations, out.pads = *pads;
  out.image = *imageSizes, out.block = *blockSizes;
  for (int64_t d = 0; d < rank; ++d) {
    if (failed(require(b, P::sge, out.image[d], b.index(0), "image_shape has a negative entry")) ||
        failed(require(b, P::sge, out.block[d], b.index(1), "block_shape has an entry below 1")))
      return std::nullopt;
    Value reach = b.addi(b.muli(b.subi(out.block[d], b.index(1)), b.index(out.dilations[d])), b.index(1));
    Value room = b.subi(b.addi(out.image[d], b.index(out.pads[d] + out.pads[rank + d])), reach);
    out.places.push_back(b.addi(floorDiv(b, room, b.index(out.strides[d])), b.index(1)));
  }
  return out;
}

/// The elements of all block positions that reach the image's element `at`.
static Value summed(ScalarCode &code, const BlockWindow &window, Value x, ValueRange at, Value zero, Value blockSize) {
  size_t rank = window.image.size();
  std::function<Value(size_t, Value, Value, Value, Value)> nest = [&](size_t d, Value offset, Value place, Value inside,
                                                                      Value sum) -> Value {
    if (d == rank) {
      Value row = code.add(code.mul(at[1], blockSize), offset);
      Value column = code.select(inside, place, code.index(-1));
      return code.add(sum, code.loadOr(x, {at[0], row, column}, zero));
    }
    return code.loop(code.index(0), window.block[d], sum, [&](Value q, ValueRange carried) {
      Value from = code.add(at[2 + d], code.index(window.pads[d]));
      from = code.sub(from, code.mul(q, code.index(window.dilations[d])));
      Value stride = code.index(window.strides[d]), step = code.div(from, stride);
      Value exact = code.compare(P::eq, code.mul(step, stride), from);
      Value here = code.both(code.both(exact, code.ge(from, code.index(0))), code.lt(step, window.places[d]));
      return ScalarCode::Values{nest(d + 1, code.add(code.mul(offset, window.block[d]), q),
                                     code.add(code.mul(place, window.places[d]), step), code.both(inside, here),
                                     carried[0])};
    })[0];
  };
  Value yes = arith::ConstantIntOp::create(code.b, code.loc, 1, 1);
  return nest(0, code.index(0), code.index(0), yes, zero);
}

static LogicalResult lowerCol2Im(CoreBuilder &b) {
  Value x = b.in(0);
  auto window = x ? blockWindow(b) : std::nullopt;
  if (!window)
    return failure();
  if (b.element(x).isInteger(1))
    return b.error() << "blocks of i1 cannot be summed";
  if (b.rank(x) != 3)
    return b.error() << "input 0 is " << x.getType() << ", expected rank 3";
  Type type = b.element(x), wide = wideFloat(type);
  x = b.cast(x, wide);
  Value blockSize = product(b, window->block), channels = floorDiv(b, b.dim(x, 1), blockSize);
  if (failed(requireEqual(b, b.muli(channels, blockSize), b.dim(x, 1), "rows are not a multiple of the block")) ||
      failed(requireEqual(b, b.dim(x, 2), product(b, window->places), "columns are not one for each block position")))
    return failure();
  Values sizes{b.dim(x, 0), channels};
  sizes.append(window->image);
  Value image = generate(b, x, wide, sizes, [&](ScalarCode &code, ValueRange at) {
    Type scalar = isa<IntegerType>(wide) ? code.b.getIntegerType(wide.getIntOrFloatBitWidth()) : wide;
    return summed(code, *window, x, at, code.number(scalar, 0), blockSize);
  });
  return b.done(b.cast(image, type));
}

void adze::addCol2ImOps(OpTable &table) { table.onOp("Col2Im", 18, lowerCol2Im); }
