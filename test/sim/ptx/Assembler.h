// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// One instruction of the text on its way to micro-ops: what the families of instructions see of the translator.
#pragma once
#include "test/sim/ptx/Ast.h"
#include "test/sim/ptx/Program.h"
#include <unordered_map>

namespace adze::ptx {

class Translator;

/// Where an access goes: slot of the base (0: none) and what is added to it.
struct Place {
  Slot base = 0;
  bool is32 = false; ///< the base's width
  int64_t offset = 0;
  Space space = Space::generic;
};

class Assembler {
public:
  Assembler(Translator &translator, const Item &item);
  const Instruction &in;
  const int line;

  // ---- modifiers: each is taken once; what is left over is an error ----
  bool take(std::string_view modifier);
  /// The first modifier of the instruction that is one of them, or empty.
  std::string_view takeAny(std::initializer_list<std::string_view> modifiers);
  /// The next type that is not taken yet; Type::none if there is none.
  Type takeType();
  /// The same, an error if there is none, or it is none of `allowed` (if any are given).
  Type needType(std::initializer_list<Type> allowed = {});
  /// An error unless all modifiers are taken and there are `count` operands.
  void check(size_t count) const;
  void checkModifiers() const;
  /// An error unless the text is for sm_`sm` or later.
  void needTarget(int sm) const;

  // ---- operands ----
  const Operand &operand(size_t i) const;
  size_t count() const { return in.operands.size(); }
  /// Slot of a register, constant, symbol or special register, with as many bytes as the type has.
  Slot source(const Operand &operand, Type type);
  Slot source(size_t i, Type type) { return source(operand(i), type); }
  Slot target(const Operand &operand, Type type);
  Slot target(size_t i, Type type) { return target(operand(i), type); }
  /// A register of at least these bytes; `bytes`: how many it has.
  Slot wideSource(const Operand &operand, Type type, unsigned &bytes);
  Slot wideTarget(const Operand &operand, Type type, unsigned &bytes);
  Slot predicate(const Operand &operand, bool &negated);
  Slot predicateTarget(std::string_view name);
  bool isPredicate(const Operand &operand);
  Place place(const Operand &operand, Space space);
  Slot constant(unsigned bytes, uint64_t value);
  Slot scratch(unsigned bytes);
  Type registerType(const Operand &operand);

  // ---- micro-ops ----
  /// Appends an op with the instruction's guard. The reference holds until the next.
  Op &emit(Handler run, Op::Kind kind = Op::plain);
  Op &emit(Handler run, Op::Kind kind, Slot d, Slot a, Slot b = 0, Slot c = 0);
  /// A new T that lives as long as the program.
  template <class T> T &extra(Op &op) {
    auto made = std::make_shared<T>();
    op.extra = made.get();
    keep(made);
    return *made;
  }
  /// The op that was emitted last.
  Op &last();
  /// The predicate that add.cc and its like write.
  Slot carrySlot();
  uint32_t site(unsigned bytesPerLane, bool isStore);
  /// Whether the instruction stands in a function that was called.
  bool translatorIsCallee() const;
  [[noreturn]] void fail(const std::string &what) const;

private:
  void keep(std::shared_ptr<void> extra);
  Translator &owner;
  std::vector<bool> taken;
};

using Family = void (*)(Assembler &);
using Families = std::unordered_map<std::string_view, Family>;
/// By opcode, what makes micro-ops of it.
const Families &families();

// Each file of instructions adds its own.
void addMoves(Families &families);
void addIntegerOps(Families &families);
void addBitOps(Families &families);
void addExtendedOps(Families &families);
void addFloatOps(Families &families);
void addApproximations(Families &families);
void addComparisons(Families &families);
void addConversions(Families &families);
void addMemoryOps(Families &families);
void addAtomics(Families &families);
void addAsyncCopies(Families &families);
void addControl(Families &families);
void addCollectives(Families &families);
void addMatrixOps(Families &families);

} // namespace adze::ptx
