// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Shapes of values as symbolic expressions: what an op's shape function reads and gives, and the analysis of a whole
// function.
#pragma once
#include "dialects/core/DimExpr.h"
#include "mlir/IR/BuiltinTypes.h"
#include "mlir/IR/Location.h"
#include <string>

namespace adze::core {

/// Element type and sizes of a tensor.
struct ShapeOf {
  mlir::Type elementType;
  llvm::SmallVector<DimExpr> dims;

  /// The ranked tensor type; sizes that are not constants are dynamic.
  mlir::RankedTensorType type() const;
};

/// What must hold of sizes so that an op stays inside its operands: told by shape functions, checked at run time where
/// it is not known before (adze-guard-shapes).
struct SizeRule {
  enum Kind {
    Equal,     ///< a == b
    Broadcast, ///< a == b, or one of them is 1
    OneOr,     ///< a is 1 or b
    AtMost,    ///< a <= b
    NotEmpty,  ///< a > 0, or b == 0
    Inside,    ///< 0 <= a < b, or c == 0
    Within,    ///< 0 <= a <= a + b <= c
    Counted,   ///< the product of `sizes` does not overflow
  };
  Kind kind;
  std::string message;
  DimExpr a = {}, b = {}, c = {};
  llvm::SmallVector<DimExpr> sizes = {};
};

/// What a shape function asks for. Also holds the context of its expressions.
class Shapes {
public:
  virtual ~Shapes() = default;
  /// Whether `must` is listened to.
  virtual bool collectsRules() const { return false; }
  virtual void must(SizeRule) {}

  /// a == b: an error at `loc` where both are known and differ, else a rule. `what` says that they differ.
  llvm::LogicalResult equal(std::optional<mlir::Location> loc, const DimExpr &a, const DimExpr &b,
                            llvm::StringRef what);
  /// As SizeRule says.
  void broadcasts(const DimExpr &a, const DimExpr &b);
  void oneOr(const DimExpr &a, const DimExpr &b);
  void atMost(const DimExpr &a, const DimExpr &b, llvm::StringRef message);
  /// Both have one number of elements, and those of `to` can be counted.
  void sameCount(llvm::ArrayRef<DimExpr> from, llvm::ArrayRef<DimExpr> to);
  /// No size is negative.
  void areSizes(llvm::ArrayRef<DimExpr> sizes);
  /// `size` is not 0 if the sizes `read` make any element.
  void notEmpty(const DimExpr &size, llvm::ArrayRef<DimExpr> read, llvm::StringRef message);

  /// Shape of a ranked tensor value.
  virtual ShapeOf shape(mlir::Value tensor) = 0;
  /// An index (or integer) value as an expression.
  virtual DimExpr size(mlir::Value index) = 0;
  DimExpr dim(mlir::Value tensor, unsigned i) { return shape(tensor).dims[i]; }
  llvm::SmallVector<DimExpr> sizes(mlir::ValueRange indices);

  DimContext dims;
};

/// Looks no further than types and constants: what type inference sees.
class LocalShapes : public Shapes {
public:
  ShapeOf shape(mlir::Value tensor) override;
  DimExpr size(mlir::Value index) override;

private:
  std::map<std::pair<void *, unsigned>, DimExpr> unknown;
};

/// Follows values to the function's arguments through ShapeOps and index arithmetic. Arguments with an `adze.dims`
/// attribute (one string a dimension, empty: no name) share symbols by name; in a kernel, `adze.dims` is an array of
/// i64, the number of the index argument that is the size, or -1. Keep it only as long as the IR it has seen is not
/// changed.
class DimAnalysis : public Shapes {
public:
  ShapeOf shape(mlir::Value tensor) override;
  DimExpr size(mlir::Value index) override;
  /// True if both tensors provably have the same sizes.
  bool sameShape(mlir::Value a, mlir::Value b);
  /// Says the shape of a value that takes the place of another.
  void setShape(mlir::Value tensor, ShapeOf shape) { shapes[tensor] = std::move(shape); }
  /// What an i1 made of comparisons of sizes must be, for all sizes; nothing if it depends on them, or
  /// if more than `depth` conditions are joined.
  std::optional<bool> decide(mlir::Value condition, unsigned depth = 6);
  /// True if a shape function that was asked has reported an error: sizes that the types hid do not fit together.
  bool foundContradiction() const { return contradiction; }

private:
  /// Asks for what `value` is computed from before itself, so that long chains do not become deep recursions.
  void askAhead(mlir::Value value);
  ShapeOf compute(mlir::Value tensor);
  ShapeOf argument(mlir::BlockArgument argument, mlir::RankedTensorType type);
  DimExpr computeSize(mlir::Value index);

  llvm::DenseMap<mlir::Value, ShapeOf> shapes;
  llvm::DenseMap<mlir::Value, DimExpr> sizesByValue;
  bool contradiction = false, asksAhead = false;
  unsigned depth = 0;
};

/// Sizes of several operands broadcast to each other, trailing dimensions aligned; an error if two constants differ.
llvm::FailureOr<llvm::SmallVector<DimExpr>> broadcastShapes(Shapes &shapes, std::optional<mlir::Location> loc,
                                                            mlir::ValueRange operands);

/// True if the types are tensors of equal element types and ranks whose static sizes do not contradict.
bool compatibleShapes(mlir::TypeRange a, mlir::TypeRange b);

/// Index values that hold the sizes of `tensor`, by tensor.dim or constants.
llvm::SmallVector<mlir::Value> sizesOf(mlir::OpBuilder &builder, mlir::Location loc, mlir::Value tensor);

} // namespace adze::core
