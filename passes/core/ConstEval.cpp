// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "passes/core/ConstEval.h"
#include "dialects/core/Scalars.h"
#include "passes/core/MoveBytes.h"
#include "llvm/ADT/TypeSwitch.h"
#include "llvm/Support/FormatVariadic.h"
#include <cmath>
#include <cstring>

using namespace mlir;
using namespace adze;
using namespace adze::core;

namespace {
/// A constant tensor in hand; `data` is row-major.
struct Tensor {
  RankedTensorType type;
  std::vector<char> owned;
  ArrayRef<char> data;
  std::shared_ptr<const std::vector<char>> held = {};

  unsigned width() const { return elementBytes(type.getElementType()); }
};

class Evaluator {
public:
  explicit Evaluator(Operation *op) : op(op), result(dyn_cast<RankedTensorType>(op->getResult(0).getType())) {}

  FailureOr<Attribute> run() {
    if (!result || !result.hasStaticShape() || !elementBytes(result.getElementType()))
      return failure();
    if (Attribute later = deferred())
      return later;
    if (failed(readOperands()))
      return failure();
    FailureOr<std::vector<char>> bytes =
        llvm::TypeSwitch<Operation *, FailureOr<std::vector<char>>>(op)
            .Case([&](ReshapeOp) { return std::vector<char>(tensors[0].data.begin(), tensors[0].data.end()); })
            .Case([&](TransposeOp op) {
              return readView(transposed(op, tensors[0].type), tensors[0].data, tensors[0].width());
            })
            .Case([&](SliceOp op) { return slice(op); })
            .Case([&](BroadcastOp) { return readView(broadcastTo(tensors[0]), tensors[0].data, tensors[0].width()); })
            .Case([&](PadOp op) { return pad(op); })
            .Case([&](ConcatOp op) { return concat(op); })
            .Case([&](GatherOp op) { return gather(op); })
            .Case([&](PackOp) { return matrices(tensors[0].type).pack(tensors[0].data); })
            .Case<UnaryOp, BinaryOp, CompareOp, SelectOp, CastOp>([&](auto) { return elementwise(); })
            .Default([](Operation *) { return failure(); });
    if (failed(bytes))
      return failure();
    return attribute(std::move(*bytes));
  }

private:
  /// Large weights that are only moved are computed when they are written; until then none of their forms is in memory.
  Attribute deferred() {
    constexpr int64_t kLarge = 1 << 20;
    auto constant = op->getNumOperands() ? op->getOperand(0).getDefiningOp<ConstantOp>() : ConstantOp();
    auto blob = constant ? dyn_cast<core::BlobAttr>(constant.getValue()) : core::BlobAttr();
    int64_t size = result.getNumElements() * elementBytes(result.getElementType());
    if (!blob || size < kLarge)
      return {};
    auto from = ::llvm::cast<RankedTensorType>(constant.getType());
    unsigned width = elementBytes(from.getElementType());
    std::function<std::vector<char>(ArrayRef<char>)> move;
    std::string how;
    if (auto transpose = dyn_cast<TransposeOp>(op)) {
      move = [view = transposed(transpose, from), width](ArrayRef<char> bytes) { return readView(view, bytes, width); };
      how = llvm::formatv("transpose {0:$[,]} of {1:$[x]} ",
                          llvm::make_range(transpose.getPermutation().begin(), transpose.getPermutation().end()),
                          llvm::make_range(from.getShape().begin(), from.getShape().end()));
    } else if (isa<PackOp>(op)) {
      move = [all = matrices(from)](ArrayRef<char> bytes) { return all.pack(bytes); };
      how = llvm::formatv("pack {0:$[x]} ", llvm::make_range(from.getShape().begin(), from.getShape().end()));
    } else {
      return {};
    }
    BlobStore &store = op->getContext()->getLoadedDialect<CoreDialect>()->blobs();
    std::string source = blob.getSource().str();
    // The same bytes moved in the same way are one source.
    std::string name =
        llvm::formatv("{0}{1} bytes each ({2}, {3}, {4})", how, width, source, blob.getOffset(), blob.getSize());
    auto compute = [&store, source, offset = blob.getOffset(), size = blob.getSize(),
                    move]() -> std::optional<std::vector<char>> {
      auto bytes = store.get(source, offset, size);
      return bytes ? std::optional(move(bytes->bytes)) : std::nullopt;
    };
    store.addComputed(name, size, compute);
    return core::BlobAttr::get(op->getContext(), name, 0, size, "");
  }

