// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Contractions of dequantised numbers as contractions of the 8-bit integers themselves. With x = sx (qx - zx) and
// w = sw (qw - zw), where sw is one number for each output channel,
//   sum x w = sx sw (sum qx qw - zw sum qx - zx sum (qw - zw))
// (the form of "Quantization and Training of Neural Networks for Efficient Integer-Arithmetic-Only Inference",
// arXiv 1712.05877, section 2.3). The last sum is mostly a constant, and zw mostly 0.
#include "passes/core/ConstEval.h"
#include "passes/core/Passes.h"
#include <cmath>

using namespace mlir;
using namespace adze::core;

namespace adze {
#define GEN_PASS_DEF_FOLDQUANTIZATION
#include "passes/core/Passes.h.inc"

namespace {
RankedTensorType typeOf(Value v) { return cast<RankedTensorType>(v.getType()); }
Type elementOf(Value v) { return typeOf(v).getElementType(); }
bool isSingle(Value v) { return typeOf(v).hasStaticShape() && typeOf(v).getNumElements() == 1; }

/// scale * (q - zero); q are 8-bit integers. A null zero is 0, a null scale 1; zeros are numbers of the type that the
/// expression is computed in.
struct Quantised {
  Value q, zero, scale;
};

/// The constant that `v` comes to, or null: ops on constants that nobody has folded yet are evaluated.
Value evaluate(OpBuilder &b, Value v, int depth = 8) {
  Operation *op = v.getDefiningOp();
  if (!op || isa<ConstantOp>(op))
    return op ? v : Value();
  if (depth == 0 || !isa<TransposeOp, ReshapeOp, BroadcastOp, CastOp, BinaryOp, UnaryOp>(op))
    return {};
  SmallVector<Value> operands;
  for (Value operand : op->getOperands()) {
    bool isTensor = isa<RankedTensorType>(operand.getType());
    operands.push_back(isTensor ? evaluate(b, operand, depth - 1) : operand);
    if (!operands.back())
      return {};
  }
  Operation *copy = b.clone(*op);
  copy->setOperands(operands);
  auto value = evaluateConstant(copy);
  Value result = succeeded(value)
                     ? ConstantOp::create(b, op->getLoc(), copy->getResult(0).getType(), *value).getResult()
                     : Value();
  copy->erase();
  return result;
}

/// True if `v` is a constant of zeros. Not meant for large tensors.
bool isZero(OpBuilder &b, Value v) {
  if (!typeOf(v).hasStaticShape() || typeOf(v).getNumElements() > 65536)
    return false;
  Value constant = evaluate(b, v);
  auto bytes = constant ? constantBytes(constant.getDefiningOp<ConstantOp>()) : FailureOr<std::vector<char>>(failure());
  return succeeded(bytes) && llvm::all_of(*bytes, [](char c) { return c == 0; });
}

/// True if `v` is integers, whatever it is computed from: not meant for large tensors.
bool isWhole(OpBuilder &b, Value v) {
  if (!isa<FloatType>(elementOf(v)))
    return true;
  Value from = v;
  while (auto *op = from.getDefiningOp()) {
    if (!isa<TransposeOp, ReshapeOp, BroadcastOp>(op))
      break;
    from = op->getOperand(0);
  }
  if (auto cast = from.getDefiningOp<CastOp>())
    if (elementOf(cast.getInput()).isInteger() && elementOf(cast.getInput()).getIntOrFloatBitWidth() <= 16)
      return true;
  Value constant = elementOf(v).isF32() ? evaluate(b, v) : Value();
  auto bytes = constant ? constantBytes(constant.getDefiningOp<ConstantOp>()) : FailureOr<std::vector<char>>(failure());
  if (failed(bytes))
    return false;
  for (size_t i = 0; i + sizeof(float) <= bytes->size(); i += sizeof(float)) {
    float f;
    std::memcpy(&f, bytes->data() + i, sizeof f);
    if (f != std::floor(f))
      return false;
  }
  return true;
}

/// One fold; builds what it needs before the contraction.
class Folder {
public:
  Folder(Operation *root, bool general)
      : root(root), loc(root->getLoc()), b(root), to(elementOf(root->getResult(0))), general(general) {}

