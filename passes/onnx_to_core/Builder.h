// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// What a lowering has in hand: its node, typed access to inputs and attributes, and short names for building core ops.
#pragma once
#include "dialects/core/Core.h"
#include "dialects/onnx/Onnx.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"

namespace adze {

/// Builds core ops in the place of one node. Every function answers a null value after it has reported an error; the
/// functions take null values and pass them on, so a lowering checks once, at its end.
class CoreBuilder {
public:
  using Value = mlir::Value;
  using Values = llvm::SmallVector<Value>;

  CoreBuilder(onnx::NodeOp node);

  onnx::NodeOp node;
  mlir::OpBuilder b;
  mlir::Location loc;
  /// The values of the node's outputs, filled by the lowering (one for each output that is used).
  Values results;

  /// Reports an error on the node: "node 'name' (Op, opset N): ..." and answers failure.
  mlir::InFlightDiagnostic error();
  /// Sets the results; fails if one that is used is null (the reason has then been reported).
  mlir::LogicalResult done(mlir::ValueRange values);

  // ---- the node ----
  bool has(unsigned i) { return bool(node.getInput(i)); }
  /// Ranked tensor at input `i`; an error if it is missing, no ranked tensor or one of strings.
  Value in(unsigned i);
  int64_t opset() { return node.getOpset(); }
  // Attributes that are left out; one of another type is an error, after which the node is not lowered.
  int64_t intAttr(llvm::StringRef name, int64_t otherwise);
  double floatAttr(llvm::StringRef name, double otherwise);
  std::string stringAttr(llvm::StringRef name, llvm::StringRef otherwise);
  std::optional<llvm::SmallVector<int64_t>> intsAttr(llvm::StringRef name);
  std::optional<llvm::SmallVector<double>> floatsAttr(llvm::StringRef name);
  /// True once an attribute of another type than the lowering asked for was reported.
  bool hasWrongAttribute() const { return !wrongAttributes.empty(); }

  // ---- types ----
  static mlir::RankedTensorType type(Value v) { return mlir::cast<mlir::RankedTensorType>(v.getType()); }
  static mlir::Type element(Value v) { return type(v).getElementType(); }
  static int64_t rank(Value v) { return type(v).getRank(); }
  static bool isFloat(Value v) { return mlir::isa<mlir::FloatType>(element(v)); }
  mlir::Type i(unsigned bits) { return b.getIntegerType(bits); }
  mlir::Type ui(unsigned bits) { return b.getIntegerType(bits, /*isSigned=*/false); }
  /// Element type of an ONNX data type number; an error for one that is unknown.
  mlir::Type elementOf(int64_t onnxType);
  /// An axis in [-rank, rank) as [0, rank); an error outside. `what` names it in the message.
  std::optional<int64_t> axis(int64_t axis, int64_t rank);

  // ---- scalars: index values on the host ----
  Value index(int64_t v) { return mlir::arith::ConstantIndexOp::create(b, loc, v); }
  Value addi(Value x, Value y);
  Value subi(Value x, Value y);
  Value muli(Value x, Value y);
  /// Size of dimension `i` of a tensor, a constant where it is known.
  Value dim(Value tensor, int64_t i);
  Values dims(Value tensor) { return core::sizesOf(b, loc, tensor); }
  /// The elements of an integer tensor of rank 0 or 1 and known size, as index values; nothing if its size is unknown
  /// (no error is reported then).
  std::optional<Values> indices(Value tensor);
  /// Its elements where they are constants by now.
  std::optional<llvm::SmallVector<int64_t>> constantInts(Value tensor);
  /// An index value's constant, if it is one.
  static std::optional<int64_t> constant(Value index);
  /// A 1-D i64 tensor of these index values.
  Value tensorOf(mlir::ValueRange indices);

