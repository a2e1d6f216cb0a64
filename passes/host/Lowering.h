// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Emits adze_main from @main: straight code in Straight.cpp, launches in Launch.cpp, control flow in ControlFlow.cpp.
#pragma once
#include "dialects/core/Core.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "passes/host/Buffers.h"
#include "passes/host/Program.h"
#include "passes/host/Services.h"

namespace adze::host {

/// Where a tensor's data begins.
struct Place {
  enum Kind { Pointer, InArray, InWeights, InDeviceWeights } kind = Pointer;
  mlir::Value base;   ///< the pointer, or the array of pointers
  int64_t number = 0; ///< entry of the array, or offset among the weights
};

class Lowering {
public:
  Lowering(mlir::ModuleOp module, mlir::func::FuncOp source);

  /// Builds adze_main and the program's tables, and erases @main. Errors are on the ops that cannot be lowered.
  mlir::LogicalResult run();

private:
  // Straight.cpp
  mlir::LogicalResult describe();
  void lowerInputs();
  mlir::LogicalResult lowerBlock(mlir::Block &block);
  mlir::LogicalResult lowerOp(mlir::Operation *op);
  mlir::LogicalResult beginSegment(Segment &segment, mlir::Operation *begin, mlir::Operation *end);
  /// Memory for those buffers of a segment that lie there.
  void placePlan(mlir::Location loc, const Segment &segment, mlir::ValueRange sizes, bool onDevice);
  /// Gives the constants that the device reads the first places among the weights.
  mlir::LogicalResult placeDeviceWeights();
  mlir::FailureOr<int64_t> constantOffset(core::ConstantOp op);
  mlir::LogicalResult lowerConstant(core::ConstantOp op);
  mlir::LogicalResult lowerExtract(mlir::tensor::ExtractOp op);
  mlir::LogicalResult lowerFromElements(mlir::tensor::FromElementsOp op);
  mlir::LogicalResult lowerRequire(core::RequireOp op);
  mlir::LogicalResult lowerReturn(mlir::func::ReturnOp op);

  /// The new value of a scalar; emits what computes it if that has not been done.
  mlir::Value scalar(mlir::Value value);
  /// The scalars that `scalar` needs first; and the emission of one whose needs are met.
  llvm::SmallVector<mlir::Value> neededFor(mlir::Value value);
  void computeScalar(mlir::Value value);
  /// The divisor to divide by so that no value of it traps.
  mlir::Value safeDivisor(mlir::Location loc, mlir::Value dividend, mlir::Value divisor, bool isSigned);

  // Launch.cpp
  mlir::LogicalResult lowerLaunch(kernel::LaunchOp op);
  mlir::LogicalResult lowerCopy(kernel::CopyOp op);
  mlir::LogicalResult lowerAppend(kernel::AppendOp op);
  /// From one place of a memory to another of the same one.
  void copyWithin(mlir::Location loc, bool onDevice, mlir::Value to, mlir::Value from, mlir::Value bytes);
  bool onDevice(mlir::Value tensor) { return memories.of(tensor) == kernel::Memory::device; }
  mlir::FailureOr<int32_t> kernelNumber(kernel::LaunchOp op);
  /// The number of the first of these places that can fail.
  mlir::FailureOr<int32_t> siteNumber(mlir::Operation *op, mlir::ArrayAttr texts);
  /// The scalar of the source program that is size `dim` of a tensor; null where it is static, or carried.
  mlir::Value sizeScalar(mlir::Value tensor, unsigned dim);
  /// Size `dim` of a tensor as an index.
  mlir::Value sizeOf(mlir::Value tensor, unsigned dim);
  /// Bytes of a tensor as i64: -1 or the greatest i64 where the sizes make no sense.
  mlir::Value bytesOf(mlir::Location loc, mlir::Value tensor);
  /// The address of a tensor's data.
  mlir::Value address(mlir::Location loc, mlir::Value tensor);
  /// Finds memory for a value that owns some, outside plans.
  void place(mlir::Value value, const Destination &destination);
  /// Memory for a value that is what it changes in place: that is there afterwards.
  mlir::Value placeInPlace(mlir::Value value, const Destination &destination);
  /// Writes the sizes of a tensor to `shapeArea`.
  void storeShape(mlir::Location loc, mlir::Value tensor);
  mlir::Value outputMemory(mlir::Location loc, int32_t index, mlir::Value shapedAs);

  // ControlFlow.cpp
  /// One tensor or another, where it lies.
  mlir::LogicalResult lowerSelect(mlir::arith::SelectOp op);
  mlir::LogicalResult lowerIf(mlir::scf::IfOp op);
  mlir::LogicalResult lowerFor(mlir::scf::ForOp op);
  mlir::LogicalResult lowerWhile(mlir::scf::WhileOp op);
  /// Types of the block arguments that carry these values: a scalar as itself, a tensor as address and unknown sizes.
  mlir::LogicalResult carriedTypes(mlir::Operation *op, mlir::TypeRange types, llvm::SmallVectorImpl<mlir::Type> &out);
  llvm::SmallVector<mlir::Value> carry(mlir::Location loc, mlir::ValueRange values);
  void receive(mlir::ValueRange values, mlir::ValueRange arguments);
  /// As `carry`, for values that a loop's next iteration gets: they are moved out of the iteration's own memory.
  llvm::SmallVector<mlir::Value> carryOn(mlir::Operation *loop, mlir::ValueRange values,
                                         llvm::function_ref<bool(unsigned)> unchanged);

  mlir::ModuleOp module;
  mlir::func::FuncOp source, target;
  mlir::OpBuilder b;
  Memories memories;
  Buffers buffers;
  std::optional<Services> services;
  Program program;
  mlir::Value weights, deviceWeights, scalarArea, bufferArea, sizeArea, shapeArea;
  int64_t scalarCount = 0, bufferCount = 0, sizeCount = 0, shapeCount = 0; ///< entries that these have
  llvm::DenseMap<mlir::Value, mlir::Value> scalars;
  llvm::DenseMap<mlir::Value, Place> places;
  llvm::DenseMap<mlir::Value, llvm::SmallVector<mlir::Value>> carriedSizes; ///< of inputs and block arguments
  llvm::DenseSet<mlir::Operation *> done;                                   ///< requirements that were emitted early
  llvm::DenseMap<mlir::Attribute, int32_t> siteNumbers;
  llvm::StringMap<int32_t> kernelNumbers;
  llvm::DenseMap<std::pair<mlir::Attribute, mlir::Type>, int64_t> constantOffsets;
};

} // namespace adze::host
