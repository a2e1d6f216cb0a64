// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// A CPU by its name: what it can do, and LLVM's machine for it.
#pragma once
#include "llvm/ADT/StringRef.h"
#include "llvm/Target/TargetMachine.h"
#include <memory>
#include <optional>
#include <string>

namespace adze {

struct CpuMachine {
  std::string triple;
  std::string base;     ///< the architecture's first level: its features and those named below are what code may use
  std::string tune;     ///< the CPU that code is scheduled for
  std::string features; ///< LLVM's form: "+avx,+avx2"
  uint64_t featureBits; ///< of adze_program.cpu_features
  int64_t vectorBits, vectorRegisters;
  bool fma, f16Convert, dotI8, dotBf16;

  /// `name` is "native" or a CPU or level that LLVM knows for this architecture. Nothing, and a reason in `error`, if
  /// it is not.
  static std::optional<CpuMachine> find(llvm::StringRef name, std::string &error);
  /// Gives a machine of LLVM's back, for the next one who asks for an equal one.
  struct GiveBack {
    std::string key;
    void operator()(llvm::TargetMachine *machine) const;
  };
  using Borrowed = std::unique_ptr<llvm::TargetMachine, GiveBack>;
  /// LLVM's machine that generates code at `level`, the caller's alone until it is given back.
  Borrowed borrow(llvm::CodeGenOptLevel level) const;
  bool has(llvm::StringRef feature) const;
  /// The instruction for kernel.dot, as the pass that lowers it names them.
  llvm::StringRef dotInstruction() const;
};

} // namespace adze
