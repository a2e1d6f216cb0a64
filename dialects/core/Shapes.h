// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Shapes of values as symbolic expressions: what an op's shape function reads and gives, and the analysis of a whole
// function.
#pragma once
#include "dialects/core/DimExpr.h"
#include "mlir/IR/BuiltinTypes.h"
#include "mlir/IR/Location.h"

namespace adze::core {

/// Element type and sizes of a tensor.
struct ShapeOf {
  mlir::Type elementType;
  llvm::SmallVector<DimExpr> dims;

  /// The ranked tensor type; sizes that are not constants are dynamic.
  mlir::RankedTensorType type() const;
};

/// What a shape function asks for. Also holds the context of its expressions.
class Shapes {
public:
  virtual ~Shapes() = default;
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
  /// What an i1 made of comparisons of sizes must be, for all sizes; nothing if it depends on them.
  std::optional<bool> decide(mlir::Value condition);

private:
  ShapeOf compute(mlir::Value tensor);
  ShapeOf argument(mlir::BlockArgument argument, mlir::RankedTensorType type);
  DimExpr computeSize(mlir::Value index);

  llvm::DenseMap<mlir::Value, ShapeOf> shapes;
  llvm::DenseMap<mlir::Value, DimExpr> sizesByValue;
};

/// Sizes of several operands broadcast to each other, trailing dimensions aligned; an error if two constants differ.
llvm::FailureOr<llvm::SmallVector<DimExpr>> broadcastShapes(Shapes &shapes, std::optional<mlir::Location> loc,
                                                            mlir::ValueRange operands);

/// True if the types are tensors of equal element types and ranks whose static sizes do not contradict.
bool compatibleShapes(mlir::TypeRange a, mlir::TypeRange b);

/// Index values that hold the sizes of `tensor`, by tensor.dim or constants.
llvm::SmallVector<mlir::Value> sizesOf(mlir::OpBuilder &builder, mlir::Location loc, mlir::Value tensor);

} // namespace adze::core