  // ---- core ops; operands broadcast ----
  Value unary(core::UnaryKind kind, Value x);
  Value binary(core::BinaryKind kind, Value x, Value y);
  Value compare(core::ComparePredicate p, Value x, Value y);
  Value select(Value c, Value x, Value y);
  Value cast(Value x, mlir::Type to, bool saturate = false);
  Value add(Value x, Value y) { return binary(core::BinaryKind::add, x, y); }
  Value sub(Value x, Value y) { return binary(core::BinaryKind::sub, x, y); }
  Value mul(Value x, Value y) { return binary(core::BinaryKind::mul, x, y); }
  Value div(Value x, Value y) { return binary(core::BinaryKind::div, x, y); }
  Value min(Value x, Value y) { return binary(core::BinaryKind::min, x, y); }
  Value max(Value x, Value y) { return binary(core::BinaryKind::max, x, y); }
  /// A rank-0 constant of this element type, rounded to it.
  Value scalar(mlir::Type element, double v);
  /// A rank-0 constant like an element of `x`.
  Value like(Value x, double v) { return x ? scalar(element(x), v) : Value(); }
  /// A rank-0 tensor of an index value, as this integer or float element type.
  Value scalarOf(Value index, mlir::Type element);
  Value reshape(Value x, mlir::ValueRange sizes);
  Value broadcast(Value x, mlir::ValueRange sizes);
  Value transpose(Value x, llvm::ArrayRef<int64_t> permutation);
  /// Drops dimensions of size 1 / inserts them; axes are those of the input / of the result, not negative.
  Value squeeze(Value x, llvm::ArrayRef<int64_t> axes);
  Value unsqueeze(Value x, llvm::ArrayRef<int64_t> axes);
  Value slice(Value x, mlir::ValueRange offsets, mlir::ValueRange steps, mlir::ValueRange sizes);
  /// The last first along these axes, which are not negative.
  Value reverse(Value x, llvm::ArrayRef<int64_t> axes);
  /// Elements [offset, offset + size) along one axis.
  Value sliceAxis(Value x, int64_t axis, Value offset, Value size);
  Value pad(core::PadMode mode, Value x, Value value, mlir::ValueRange low, mlir::ValueRange sizes);
  Value concat(int64_t axis, mlir::ValueRange inputs);
  Value iota(mlir::Type element, int64_t axis, mlir::ValueRange sizes);
  Value gather(Value x, Value indices, int64_t axis);
  Value reduce(core::ReduceKind kind, Value x, llvm::ArrayRef<int64_t> axes, bool keepdims);
  Value matmul(Value x, Value y, mlir::Type to = {});

  /// Creates an op of one result with inferred types; null if an operand is null or inference reports an error. `args`
  /// are those of the op's builder after the result types.
  template <typename Op, typename... Args> Value create(Args &&...args) {
    mlir::Operation *op = tryCreate<Op>(std::forward<Args>(args)...);
    return op ? op->getResult(0) : Value();
  }
  /// The same, for ops of several results; null on failure.
  template <typename Op, typename... Args> mlir::Operation *tryCreate(Args &&...args) {
    mlir::OperationState state(loc, Op::getOperationName());
    // Built with stand-ins for the result types: the builder that infers them aborts where inference fails.
    unsigned count = Op::template hasTrait<mlir::OpTrait::OneResult>() ? 1 : 2;
    llvm::SmallVector<mlir::Type> standIns(count, b.getIndexType());
    Op::build(b, state, mlir::TypeRange(standIns), std::forward<Args>(args)...);
    state.types.clear();
    if (llvm::is_contained(state.operands, Value()) ||
        mlir::failed(Op::inferReturnTypes(b.getContext(), loc, state.operands,
                                          state.attributes.getDictionary(b.getContext()), state.getRawProperties(), {},
                                          state.types)))
      return nullptr;
    return b.create(state);
  }

private:
  /// The attribute `name` if it is of the type T, which ONNX calls `expected`; null if there is none, or after an
  /// error.
  template <typename T> T attrOf(llvm::StringRef name, llvm::StringRef expected);
  llvm::SmallVector<std::string, 0> wrongAttributes; ///< those reported
};

} // namespace adze
