// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Modifiers and operands of an instruction, as slots.
#include "test/sim/ptx/Assembler.h"
#include "test/sim/ptx/Block.h"
#include "test/sim/ptx/Translator.h"

namespace adze::ptx {

namespace {
struct Special {
  Preset::Kind kind;
  bool threeParts;
};
const std::unordered_map<std::string_view, Special> &specials() {
  static const std::unordered_map<std::string_view, Special> map = {
      {"%tid", {Preset::tid, true}},
      {"%ntid", {Preset::ntid, true}},
      {"%ctaid", {Preset::ctaid, true}},
      {"%nctaid", {Preset::nctaid, true}},
      {"%laneid", {Preset::laneid, false}},
      {"%warpid", {Preset::warpid, false}},
      {"%nwarpid", {Preset::nwarpid, false}},
      {"%smid", {Preset::zero, false}},
      {"%nsmid", {Preset::one, false}},
      {"%gridid", {Preset::gridid, false}},
      {"%lanemask_eq", {Preset::lanemaskEq, false}},
      {"%lanemask_le", {Preset::lanemaskLe, false}},
      {"%lanemask_lt", {Preset::lanemaskLt, false}},
      {"%lanemask_ge", {Preset::lanemaskGe, false}},
      {"%lanemask_gt", {Preset::lanemaskGt, false}},
      {"%dynamic_smem_size", {Preset::dynamicShared, false}},
      {"%total_smem_size", {Preset::totalShared, false}},
      {"%clock", {Preset::clock, false}},
      {"%clock_hi", {Preset::clockHigh, false}},
      {"%clock64", {Preset::clock64, false}},
      {"%globaltimer", {Preset::globaltimer, false}},
      {"%globaltimer_lo", {Preset::globaltimer, false}},
      {"%globaltimer_hi", {Preset::globaltimerHigh, false}},
      {"%clusterid", {Preset::ctaid, true}},
      {"%nclusterid", {Preset::nctaid, true}},
      {"%cluster_ctaid", {Preset::zero, true}},
      {"%cluster_nctaid", {Preset::one, true}},
      {"%cluster_ctarank", {Preset::zero, false}},
      {"%cluster_nctarank", {Preset::one, false}}};
  return map;
}

/// Reads a special register anew.
void refreshPreset(Warp &warp, const Op &op, Lanes) {
  warp.block->setPreset(warp, *static_cast<const Preset *>(op.extra));
}
} // namespace

Assembler::Assembler(Translator &translator, const Item &item)
    : in(item.instruct), line(item.line), owner(translator), taken(item.instruct.modifiers.size()) {}

void Assembler::fail(const std::string &what) const { throw TextError(line, in.name() + ": " + what); }

bool Assembler::take(std::string_view modifier) {
  for (size_t i = 0; i < taken.size(); ++i)
    if (!taken[i] && in.modifiers[i] == modifier)
      return taken[i] = true;
  return false;
}

std::string_view Assembler::takeAny(std::initializer_list<std::string_view> modifiers) {
  for (size_t i = 0; i < taken.size(); ++i)
    for (std::string_view modifier : modifiers)
      if (!taken[i] && in.modifiers[i] == modifier) {
        taken[i] = true;
        return modifier;
      }
  return {};
}

Type Assembler::takeType() {
  for (size_t i = 0; i < taken.size(); ++i)
    if (Type type = typeNamed(in.modifiers[i]); !taken[i] && type != Type::none) {
      taken[i] = true;
      return type;
    }
  return Type::none;
}

Type Assembler::needType(std::initializer_list<Type> allowed) {
  Type type = takeType();
  if (type == Type::none)
    fail("a type is missing");
  bool fits = allowed.size() == 0;
  for (Type one : allowed)
    fits = fits || one == type;
  if (!fits)
    fail(std::string("cannot be of type .") + nameOf(type));
  return type;
}

void Assembler::checkModifiers() const {
  for (size_t i = 0; i < taken.size(); ++i)
    if (!taken[i])
      fail("a modifier that this machine does not know here: ." + std::string(in.modifiers[i]));
}

void Assembler::check(size_t count) const {
  checkModifiers();
  if (in.operands.size() != count)
    fail("takes " + std::to_string(count) + " operands");
}

const Operand &Assembler::operand(size_t i) const {
  if (i >= in.operands.size())
    fail("an operand is missing");
  return in.operands[i];
}

Type Assembler::registerType(const Operand &operand) {
  Symbol made;
  if (operand.kind != Operand::name)
    return Type::none;
  const Symbol *symbol = owner.lookup(operand.text, owner.scope, made);
  return symbol && symbol->kind == Symbol::reg ? symbol->type : Type::none;
}

bool Assembler::isPredicate(const Operand &operand) { return registerType(operand) == Type::pred; }

Slot Assembler::source(const Operand &operand, Type type) {
  unsigned bytes = 0;
  Slot slot = wideSource(operand, type, bytes);
  if (bytes != bytesOf(type))
    fail(std::string(operand.text) + " is no register of " + std::to_string(bytesOf(type)) + " bytes");
  return slot;
}

Slot Assembler::wideSource(const Operand &operand, Type type, unsigned &bytes) {
  bytes = std::max(bytesOf(type), 2u);
  if (operand.negated || !operand.second.empty())
    fail("an operand of this form is not allowed");
  if (operand.kind == Operand::literal) {
    try {
      return constant(bytes, literalBits(operand.value, type));
    } catch (const std::invalid_argument &error) {
      fail(error.what());
    }
  }
  if (operand.kind != Operand::name)
    fail("expected a register or constant");
  if (auto special = specials().find(operand.text); special != specials().end()) {
    unsigned member = operand.member == "y" ? 1 : operand.member == "z" ? 2 : 0;
    bool fits = special->second.threeParts ? operand.member == "x" || member : operand.member.empty();
    if (!fits)
      fail("no such part of " + std::string(operand.text));
    Preset::Kind kind = special->second.kind;
    Slot slot = owner.preset(kind, member, bytes);
    if (kind >= Preset::clock) {
      Op &op = emit(refreshPreset, Op::own);
      extra<Preset>(op) = {kind, static_cast<uint8_t>(member), static_cast<uint8_t>(bytes), slot};
    }
    return slot;
  }
  if (!operand.member.empty())
    fail("parts of registers are not supported");
  if (operand.text == "WARP_SZ")
    return constant(bytes, 32);
  Symbol made;
  const Symbol *symbol = owner.lookup(operand.text, owner.scope, made);
  if (!symbol)
    fail("nothing is named " + std::string(operand.text));
  if (symbol->kind == Symbol::memory)
    return owner.constant(bytes, symbol->address + static_cast<uint64_t>(operand.offset), symbol->dynamicShared);
  if (operand.offset)
    fail("a register with an offset outside of an address");
  if (symbol->type == Type::pred || bytesOf(symbol->type) < bytesOf(type))
    fail(std::string(operand.text) + " is no register of " + std::to_string(bytesOf(type)) + " bytes");
  bytes = bytesOf(symbol->type);
  return symbol->slot;
}

Slot Assembler::wideTarget(const Operand &operand, Type type, unsigned &bytes) {
  bytes = std::max(bytesOf(type), 2u);
  if (operand.kind != Operand::name || operand.negated || operand.offset || !operand.member.empty() ||
      !operand.second.empty())
    fail("expected a register");
  if (operand.text == "_")
    return scratch(bytes);
  Symbol made;
  const Symbol *symbol = owner.lookup(operand.text, owner.scope, made);
  if (!symbol || symbol->kind != Symbol::reg || symbol->type == Type::pred || bytesOf(symbol->type) < bytesOf(type))
    fail(std::string(operand.text) + " is no register of " + std::to_string(bytesOf(type)) + " bytes");
  bytes = bytesOf(symbol->type);
  return symbol->slot;
}

Slot Assembler::target(const Operand &operand, Type type) {
  unsigned bytes = 0;
  Slot slot = wideTarget(operand, type, bytes);
  if (bytes != bytesOf(type))
    fail(std::string(operand.text) + " is no register of " + std::to_string(bytesOf(type)) + " bytes");
  return slot;
}

Slot Assembler::predicate(const Operand &operand, bool &negated) {
  negated = operand.negated;
  if (operand.kind == Operand::literal && operand.value.kind == Literal::integer)
    return owner.constant(4, operand.value.bits ? allLanes : 0, false);
  if (!isPredicate(operand) || !operand.second.empty())
    fail("expected a predicate");
  Symbol made;
  return owner.lookup(operand.text, owner.scope, made)->slot;
}

Slot Assembler::predicateTarget(std::string_view name) {
  if (name == "_")
    return scratch(2);
  Symbol made;
  const Symbol *symbol = owner.lookup(name, owner.scope, made);
  if (!symbol || symbol->kind != Symbol::reg || symbol->type != Type::pred)
    fail(std::string(name) + " is no predicate");
  return symbol->slot;
}

Place Assembler::place(const Operand &operand, Space space) {
  if (operand.kind != Operand::address)
    fail("expected an address");
  Place place;
  place.offset = operand.offset;
  place.space = space;
  if (operand.text.empty())
    return place;
  Symbol made;
  const Symbol *symbol = owner.lookup(operand.text, owner.scope, made);
  if (!symbol)
    fail("nothing is named " + std::string(operand.text));
  if (space == Space::param && owner.isCallee())
    place.space = Space::local; // parameters of functions lie in the thread's memory
  if (symbol->kind == Symbol::reg) {
    unsigned bytes = bytesOf(symbol->type);
    if (bytes != 4 && bytes != 8)
      fail("an address is in a register of 32 or 64 bits");
    place.base = symbol->slot;
    place.is32 = bytes == 4;
    return place;
  }
  if (space == Space::param)
    place.space = symbol->space;
  else if (space != Space::generic && symbol->space != space &&
           !(space == Space::local && symbol->space == Space::param))
    fail(std::string(operand.text) + " lies in another space");
  else if (space == Space::generic)
    place.space = symbol->space;
  place.base = owner.constant(8, symbol->address, symbol->dynamicShared);
  return place;
}

Slot Assembler::constant(unsigned bytes, uint64_t value) { return owner.constant(bytes, value, false); }
Slot Assembler::scratch(unsigned bytes) { return owner.newSlot(bytes); }

Slot Translator::constant(unsigned bytes, uint64_t value, bool dynamicShared) {
  if (bytes < 8)
    value &= (1ull << bytes * 8) - 1;
  Slot &slot = constants[{bytes, value, dynamicShared}];
  if (!slot) {
    slot = newSlot(bytes);
    program.constants.push_back({slot, static_cast<uint8_t>(bytes), dynamicShared, value});
  }
  return slot;
}

Slot Translator::preset(Preset::Kind kind, unsigned member, unsigned bytes) {
  Slot &slot = presets[{kind, member, bytes}];
  if (!slot) {
    slot = newSlot(bytes);
    program.presets.push_back({kind, static_cast<uint8_t>(member), static_cast<uint8_t>(bytes), slot});
  }
  return slot;
}

Op &Assembler::emit(Handler run, Op::Kind kind, Slot d, Slot a, Slot b, Slot c) {
  Op &op = emit(run, kind);
  op.d = d, op.a = a, op.b = b, op.c = c;
  return op;
}

Op &Assembler::emit(Handler run, Op::Kind kind) {
  Op op;
  op.run = run;
  op.kind = kind;
  op.line = line;
  if (!in.guard.empty()) {
    op.guard = predicateTarget(in.guard);
    op.guardNegated = in.guardNegated;
  }
  owner.program.code.push_back(op);
  owner.program.names.push_back(in.name());
  return owner.program.code.back();
}

void Assembler::needTarget(int sm) const {
  if (owner.module.ast().sm < sm)
    fail("needs .target sm_" + std::to_string(sm) + " or later");
}

bool Assembler::translatorIsCallee() const { return owner.isCallee(); }
Op &Assembler::last() { return owner.program.code.back(); }

Slot Assembler::carrySlot() {
  if (!owner.carry)
    owner.carry = owner.newSlot(2);
  return owner.carry;
}

void Assembler::keep(std::shared_ptr<void> extra) { owner.program.extras.push_back(std::move(extra)); }

uint32_t Assembler::site(unsigned bytesPerLane, bool isStore) {
  owner.program.sites.push_back({line, bytesPerLane, isStore});
  return static_cast<uint32_t>(owner.program.sites.size() - 1);
}

} // namespace adze::ptx