  /// True if the contraction was replaced.
  bool run() {
    std::optional<Quantised> left = read(root->getOperand(0)), right = read(root->getOperand(1));
    if (!left || !right || !isSupported(*left, *right))
      return false;
    Value weights = evaluate(b, right->q);
    if (!weights && !general)
      return false;
    if (weights) {
      right->q = weights;
      if (elementOf(weights).isUnsignedInteger() && !makeSigned(*right))
        return false;
    }
    if (right->zero && isZero(b, right->zero))
      right->zero = {};
    if (right->zero && !general)
      return false;
    if (!general)
      makeUnsigned(*left);
    if (left->zero && isZero(b, left->zero))
      left->zero = {};
    Value sum = contract(left->q, right->q);
    if (right->zero)
      sum = subtractProduct(sum, asInteger(right->zero), rowSums(left->q));
    if (left->zero)
      sum = subtractProduct(sum, asInteger(left->zero), columnSums(*right));
    Value out = sum;
    if (isa<FloatType>(to)) {
      Value scale = product(left->scale, right->scale);
      out = CastOp::create(b, loc, sum, to, /*saturate=*/false);
      if (scale)
        out = BinaryOp::create(b, loc, BinaryKind::mul, out, scale);
    }
    if (out.getType() != root->getResult(0).getType())
      out = tensor::CastOp::create(b, loc, root->getResult(0).getType(), out);
    root->getResult(0).replaceAllUsesWith(out);
    root->erase();
    return true;
  }

private:
  /// `v` as quantised numbers; transposes, reshapes and zero padding on the way are those of the integers.
  std::optional<Quantised> read(Value v) {
    if (auto op = v.getDefiningOp<TransposeOp>())
      return readTransposed(op);
    if (auto op = v.getDefiningOp<PadOp>())
      return readPadded(op);
    Quantised out;
    if (auto op = v.getDefiningOp<BinaryOp>(); op && op.getKind() == BinaryKind::mul && isa<FloatType>(to)) {
      out.scale = op.getRhs();
      v = op.getLhs();
    }
    if (auto op = v.getDefiningOp<BinaryOp>(); op && op.getKind() == BinaryKind::sub) {
      out.zero = op.getRhs();
      v = op.getLhs();
    }
    auto cast = v.getDefiningOp<CastOp>();
    if (!cast || cast.getTo() != to || !elementOf(cast.getInput()).isInteger(8) ||
        (out.zero && out.zero.getDefiningOp() == cast))
      return std::nullopt;
    out.q = cast.getInput();
    if (out.zero && !isWhole(b, out.zero))
      return std::nullopt;
    for (Value other : {out.zero, out.scale})
      if (other && !keepsShape(typeOf(out.q), typeOf(other)))
        return std::nullopt;
    return out;
  }

  /// True if a scale or zero that is broadcast does not change the shape of the numbers.
  static bool keepsShape(RankedTensorType numbers, RankedTensorType other) {
    if (other.getRank() > numbers.getRank())
      return false;
    ArrayRef<int64_t> sizes = numbers.getShape().take_back(other.getRank());
    return llvm::all_of(llvm::zip(sizes, other.getShape()), [](auto pair) {
      auto [size, own] = pair;
      return own == 1 || (own == size && !ShapedType::isDynamic(own));
    });
  }

  std::optional<Quantised> readTransposed(TransposeOp op) {
    auto inner = read(op.getInput());
    if (!inner)
      return std::nullopt;
    inner->q = TransposeOp::create(b, loc, inner->q, op.getPermutation());
    for (Value *other : {&inner->zero, &inner->scale})
      if (*other && !isSingle(*other)) {
        if (typeOf(*other).getRank() != typeOf(op.getInput()).getRank())
          return std::nullopt;
        *other = TransposeOp::create(b, loc, *other, op.getPermutation());
      }
    return inner;
  }

  /// Padding with the number 0 is padding with the zero point.
  std::optional<Quantised> readPadded(PadOp op) {
    if (op.getMode() != PadMode::constant || !isZero(b, op.getValue()))
      return std::nullopt;
    auto inner = read(op.getInput());
    if (!inner || (inner->zero && !isSingle(inner->zero)))
      return std::nullopt;
    Type element = elementOf(inner->q);
    Value zero = inner->zero ? CastOp::create(b, loc, asElement(inner->zero), element, /*saturate=*/false).getResult()
                             : constant(element, 0);
    inner->q = PadOp::create(b, loc, PadMode::constant, inner->q, zero, op.getLow(), op.getSizes());
    return inner;
  }