  LogicalResult readOperands() {
    for (Value v : op->getOperands()) {
      if (isa<IndexType>(v.getType())) {
        if (!constantOf(v))
          return failure();
        continue;
      }
      auto constant = v.getDefiningOp<ConstantOp>();
      if (!constant)
        return failure();
      Tensor t{::llvm::cast<RankedTensorType>(v.getType()), {}, {}};
      if (auto blob = dyn_cast<core::BlobAttr>(constant.getValue())) {
        auto bytes = op->getContext()->getLoadedDialect<CoreDialect>()->blobs().get(blob.getSource(), blob.getOffset(),
                                                                                    blob.getSize());
        if (!bytes)
          return failure();
        t.data = bytes->bytes;
        t.held = bytes->owner;
      } else {
        if (!isa<DenseElementsAttr>(constant.getValue()))
          return failure();
        auto bytes = constantBytes(constant);
        if (failed(bytes))
          return failure();
        t.owned = std::move(*bytes);
      }
      tensors.push_back(std::move(t));
      if (!tensors.back().owned.empty())
        tensors.back().data = tensors.back().owned;
    }
    for (Tensor &t : tensors) // the vector has moved them
      if (!t.owned.empty())
        t.data = t.owned;
    return success();
  }

  StridedView broadcastTo(const Tensor &t) {
    StridedView view{SmallVector<int64_t>(result.getShape())};
    SmallVector<int64_t> own = stridesOf(t.type.getShape());
    int64_t skip = result.getRank() - t.type.getRank();
    for (int64_t i = 0; i < result.getRank(); ++i)
      view.strides.push_back(i < skip || t.type.getDimSize(i - skip) == 1 ? 0 : own[i - skip]);
    return view;
  }

  StridedView transposed(TransposeOp op, RankedTensorType from) {
    SmallVector<int64_t> own = stridesOf(from.getShape());
    StridedView view{SmallVector<int64_t>(result.getShape())};
    for (int64_t d : op.getPermutation())
      view.strides.push_back(own[d]);
    return view;
  }

  FailureOr<std::vector<char>> slice(SliceOp op) {
    SmallVector<int64_t> own = stridesOf(tensors[0].type.getShape());
    StridedView view{SmallVector<int64_t>(result.getShape())};
    for (int64_t i = 0; i < result.getRank(); ++i) {
      int64_t offset = *constantOf(op.getOffsets()[i]), step = *constantOf(op.getSteps()[i]);
      int64_t count = result.getDimSize(i), last = offset + (count - 1) * step;
      int64_t size = tensors[0].type.getDimSize(i);
      if (count > 0 && (offset < 0 || offset >= size || last < 0 || last >= size))
        return failure();
      view.offset += count > 0 ? offset * own[i] : 0;
      view.strides.push_back(step * own[i]);
    }
    return readView(view, tensors[0].data, tensors[0].width());
  }

  /// Constant padding of no negative width.
  FailureOr<std::vector<char>> pad(PadOp op) {
    ArrayRef<int64_t> from = tensors[0].type.getShape(), to = result.getShape();
    unsigned width = tensors[0].width();
    SmallVector<int64_t> strides = stridesOf(to);
    int64_t offset = 0;
    for (size_t i = 0; i < from.size(); ++i) {
      int64_t low = *constantOf(op.getLow()[i]);
      if (op.getMode() != PadMode::constant || low < 0 || low > to[i] - from[i])
        return failure();
      offset += low * strides[i];
    }
    std::vector<char> out;
    for (int64_t i = 0, n = result.getNumElements(); i < n; ++i)
      out.insert(out.end(), tensors[1].data.begin(), tensors[1].data.begin() + width);
    if (tensors[0].type.getNumElements())
      place(out.data() + offset * width, strides, from, tensors[0].data.data(), width);
    return out;
  }

