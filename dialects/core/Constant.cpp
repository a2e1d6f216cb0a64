// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "dialects/core/Core.h"
#include "mlir/IR/Matchers.h"
#include "mlir/IR/PatternMatch.h"

using namespace mlir;
using namespace adze::core;

/// `core.constant dense<1> : tensor<2xi64>` or `core.constant #core.blob<...> -> tensor<2xi64>` (the parser takes a
/// colon and a type after a dialect's attribute as part of that attribute).
ParseResult ConstantOp::parse(OpAsmParser &parser, OperationState &result) {
  Attribute value;
  Type type;
  if (parser.parseOptionalAttrDict(result.attributes) || parser.parseAttribute(value))
    return failure();
  if (auto typed = dyn_cast<TypedAttr>(value))
    type = typed.getType();
  else if (parser.parseArrow() || parser.parseType(type))
    return failure();
  result.addAttribute("value", value);
  result.addTypes(type);
  return success();
}

void ConstantOp::print(OpAsmPrinter &printer) {
  printer.printOptionalAttrDict((*this)->getAttrs(), {"value"});
  printer << ' ' << getValue();
  if (!isa<TypedAttr>(getValue()))
    printer << " -> " << getResult().getType();
}

OpFoldResult ConstantOp::fold(FoldAdaptor) { return getValue(); }

LogicalResult ConstantOp::verify() {
  auto type = cast<RankedTensorType>(getResult().getType());
  if (!type.hasStaticShape())
    return emitOpError() << "has a result of unknown size: " << type;
  if (auto blob = dyn_cast<BlobAttr>(getValue())) {
    uint64_t expected = uint64_t(type.getNumElements()) * elementBytes(type.getElementType());
    if (blob.getSize() != expected)
      return emitOpError() << "blob has " << blob.getSize() << " bytes, but " << type << " takes " << expected;
    return success();
  }
  auto elements = dyn_cast<ElementsAttr>(getValue());
  if (!elements)
    return emitOpError() << "value is neither elements nor a blob";
  if (elements.getShapedType().getShape() != type.getShape() ||
      elements.getShapedType().getElementType() != type.getElementType())
    return emitOpError() << "value has type " << elements.getShapedType() << ", the result " << type;
  return success();
}

/// Writes the low `bytes` bytes of `value`.
static void append(std::vector<char> &out, const APInt &value, unsigned bytes) {
  APInt wide = value.zextOrTrunc(bytes * 8);
  for (unsigned i = 0; i < bytes; ++i)
    out.push_back(char(wide.extractBitsAsZExtValue(8, i * 8)));
}

FailureOr<std::vector<char>> adze::core::constantBytes(ConstantOp op) {
  auto type = cast<RankedTensorType>(op.getResult().getType());
  if (auto blob = dyn_cast<BlobAttr>(op.getValue())) {
    auto *dialect = op->getContext()->getLoadedDialect<CoreDialect>();
    auto bytes = dialect->blobs().get(blob.getSource(), blob.getOffset(), blob.getSize());
    if (!bytes)
      return failure();
    return bytes->bytes.vec();
  }
  unsigned width = elementBytes(type.getElementType());
  std::vector<char> out;
  out.reserve(type.getNumElements() * width);
  auto elements = cast<DenseElementsAttr>(op.getValue());
  if (isa<FloatType>(type.getElementType()))
    for (const APFloat &v : elements.getValues<APFloat>())
      append(out, v.bitcastToAPInt(), width);
  else
    for (const APInt &v : elements.getValues<APInt>())
      append(out, isUnsignedElement(type.getElementType()) ? v.zextOrTrunc(width * 8) : v.sextOrTrunc(width * 8),
             width);
  return out;
}

namespace {
/// A requirement that is true always goes.
struct DropHeldRequire : OpRewritePattern<RequireOp> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(RequireOp op, PatternRewriter &rewriter) const override {
    if (!matchPattern(op.getCondition(), m_One()))
      return rewriter.notifyMatchFailure(op, "condition is not known to hold");
    rewriter.eraseOp(op);
    return success();
  }
};
} // namespace

LogicalResult RequireOp::verify() {
  if (size_t count = getFound().size(); count != 0 && count != 2)
    return emitOpError() << "has " << count << " found sizes, expected none or two";
  return success();
}

void RequireOp::getCanonicalizationPatterns(RewritePatternSet &patterns, MLIRContext *context) {
  patterns.add<DropHeldRequire>(context);
}