  bool isSupported(const Quantised &left, Quantised &right) {
    auto conv = dyn_cast<ConvOp>(root);
    if (conv && conv.getGroups() != 1)
      return false;
    // What may be the products of attention stays what that is recognised by.
    if (!conv && typeOf(root->getOperand(1)).getRank() != 2 && (!general || isa<FloatType>(to)))
      return false;
    if (left.zero && !isSingle(left.zero) && (!general || conv || typeOf(left.zero).getShape().back() != 1))
      return false;
    if (left.scale && !isSingle(left.scale))
      return false;
    return llvm::all_of(ArrayRef{right.scale, right.zero}, [](Value v) { return !v || isSingle(v) || isPerColumn(v); });
  }

  /// True for one number a column: all sizes but the last are 1.
  static bool isPerColumn(Value v) {
    return typeOf(v).getRank() > 0 &&
           llvm::all_of(typeOf(v).getShape().drop_back(), [](int64_t size) { return size == 1; });
  }

  /// Constants of ui8 less 128, and so their zero. False if that is not possible.
  bool makeSigned(Quantised &right) {
    Value wide = CastOp::create(b, loc, right.q, b.getI32Type(), /*saturate=*/false);
    Value less = BinaryOp::create(b, loc, BinaryKind::sub, wide, constant(b.getI32Type(), 128));
    Value weights = evaluate(b, CastOp::create(b, loc, less, b.getIntegerType(8), /*saturate=*/false));
    if (!weights)
      return false;
    right.q = weights;
    Value zero = right.zero ? right.zero : constant(to, 0);
    right.zero = BinaryOp::create(b, loc, BinaryKind::sub, zero, constant(to, 128));
    return true;
  }

  /// Signed numbers plus 128, and so their zero.
  void makeUnsigned(Quantised &left) {
    if (elementOf(left.q).isUnsignedInteger())
      return;
    Type ui8 = b.getIntegerType(8, /*isSigned=*/false);
    Value bits = BitcastOp::create(b, loc, left.q, ui8);
    left.q = BinaryOp::create(b, loc, BinaryKind::bit_xor, bits, constant(ui8, 128));
    Value offset = constant(to, 128);
    left.zero =
        left.zero ? BinaryOp::create(b, loc, BinaryKind::add, asElement(left.zero), offset).getResult() : offset;
  }

  Value contract(Value left, Value right) {
    Type i32 = b.getI32Type();
    if (auto conv = dyn_cast<ConvOp>(root))
      return ConvOp::create(b, loc, left, right, conv.getStrides(), conv.getDilations(), conv.getGroups(), i32);
    return MatmulOp::create(b, loc, left, right, i32);
  }

  /// `sum` - `zero` * `sums`.
  Value subtractProduct(Value sum, Value zero, Value sums) {
    Value correction = BinaryOp::create(b, loc, BinaryKind::mul, zero, sums);
    return BinaryOp::create(b, loc, BinaryKind::sub, sum, correction);
  }

  /// A zero as i32: without dimensions, for each column without all dimensions but the last, else as it is.
  Value asInteger(Value zero) {
    Value shaped = isSingle(zero) ? asElement(zero) : isPerColumn(zero) ? asColumns(zero) : zero;
    return CastOp::create(b, loc, shaped, b.getI32Type(), /*saturate=*/false);
  }