  /// Copies a row-major tensor of `shape` into one with other strides.
  static void place(char *to, ArrayRef<int64_t> strides, ArrayRef<int64_t> shape, const char *from, unsigned width) {
    if (shape.size() <= 1) {
      std::memcpy(to, from, (shape.empty() ? 1 : shape[0]) * width);
      return;
    }
    int64_t inner = width;
    for (int64_t size : shape.drop_front())
      inner *= size;
    for (int64_t i = 0; i < shape[0]; ++i)
      place(to + i * strides[0] * width, strides.drop_front(), shape.drop_front(), from + i * inner, width);
  }

  std::vector<char> concat(ConcatOp op) {
    int64_t outer = 1, inner = tensors[0].width();
    for (int64_t i = 0; i < result.getRank(); ++i)
      (i < int64_t(op.getAxis()) ? outer : inner) *= i == int64_t(op.getAxis()) ? 1 : result.getDimSize(i);
    std::vector<char> out;
    out.reserve(result.getNumElements() * tensors[0].width());
    for (int64_t i = 0; i < outer; ++i)
      for (Tensor &t : tensors) {
        int64_t bytes = t.type.getDimSize(op.getAxis()) * inner;
        out.insert(out.end(), t.data.begin() + i * bytes, t.data.begin() + (i + 1) * bytes);
      }
    return out;
  }

  FailureOr<std::vector<char>> gather(GatherOp op) {
    RankedTensorType from = tensors[0].type;
    int64_t axis = op.getAxis(), outer = 1, inner = tensors[0].width(), size = from.getDimSize(axis);
    for (int64_t i = 0; i < from.getRank(); ++i)
      (i < axis ? outer : inner) *= i == axis ? 1 : from.getDimSize(i);
    std::vector<char> out;
    for (int64_t i = 0; i < outer; ++i)
      for (int64_t j = 0, n = tensors[1].type.getNumElements(); j < n; ++j) {
        int64_t at = integerAt(tensors[1], j);
        at = at < 0 ? at + size : at;
        if (at < 0 || at >= size)
          return failure(); // the run reports it
        const char *row = tensors[0].data.data() + (i * size + at) * inner;
        out.insert(out.end(), row, row + inner);
      }
    return out;
  }

  /// The matrices that `from` is packed from.
  static PackedMatrices matrices(RankedTensorType from) {
    int64_t rank = from.getRank(), depth = from.getDimSize(rank - 2), columns = from.getDimSize(rank - 1);
    int64_t batch = depth * columns ? from.getNumElements() / (depth * columns) : 0;
    return {batch, depth, columns, elementBytes(from.getElementType())};
  }

  // ---- arithmetic: f32 and f64 in their own precision, integers as i64 ----

  static int64_t integerAt(const Tensor &t, int64_t i) {
    Type element = t.type.getElementType();
    unsigned bytes = t.width();
    uint64_t bits = 0;
    std::memcpy(&bits, t.data.data() + i * bytes, bytes);
    if (isUnsignedElement(element) || bytes == 8)
      return int64_t(bits);
    return int64_t(bits << (64 - bytes * 8)) >> (64 - bytes * 8);
  }

  static double floatAt(const Tensor &t, int64_t i) {
    if (t.type.getElementType().isF64()) {
      double v;
      std::memcpy(&v, t.data.data() + i * 8, 8);
      return v;
    }
    float v;
    std::memcpy(&v, t.data.data() + i * 4, 4);
    return v;
  }

  static bool isPlain(Type t) {
    return t.isF32() || t.isF64() || (t.isInteger() && (t.isInteger(1) || t.getIntOrFloatBitWidth() >= 8));
  }

