// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// A module as its text says it. Names are views of the text.
#pragma once
#include "test/sim/ptx/Types.h"
#include <array>
#include <deque>
#include <map>
#include <utility>
#include <vector>

namespace adze::ptx {

/// A constant: an integer, or the bits of an f32 or f64 that the text gave.
struct Literal {
  enum Kind : uint8_t { integer, single, real } kind = integer;
  uint64_t bits = 0;
};

struct Operand {
  enum Kind : uint8_t {
    name, ///< register, special register, symbol, label, or _
    literal,
    address, ///< [base + offset]; base empty: an absolute address
    list     ///< {a, b} of an instruction, (a, b) of a call
  };
  Kind kind = name;
  bool negated = false;    ///< !p
  std::string_view text;   ///< the name, or the base
  std::string_view member; ///< x of %tid.x
  std::string_view second; ///< q of p|q
  Literal value;
  int64_t offset = 0; ///< of an address, or of a symbol
  std::vector<Operand> elements;
};

struct Instruction {
  std::string_view opcode;
  std::vector<std::string_view> modifiers;
  std::vector<Operand> operands;
  std::string_view guard; ///< empty: none
  bool guardNegated = false;
  /// The instruction's text up to its operands.
  std::string name() const;
};

/// One element of an initialiser: a literal, or the address of a symbol.
struct Initial {
  Literal value;
  std::string_view symbol;
  int64_t offset = 0;
};

struct Variable {
  std::string_view name;
  Space space = Space::global;
  bool isRegister = false;
  Type type = Type::none;
  unsigned vector = 1;   ///< elements of .v2, .v4
  uint64_t elements = 1; ///< of an array
  bool unsized = false;  ///< name[]: as long as the launch, or the definition elsewhere, says
  bool isExtern = false;
  unsigned alignment = 0; ///< 0: that of the type
  unsigned range = 0;     ///< registers %r<range>
  std::vector<Initial> initial;
  int line = 0;
  uint64_t bytes() const { return bytesOf(type) * vector * elements; }
};

struct Item {
  enum Kind : uint8_t { instruction, declaration, label, targets, open, close } kind = instruction;
  int line = 0;
  int scope = 0; ///< that the item stands in; of open: the new one
  Instruction instruct;
  Variable variable;
  std::string_view name;                       ///< of a label
  std::vector<std::string_view> branchTargets; ///< of .branchtargets, whose label is `name`
};

struct Function {
  std::string_view name;
  bool isEntry = false, hasBody = false;
  int line = 0;
  std::vector<Variable> results, parameters;
  std::vector<Item> body;
  std::vector<int> parents;                                  ///< of each scope
  std::map<std::pair<int, std::string_view>, size_t> labels; ///< (scope, name) -> index into body
  unsigned maxThreads = 1024;
  std::array<uint32_t, 3> requiredBlock{}; ///< of .reqntid; zeros: none
};

struct ModuleText {
  unsigned version = 0; ///< 10 * major + minor
  int sm = 0;
  bool isExact = false; ///< for no other target than sm, as sm_90a says
  std::deque<Variable> variables;
  std::deque<Function> functions;
};

} // namespace adze::ptx
