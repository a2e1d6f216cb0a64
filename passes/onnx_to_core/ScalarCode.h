// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Short names for the scalar code inside core.generate.
#pragma once
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "passes/onnx_to_core/Builder.h"

namespace adze {

/// Builds scalar code. Arithmetic takes two values of one type, index, signless integer or float.
class ScalarCode {
public:
  using Value = mlir::Value;
  using Values = llvm::SmallVector<Value>;
  using Predicate = mlir::arith::CmpIPredicate;

  ScalarCode(mlir::OpBuilder &b, mlir::Location loc) : b(b), loc(loc) {}

  Value index(int64_t v) { return mlir::arith::ConstantIndexOp::create(b, loc, v); }
  /// A constant of a float or signless integer type.
  Value number(mlir::Type type, double v);
  Value add(Value x, Value y);
  Value sub(Value x, Value y);
  Value mul(Value x, Value y);
  /// Division of floats; of integers towards zero.
  Value div(Value x, Value y);
  Value min(Value x, Value y);
  Value max(Value x, Value y);
  Value clamp(Value x, Value low, Value high) { return min(max(x, low), high); }
  /// Signed comparison; ordered for floats.
  Value compare(Predicate p, Value x, Value y);
  Value lt(Value x, Value y) { return compare(Predicate::slt, x, y); }
  Value le(Value x, Value y) { return compare(Predicate::sle, x, y); }
  Value ge(Value x, Value y) { return compare(Predicate::sge, x, y); }
  Value both(Value x, Value y) { return b.createOrFold<mlir::arith::AndIOp>(loc, x, y); }
  Value either(Value x, Value y) { return b.createOrFold<mlir::arith::OrIOp>(loc, x, y); }
  Value select(Value c, Value x, Value y) { return b.createOrFold<mlir::arith::SelectOp>(loc, c, x, y); }
  Value floor(Value x) { return mlir::math::FloorOp::create(b, loc, x); }
  Value ceil(Value x) { return mlir::math::CeilOp::create(b, loc, x); }
  Value roundEven(Value x) { return mlir::math::RoundEvenOp::create(b, loc, x); }
  Value abs(Value x) { return mlir::math::AbsFOp::create(b, loc, x); }
  /// An index as a float; a float (f32 or wider) as an index, towards zero, between -2^40 (NaN too) and 2^40; float to
  /// float.
  Value toFloat(Value index, mlir::Type type);
  Value toIndex(Value number);
  Value convert(Value x, mlir::Type type);
  /// An index from an integer that core.load gave.
  Value asIndex(Value integer);

  /// The type of an element in hand: without its sign.
  static mlir::Type valueType(mlir::Type element);
  /// The element at `at`, which lies inside.
  Value load(Value tensor, mlir::ValueRange at);
  /// The element at `at` where that lies inside along all dimensions, `otherwise` (of the element's type) else.
  Value loadOr(Value tensor, mlir::ValueRange at, Value otherwise);
  /// core.check_index.
  Value checked(Value index, Value size) { return core::CheckIndexOp::create(b, loc, index, size); }
  Value dim(Value tensor, int64_t i);

  /// for i in [low, high): values = body(i, values), beginning with `init`.
  Values loop(Value low, Value high, mlir::ValueRange init, llvm::function_ref<Values(Value i, mlir::ValueRange)> body);

  mlir::OpBuilder &b;
  mlir::Location loc;
};

/// core.generate of tensors of `element` and `sizes`; `body` answers the element at its coordinates. The tensors that
/// it loads from must be in `inputs`; null if one of them is.
mlir::Value generate(CoreBuilder &b, mlir::ValueRange inputs, mlir::Type element, mlir::ValueRange sizes,
                     llvm::function_ref<mlir::Value(ScalarCode &, mlir::ValueRange at)> body);

} // namespace adze