  void writeFloat(std::vector<char> &out, double v) {
    if (result.getElementType().isF64()) {
      out.insert(out.end(), reinterpret_cast<char *>(&v), reinterpret_cast<char *>(&v) + 8);
      return;
    }
    float f = float(v);
    out.insert(out.end(), reinterpret_cast<char *>(&f), reinterpret_cast<char *>(&f) + 4);
  }
  void writeInteger(std::vector<char> &out, int64_t v) {
    if (result.getElementType().isInteger(1))
      v = v != 0;
    const char *p = reinterpret_cast<const char *>(&v);
    out.insert(out.end(), p, p + elementBytes(result.getElementType()));
  }

  FailureOr<std::vector<char>> elementwise() {
    for (Tensor &t : tensors)
      if (!isPlain(t.type.getElementType()))
        return failure();
    if (!isPlain(result.getElementType()))
      return failure();
    SmallVector<SmallVector<int64_t>> strides;
    for (Tensor &t : tensors)
      strides.push_back(broadcastTo(t).strides);
    std::vector<char> out;
    out.reserve(result.getNumElements() * elementBytes(result.getElementType()));
    SmallVector<int64_t> at(result.getRank(), 0), place(tensors.size(), 0);
    for (int64_t n = result.getNumElements(); n-- > 0;) {
      if (!element(out, place))
        return failure();
      for (int64_t d = result.getRank(); d-- > 0;) {
        for (size_t t = 0; t < tensors.size(); ++t)
          place[t] += strides[t][d];
        if (++at[d] < result.getDimSize(d))
          break;
        for (size_t t = 0; t < tensors.size(); ++t)
          place[t] -= strides[t][d] * at[d];
        at[d] = 0;
      }
    }
    return out;
  }

  /// One element from the operands' elements at `place`; false if the op is not one that is evaluated here.
  bool element(std::vector<char> &out, ArrayRef<int64_t> place) {
    Type from = tensors[0].type.getElementType();
    bool isFloat = isa<FloatType>(from), single = from.isF32();
    if (auto select = dyn_cast<SelectOp>(op)) {
      unsigned pick = integerAt(tensors[0], place[0]) ? 1 : 2, width = tensors[pick].width();
      const char *p = tensors[pick].data.data() + place[pick] * width;
      out.insert(out.end(), p, p + width);
      return true;
    }
    if (auto compare = dyn_cast<CompareOp>(op)) {
      auto test = [&](auto a, auto b) {
        bool results[] = {a == b, a != b, a<b, a <= b, a> b, a >= b};
        return results[int(compare.getPredicate())];
      };
      bool wide = !isFloat && isUnsignedElement(from);
      bool v = isFloat ? test(floatAt(tensors[0], place[0]), floatAt(tensors[1], place[1]))
               : wide  ? test(uint64_t(integerAt(tensors[0], place[0])), uint64_t(integerAt(tensors[1], place[1])))
                       : test(integerAt(tensors[0], place[0]), integerAt(tensors[1], place[1]));
      out.push_back(char(v));
      return true;
    }
    if (isa<CastOp>(op))
      return castElement(out, place[0], isFloat);
    if (isFloat) {
      std::optional<double> v = floatResult(place, single);
      if (v)
        writeFloat(out, *v);
      return v.has_value();
    }
    std::optional<int64_t> v = integerResult(place, isUnsignedElement(from));
    if (v)
      writeInteger(out, *v);
    return v.has_value();
  }

  bool castElement(std::vector<char> &out, int64_t place, bool fromFloat) {
    Type to = result.getElementType();
    bool toFloat = isa<FloatType>(to);
    if (fromFloat && toFloat)
      return writeFloat(out, floatAt(tensors[0], place)), true;
    if (!fromFloat && !toFloat)
      return writeInteger(out, integerAt(tensors[0], place)), true;
    if (toFloat) {
      int64_t v = integerAt(tensors[0], place);
      bool wide = tensors[0].type.getElementType().isUnsignedInteger(64);
      return writeFloat(out, wide ? double(uint64_t(v)) : to.isF32() ? double(float(v)) : double(v)), true;
    }
    double v = floatAt(tensors[0], place);
    if (!to.isInteger(1) && !(std::fabs(v) < 2147483648.0))
      return false; // what does not fit is the kernel's to define
    return writeInteger(out, to.isInteger(1) ? v != 0 : int64_t(v)), true;
  }

