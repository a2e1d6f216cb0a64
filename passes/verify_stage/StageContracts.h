// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// What is true of a module after each stage of a compilation.
#pragma once
#include "mlir/IR/BuiltinOps.h"
#include "llvm/ADT/ArrayRef.h"
#include "llvm/ADT/SmallVector.h"
#include <string>

namespace adze {

/// Where an op stands.
enum class Place {
  Top,   ///< directly in the module
  Host,  ///< in a function of the host program
  Kernel ///< in a kernel, or a function that belongs to one
};

/// "the module", "the host program", "a kernel".
llvm::StringRef toString(Place place);

/// The contract of one stage: an op is in order if its dialect is allowed where it stands and the rule has nothing
/// against it.
struct StageContract {
  llvm::StringLiteral stage;
  /// Dialects by Place, separated by spaces.
  llvm::StringLiteral dialects[3];
  /// Says what is wrong with an op of an allowed dialect; empty: nothing.
  std::string (*rule)(mlir::Operation *op, Place place);
  /// Whether each tensor of the host program lies where it is read (passes/common/Memory.h).
  bool placed = false;

  /// Whether `dialect` is among those of `place`.
  bool allows(llvm::StringRef dialect, Place place) const;
};

/// The contract of a stage, or null.
const StageContract *findContract(llvm::StringRef stage);

/// The names of the stages that have one, in order.
llvm::SmallVector<llvm::StringRef> contractNames();

/// Where the ops in an op of the module's body stand.
Place placeInside(mlir::Operation *topLevel);

} // namespace adze
