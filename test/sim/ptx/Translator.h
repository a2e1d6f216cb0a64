// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// A function of the text to a Program. Functions that it calls are put in its place, each call with registers of its
// own.
#pragma once
#include "test/sim/ptx/Assembler.h"
#include "test/sim/ptx/Module.h"

namespace adze::ptx {

struct Symbol {
  enum Kind : uint8_t { reg, memory } kind = reg;
  Type type = Type::none;
  Space space = Space::generic;
  bool dynamicShared = false;
  Slot slot = 0;        ///< of a register; of the first of a range
  uint32_t range = 0;   ///< registers of a range
  uint64_t address = 0; ///< in its space
};

class Translator {
public:
  Translator(const Module &module, Program &program) : module(module), program(program) {}
  /// Throws TextError.
  void translate(const Function &entry);
  uint32_t registers = 0; ///< 32-bit registers declared

private:
  friend class Assembler;
  using Names = std::unordered_map<std::string_view, Symbol>;
  /// One function at one place of call.
  struct Frame {
    const Function &function;
    std::vector<Names> scopes;
    std::vector<uint32_t> opOf;                     ///< by item
    std::vector<std::pair<uint32_t, size_t>> jumps; ///< (op, item of its label)
    std::vector<std::pair<std::vector<uint32_t> *, size_t>> tables;
    std::vector<uint32_t> returns; ///< ops that jump behind the function
    explicit Frame(const Function &function)
        : function(function), scopes(function.parents.size()), opOf(function.body.size()) {}
  };

  void runFrame(Frame &frame);
  void item(Frame &frame, size_t index);
  void declare(Frame &frame, const Item &item);
  Symbol declared(const Variable &variable);
  void bind(Frame &frame, const std::vector<Variable> &formals, const Operand &actuals, const Item &call);
  void call(const Item &item);
  void branch(const Item &item);
  void branchIndexed(const Item &item);
  void leave(const Item &item, bool exits);
  size_t labelItem(std::string_view name, int line) const;
  /// Null: nothing of that name.
  const Symbol *lookup(std::string_view name, int scope, Symbol &made);
  const Symbol *moduleSymbol(std::string_view name);

  Slot newSlot(unsigned bytes);
  Slot constant(unsigned bytes, uint64_t value, bool dynamicShared);
  Slot preset(Preset::Kind kind, unsigned member, unsigned bytes);
  bool isCallee() const { return running.size() > 1; }

  const Module &module;
  Program &program;
  Frame *frame = nullptr;
  std::vector<const Function *> running; ///< functions whose bodies are being put in place
  int scope = 0;
  Slot carry = 0; ///< 0: not used yet
  Names moduleNames;
  std::map<std::tuple<unsigned, uint64_t, bool>, Slot> constants;
  std::map<std::tuple<int, unsigned, unsigned>, Slot> presets;
};

} // namespace adze::ptx
