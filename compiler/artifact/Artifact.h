// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Writes an artifact: one shared library with code, weights, metadata and a trailer (runtime/artifact.h).
#pragma once
#include "codegen/Target.h"
#include "dialects/core/Core.h"
#include <functional>
#include <vector>

namespace adze {

/// Gives the bytes of a constant to `sink`, in order, in as many pieces as it likes.
using ByteSink = llvm::function_ref<mlir::LogicalResult(llvm::ArrayRef<char>)>;
using ConstantBytes = std::function<mlir::LogicalResult(core::ConstantOp, ByteSink sink)>;

/// The bytes of a constant's value: those of its blob without a copy, or its elements.
mlir::LogicalResult writeConstantBytes(core::ConstantOp op, ByteSink sink);

struct Artifact {
  llvm::ArrayRef<Emitted> objects;
  /// Constants with their offsets among the weights (attribute adze.offset), rising.
  llvm::ArrayRef<core::ConstantOp> constants;
  int64_t weightBytes = 0;
  llvm::StringRef metadata;
  ConstantBytes bytesOf = writeConstantBytes;
  /// The folder of the archives to link, with a runtime of any needs; empty: beside the running program.
  std::string libraryFolder;
  /// A file for the weights, apart from the artifact; empty: they are in it.
  std::string weightsPath;
};

/// Writes `artifact` to `path`, and weights that are apart to theirs: all of it or, after an error at `loc`, nothing.
/// *codeBytes is the size of the ELF part.
mlir::LogicalResult writeArtifact(const Artifact &artifact, llvm::StringRef path, mlir::Location loc,
                                  int64_t &codeBytes);

} // namespace adze