  /// The sum of the numbers that each row of a matrix, or each window of a convolution's input has: [..., 1] i32.
  Value rowSums(Value numbers) {
    Type i32 = b.getI32Type();
    auto conv = dyn_cast<ConvOp>(root);
    if (!conv) {
      Value wide = CastOp::create(b, loc, numbers, i32, /*saturate=*/false);
      return ReduceOp::create(b, loc, ReduceKind::sum, wide, {typeOf(numbers).getRank() - 1}, /*keepdims=*/true);
    }
    SmallVector<Value> sizes;
    int64_t rank = typeOf(conv.getFilter()).getRank();
    for (int64_t i = 0; i + 1 < rank; ++i)
      sizes.push_back(b.createOrFold<tensor::DimOp>(loc, conv.getFilter(), i));
    sizes.push_back(arith::ConstantIndexOp::create(b, loc, 1));
    Value ones = BroadcastOp::create(b, loc, constant(b.getIntegerType(8), 1), ValueRange(sizes));
    return ConvOp::create(b, loc, numbers, ones, conv.getStrides(), conv.getDilations(), conv.getGroups(), i32);
  }

  /// The sum of each column: [columns] i32, of batches [..., 1, columns].
  Value columnSums(const Quantised &right) {
    if (!right.zero && right.q.getDefiningOp<ConstantOp>() && typeOf(right.q).getNumElements() > 0 &&
        (isa<ConvOp>(root) || typeOf(right.q).getRank() == 2))
      return constantColumnSums(right.q);
    Value wide = CastOp::create(b, loc, right.q, b.getI32Type(), /*saturate=*/false);
    if (right.zero)
      wide = BinaryOp::create(b, loc, BinaryKind::sub, wide, asInteger(right.zero));
    int64_t rank = typeOf(right.q).getRank();
    bool isBatched = isa<MatmulOp>(root) && rank > 2;
    SmallVector<int64_t> axes = llvm::to_vector(llvm::seq<int64_t>(isBatched ? rank - 2 : 0, rank - 1));
    return ReduceOp::create(b, loc, ReduceKind::sum, wide, axes, /*keepdims=*/isBatched);
  }

  Value constantColumnSums(Value weights) {
    auto bytes = constantBytes(weights.getDefiningOp<ConstantOp>());
    int64_t columns = typeOf(weights).getShape().back();
    std::vector<int32_t> sums(columns, 0);
    if (succeeded(bytes))
      for (size_t i = 0; i < bytes->size(); ++i)
        sums[i % columns] += static_cast<signed char>((*bytes)[i]);
    auto type = RankedTensorType::get({columns}, b.getI32Type());
    return ConstantOp::create(b, loc, type, DenseElementsAttr::get(type, ArrayRef<int32_t>(sums)));
  }

  Value product(Value x, Value y) {
    x = x ? asColumns(x) : x;
    y = y ? asColumns(y) : y;
    return x && y ? BinaryOp::create(b, loc, BinaryKind::mul, x, y).getResult() : x ? x : y;
  }

  /// A single number without dimensions, or one a column without all dimensions but the last.
  Value asColumns(Value v) {
    if (isSingle(v))
      return asElement(v);
    Value size = arith::ConstantIndexOp::create(b, loc, typeOf(v).getShape().back());
    return typeOf(v).getRank() == 1 ? v : ReshapeOp::create(b, loc, v, ValueRange(size)).getResult();
  }
  Value asElement(Value v) {
    return typeOf(v).getRank() == 0 ? v : ReshapeOp::create(b, loc, v, ValueRange()).getResult();
  }

  Value constant(Type element, int64_t v) {
    auto type = RankedTensorType::get({}, element);
    Attribute attr = isa<FloatType>(element)
                         ? Attribute(b.getFloatAttr(element, double(v)))
                         : Attribute(IntegerAttr::get(element, APInt(element.getIntOrFloatBitWidth(), v)));
    return ConstantOp::create(b, loc, type, DenseElementsAttr::get(type, attr));
  }

  Operation *root;
  Location loc;
  OpBuilder b;
  Type to;      ///< what the contraction is computed in: f32 or i32
  bool general; ///< not only what a CPU multiplies
};

struct FoldQuantization : impl::FoldQuantizationBase<FoldQuantization> {
  using Base::Base;
  void runOnOperation() override {
    SmallVector<Operation *> roots;
    getOperation().walk([&](Operation *op) {
      if (isa<MatmulOp, ConvOp>(op)) {
        Type to = getElementTypeOrSelf(op->getResult(0));
        if (to.isF32() || to.isInteger(32))
          roots.push_back(op);
      }
    });
    for (Operation *root : roots)
      Folder(root, general).run();
  }
};
} // namespace
} // namespace adze
