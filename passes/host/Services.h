// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Calls of the runtime's services (part 2 of runtime/abi.h) from adze_main, and the ways out when one fails.
#pragma once
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/IR/Builders.h"

namespace adze::host {

/// Values of adze_status that the host program itself answers; checked against abi.h where code is emitted.
enum Status : int32_t { kIndexOutOfRange = 5, kShapeMismatch = 6, kInternal = 10 };

/// Emits calls at the builder's place. A failed service ends adze_main: the block is split, and the builder goes on in
/// the block where all went well.
class Services {
public:
  /// `main` is adze_main with its entry block; `builder` emits its code.
  Services(mlir::ModuleOp module, mlir::func::FuncOp main, mlir::OpBuilder &builder);

  /// `canFail`: in programs with a device, of which an input may have to be copied from there.
  mlir::Value input(mlir::Location loc, int32_t index, bool canFail);
  /// Where the device has an input; `room` is memory there that it may be copied to.
  mlir::Value inputOnDevice(mlir::Location loc, int32_t index, mlir::Value room);
  /// As an index.
  mlir::Value inputDim(mlir::Location loc, int32_t index, int32_t dim);
  /// Pointers are read from `buffers`, an array of pointers, afterwards.
  void plan(mlir::Location loc, int32_t plan, mlir::Value sizes, mlir::Value buffers);
  /// `items`, `grain` and `scratch` are index values.
  void launch(mlir::Location loc, int32_t kernel, mlir::Value items, mlir::Value grain, mlir::Value buffers,
              mlir::Value scalars, mlir::Value scratch);
  mlir::Value output(mlir::Location loc, int32_t index, mlir::Value shape);
  /// An output, of the shape that an array of sizes has, is what lies at `from` in the device's memory at the end.
  void deliver(mlir::Location loc, int32_t index, mlir::Value shape, mlir::Value from);
  void copy(mlir::Location loc, mlir::Value to, mlir::Value from, mlir::Value bytes);
  void copyOnDevice(mlir::Location loc, mlir::Value to, mlir::Value from, mlir::Value bytes);
  /// Copies from the host's memory to the device's, or back.
  void transfer(mlir::Location loc, bool toDevice, mlir::Value to, mlir::Value from, mlir::Value bytes);
  /// Where the device has the weights.
  mlir::Value deviceWeights(mlir::Location loc);
  mlir::Value alloc(mlir::Location loc, int32_t slot, bool onDevice, mlir::Value bytes);
  /// Room in `slot` for what a loop carries and changes.
  mlir::Value room(mlir::Location loc, int32_t slot, int32_t spare, bool onDevice, mlir::Value bytes);
  void swap(mlir::Location loc, int32_t a, int32_t b);
  /// Ends the run if a kernel has failed.
  void check(mlir::Location loc);
  /// Ends the run with `status` at `site` unless `condition` (i1) holds; the message gives `found`, two index values or
  /// none.
  void require(mlir::Location loc, mlir::Value condition, Status status, int32_t site, mlir::ValueRange found = {});

  /// Bytes of `elements` (i64, bytes so far) times `size` (index): -1 if either is negative, the greatest i64 if it
  /// cannot be counted.
  mlir::Value grow(mlir::Location loc, mlir::Value bytes, mlir::Value size);

  /// Room for `count` values of type `type` on the stack, the same each time the code runs.
  mlir::Value stack(mlir::Location loc, mlir::Type type, int64_t count);
  /// Writes `value` (of a type that LLVM can store) to entry `index` of an array.
  void storeAt(mlir::Location loc, mlir::Value array, int64_t index, mlir::Value value);
  mlir::Value loadAt(mlir::Location loc, mlir::Value array, int64_t index, mlir::Type type);

  mlir::Value i32(mlir::Location loc, int64_t value);
  mlir::Value i64(mlir::Location loc, int64_t value);
  /// An index value as i64.
  mlir::Value asI64(mlir::Location loc, mlir::Value index);
  mlir::Type pointerType() const { return pointer; }
  /// A new block at the end of adze_main; the builder stays where it is.
  mlir::Block *newBlock(mlir::TypeRange arguments, mlir::Location loc);
  mlir::Block *newBlock() { return newBlock({}, main.getLoc()); }

private:
  mlir::Value call(mlir::Location loc, llvm::StringRef name, mlir::Type result, mlir::ValueRange arguments);
  /// Ends adze_main with `status` (i32) unless `condition` holds.
  void leaveUnless(mlir::Location loc, mlir::Value condition, mlir::Value status);
  void leaveIfFailed(mlir::Location loc, mlir::Value status);
  mlir::Value notNull(mlir::Location loc, mlir::Value pointer);
  mlir::func::FuncOp growFunction();

  mlir::ModuleOp module;
  mlir::func::FuncOp main;
  mlir::OpBuilder &b;
  mlir::Type pointer;
  mlir::Value exec;
  mlir::Block *leave = nullptr; ///< returns its argument
  mlir::func::FuncOp grower;
};

} // namespace adze::host
