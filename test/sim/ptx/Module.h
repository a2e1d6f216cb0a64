// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// A loaded module: its text, its variables in global memory, and its kernels as programs.
#pragma once
#include "test/sim/ptx/Ast.h"
#include "test/sim/ptx/GlobalMemory.h"
#include "test/sim/ptx/Program.h"
#include <memory>

namespace adze::ptx {

class Module {
public:
  /// Throws TextError. The memory outlives the module.
  Module(std::string_view text, const Facts &facts, GlobalMemory &memory);
  ~Module();
  Module(const Module &) = delete;

  const Kernel *find(std::string_view name) const;
  const Program &program(std::string_view kernel) const;
  const ModuleText &ast() const { return text; }
  /// Address of a .global or .const variable; 0: there is none.
  uint64_t address(std::string_view variable) const;
  uint64_t bytes(std::string_view variable) const;

private:
  void check(const Facts &facts) const;
  void placeVariables();
  void initialise(const Variable &variable, Allocation &allocation);
  void makeKernel(const Function &function, const Facts &facts);

  std::string source;
  ModuleText text;
  GlobalMemory &memory;
  std::map<std::string_view, uint64_t> addresses;
  std::map<std::string_view, Program> programs;
  std::map<std::string_view, Kernel> kernels;
};

/// The bits of a literal as a value of the type; throws std::invalid_argument if it can be none.
uint64_t literalBits(const Literal &literal, Type type);
/// Places of an entry's parameters.
std::vector<Kernel::Parameter> placeParameters(const Function &function);

} // namespace adze::ptx