  std::optional<double> floatResult(ArrayRef<int64_t> place, bool single) {
    double x = floatAt(tensors[0], place[0]);
    auto round = [&](double v) { return single ? double(float(v)) : v; };
    if (auto unary = dyn_cast<UnaryOp>(op)) {
      switch (unary.getKind()) {
      case UnaryKind::neg:
        return -x;
      case UnaryKind::abs:
        return std::fabs(x);
      case UnaryKind::sqrt:
        return round(std::sqrt(x));
      case UnaryKind::reciprocal:
        return round(1 / x);
      case UnaryKind::rsqrt:
        return round(1 / round(std::sqrt(x)));
      default:
        return std::nullopt;
      }
    }
    // Sums, products and quotients of two f32 in double round to f32 as they do in f32.
    double y = floatAt(tensors[1], place[1]);
    switch (::llvm::cast<BinaryOp>(op).getKind()) {
    case BinaryKind::add:
      return round(x + y);
    case BinaryKind::sub:
      return round(x - y);
    case BinaryKind::mul:
      return round(x * y);
    case BinaryKind::div:
      return round(x / y);
    default:
      return std::nullopt;
    }
  }

  std::optional<int64_t> integerResult(ArrayRef<int64_t> place, bool isUnsigned) {
    uint64_t x = integerAt(tensors[0], place[0]);
    if (auto unary = dyn_cast<UnaryOp>(op)) {
      bool isBool = tensors[0].type.getElementType().isInteger(1);
      if (unary.getKind() == UnaryKind::bit_not)
        return isBool ? !x : ~x;
      return unary.getKind() == UnaryKind::neg ? std::optional<int64_t>(-x) : std::nullopt;
    }
    uint64_t y = integerAt(tensors[1], place[1]);
    bool less = isUnsigned ? x < y : int64_t(x) < int64_t(y);
    switch (::llvm::cast<BinaryOp>(op).getKind()) {
    case BinaryKind::add:
      return x + y;
    case BinaryKind::sub:
      return x - y;
    case BinaryKind::mul:
      return x * y;
    case BinaryKind::min:
      return less ? x : y;
    case BinaryKind::max:
      return less ? y : x;
    case BinaryKind::bit_and:
      return x & y;
    case BinaryKind::bit_or:
      return x | y;
    default:
      return std::nullopt;
    }
  }

  FailureOr<Attribute> attribute(std::vector<char> bytes) {
    constexpr size_t kLarge = 4096;
    // The same bytes under another shape stay where they are.
    if (isa<ReshapeOp>(op))
      if (auto blob = dyn_cast<core::BlobAttr>(op->getOperand(0).getDefiningOp<ConstantOp>().getValue()))
        return Attribute(blob);
    MLIRContext *context = op->getContext();
    if (bytes.size() >= kLarge) {
      uint64_t size = bytes.size();
      std::string name = context->getLoadedDialect<CoreDialect>()->blobs().addOwned(std::move(bytes));
      return Attribute(core::BlobAttr::get(context, name, 0, size, ""));
    }
    if (result.getElementType().isInteger(1)) {
      SmallVector<bool> bits = llvm::map_to_vector(bytes, [](char c) { return c != 0; });
      return Attribute(DenseElementsAttr::get(result, ArrayRef<bool>(bits)));
    }
    return Attribute(DenseElementsAttr::getFromRawBuffer(result, ArrayRef<char>(bytes)));
  }

  Operation *op;
  RankedTensorType result;
  std::vector<Tensor> tensors;
};
} // namespace

FailureOr<Attribute> adze::evaluateConstant(Operation *op) { return Evaluator(op).run(); }
