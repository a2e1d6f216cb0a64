// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The kernel dialect: kernel.func, kernel.return, kernel.launch, kernel.copy.
#pragma once
#include "mlir/Bytecode/BytecodeOpInterface.h"
#include "mlir/IR/Builders.h"
#include "mlir/IR/BuiltinTypes.h"
#include "mlir/IR/Dialect.h"
#include "mlir/IR/OpDefinition.h"
#include "mlir/IR/OpImplementation.h"
#include "mlir/IR/SymbolTable.h"
#include "mlir/Interfaces/ControlFlowInterfaces.h"
#include "mlir/Interfaces/FunctionInterfaces.h"
#include "mlir/Interfaces/SideEffectInterfaces.h"

#include "dialects/kernel/KernelDialect.h.inc"
#include "dialects/kernel/KernelEnums.h.inc"
#define GET_OP_CLASSES
#include "dialects/kernel/Kernel.h.inc"

namespace adze::kernel {
/// The attribute of a function that is a kernel's body for a device (stage loops): a dictionary of `threads`, those of
/// a block, and `shared_bytes`, those of a block beside what the body declares. `blocks`, which may be left out: so
/// many at a time should find room on a multiprocessor, which bounds a thread's registers.
constexpr llvm::StringLiteral kDeviceAttr = "adze.device";
/// The attribute of a kernel without a schedule, where there is a device: why the host runs it.
constexpr llvm::StringLiteral kHostReasonAttr = "adze.host_reason";
/// The attribute of a launch: the number of the operand, a tensor that a loop carries, whose memory its only result may
/// be written to.
constexpr llvm::StringLiteral kInPlaceAttr = "adze.in_place";
/// The attribute of a loop, of a kernel's body for a device, that is not unrolled though its number of steps is known.
constexpr llvm::StringLiteral kRolledAttr = "adze.rolled";

/// The operand of `launch` that is size `dim` of result `result`, by its adze.result_dims; nothing if the size is
/// static.
mlir::Value sizeOperand(LaunchOp launch, unsigned result, unsigned dim);
} // namespace adze::kernel
