// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Declarations, labels, jumps and calls.
#include "test/sim/ptx/Translator.h"

namespace adze::ptx {

namespace {
constexpr size_t mostOps = 4u << 20;
constexpr uint32_t mostLocalBytes = 512 << 10; // of a thread, as on every card
constexpr uint32_t mostUnits = 4u << 20;
uint64_t alignTo(uint64_t value, uint64_t alignment) { return (value + alignment - 1) / alignment * alignment; }
} // namespace

void Translator::translate(const Function &entry) {
  Frame first(entry);
  std::vector<Kernel::Parameter> places = placeParameters(entry);
  for (size_t i = 0; i < places.size(); ++i) {
    Symbol symbol;
    symbol.kind = Symbol::memory;
    symbol.space = Space::param;
    symbol.address = places[i].offset;
    first.scopes[0][entry.parameters[i].name] = symbol;
  }
  runFrame(first);
  for (uint32_t jump : first.returns)
    program.code[jump].target = static_cast<uint32_t>(program.code.size());
  Op end;
  end.kind = Op::exit;
  end.line = entry.line;
  program.code.push_back(end);
  program.names.push_back("exit");
  program.localBytes = static_cast<uint32_t>(alignTo(program.localBytes, 16));
  uint64_t dynamic = alignTo(program.staticShared, 16);
  for (Constant &constant : program.constants)
    if (constant.dynamicShared)
      constant.value += dynamic;
}

void Translator::runFrame(Frame &inner) {
  Frame *outer = frame;
  int outerScope = scope;
  for (const Function *caller : running)
    if (caller == &inner.function)
      throw TextError(inner.function.line, "recursion is not supported");
  running.push_back(&inner.function);
  frame = &inner;
  for (size_t i = 0; i < inner.function.body.size(); ++i) {
    scope = inner.function.body[i].scope;
    item(inner, i);
    if (program.code.size() > mostOps || program.units > mostUnits)
      throw TextError(inner.function.body[i].line, "a kernel too large for this machine");
  }
  for (auto [op, target] : inner.jumps)
    program.code[op].target = inner.opOf[target];
  for (auto [table, targets] : inner.tables)
    for (uint32_t &target : *table)
      target = inner.opOf[target];
  frame = outer;
  scope = outerScope;
  running.pop_back();
}

void Translator::item(Frame &inner, size_t index) {
  const Item &item = inner.function.body[index];
  inner.opOf[index] = static_cast<uint32_t>(program.code.size());
  if (item.kind == Item::declaration)
    return declare(inner, item);
  if (item.kind != Item::instruction)
    return;
  std::string_view opcode = item.instruct.opcode;
  if (opcode == "bra")
    return branch(item);
  if (opcode == "brx")
    return branchIndexed(item);
  if (opcode == "call")
    return call(item);
  if (opcode == "ret" || opcode == "exit")
    return leave(item, opcode == "exit");
  auto family = families().find(opcode);
  if (family == families().end())
    throw TextError(item.line, "an instruction that this machine does not know: " + item.instruct.name());
  Assembler assembler(*this, item);
  family->second(assembler);
}

Slot Translator::newSlot(unsigned bytes) {
  Slot slot = program.units;
  program.units += bytes <= 2 ? 1 : bytes * 32 / unitBytes;
  program.isWide.resize(program.units);
  program.isWide[slot] = bytes == 8;
  return slot;
}

void Translator::declare(Frame &inner, const Item &item) {
  const Variable &variable = item.variable;
  if (!inner.scopes[item.scope].emplace(variable.name, declared(variable)).second)
    throw TextError(item.line, std::string(variable.name) + " is declared twice");
}

Symbol Translator::declared(const Variable &variable) {
  Symbol symbol;
  symbol.type = variable.type;
  symbol.space = variable.space;
  if (variable.isRegister) {
    unsigned bytes = bytesOf(variable.type);
    if (variable.vector != 1 || bytes == 1 || bytes == 16)
      throw TextError(variable.line, "registers of this type are not supported");
    uint32_t count = variable.range ? variable.range : 1;
    symbol.range = variable.range;
    symbol.slot = program.units;
    for (uint32_t i = 0; i < count; ++i)
      newSlot(bytes ? bytes : 2);
    registers += bytes ? count * std::max(1u, bytes / 4) : 0;
    return symbol;
  }
  symbol.kind = Symbol::memory;
  uint64_t alignment = std::max(variable.alignment, bytesOf(variable.type));
  alignment = std::max<uint64_t>(variable.alignment ? alignment : alignment * variable.vector, 1);
  bool isShared = variable.space == Space::shared;
  if (isShared && variable.unsized) {
    symbol.dynamicShared = true;
    return symbol;
  }
  if (!isShared && variable.space != Space::local && variable.space != Space::param)
    throw TextError(variable.line, "a variable of this space within a function");
  if (variable.type == Type::pred || variable.bytes() == 0)
    throw TextError(variable.line, "a variable without a size");
  if (!isShared)
    symbol.space = Space::local; // parameters of calls too
  uint32_t &used = isShared ? program.staticShared : program.localBytes;
  symbol.address = alignTo(used, alignment);
  if (symbol.address + variable.bytes() > (isShared ? 1u << 20 : mostLocalBytes))
    throw TextError(variable.line, "more memory than a block or thread can have");
  used = static_cast<uint32_t>(symbol.address + variable.bytes());
  return symbol;
}

const Symbol *Translator::moduleSymbol(std::string_view name) {
  auto known = moduleNames.find(name);
  if (known != moduleNames.end())
    return &known->second;
  for (const Variable &variable : module.ast().variables) {
    if (variable.name != name)
      continue;
    Symbol symbol;
    if (variable.space == Space::shared) {
      symbol = declared(variable);
    } else if (!variable.isRegister) {
      symbol.kind = Symbol::memory;
      symbol.space = variable.space;
      symbol.address = module.address(name);
    } else {
      throw TextError(variable.line, "registers outside of a function are not supported");
    }
    return &moduleNames.emplace(name, symbol).first->second;
  }
  return nullptr;
}

const Symbol *Translator::lookup(std::string_view name, int from, Symbol &made) {
  std::string_view prefix = name;
  uint64_t number = 0;
  while (!prefix.empty() && prefix.back() >= '0' && prefix.back() <= '9')
    prefix.remove_suffix(1);
  bool numbered = prefix.size() < name.size() && name.size() - prefix.size() < 8 &&
                  (name[prefix.size()] != '0' || prefix.size() + 1 == name.size());
  for (size_t i = prefix.size(); i < name.size() && numbered; ++i)
    number = number * 10 + static_cast<uint64_t>(name[i] - '0');
  for (int at = from; at >= 0; at = frame->function.parents[at]) {
    const Names &names = frame->scopes[at];
    auto exact = names.find(name);
    if (exact != names.end() && exact->second.range == 0)
      return &exact->second;
    auto range = numbered ? names.find(prefix) : names.end();
    if (range == names.end() || number >= range->second.range)
      continue;
    made = range->second;
    unsigned bytes = bytesOf(made.type);
    made.slot += static_cast<Slot>(number) * (bytes <= 2 ? 1 : bytes * 32 / unitBytes);
    return &made;
  }
  return moduleSymbol(name);
}

size_t Translator::labelItem(std::string_view name, int line) const {
  for (int at = scope; at >= 0; at = frame->function.parents[at]) {
    auto found = frame->function.labels.find({at, name});
    if (found != frame->function.labels.end())
      return found->second;
  }
  throw TextError(line, "no label " + std::string(name));
}

void Translator::branch(const Item &item) {
  Assembler assembler(*this, item);
  assembler.take("uni");
  assembler.check(1);
  if (assembler.operand(0).kind != Operand::name)
    assembler.fail("expected a label");
  assembler.emit(nullptr, Op::branch);
  frame->jumps.emplace_back(program.code.size() - 1, labelItem(assembler.operand(0).text, item.line));
}

void Translator::branchIndexed(const Item &item) {
  Assembler assembler(*this, item);
  if (!assembler.take("idx"))
    assembler.fail("expected brx.idx");
  assembler.take("uni");
  assembler.check(2);
  Slot index = assembler.source(0, Type::u32);
  Op &op = assembler.emit(nullptr, Op::indexed, 0, index);
  auto &table = assembler.extra<std::vector<uint32_t>>(op);
  const Item &list = frame->function.body[labelItem(assembler.operand(1).text, item.line)];
  if (list.kind != Item::targets)
    assembler.fail("expected the label of .branchtargets");
  for (std::string_view name : list.branchTargets)
    table.push_back(static_cast<uint32_t>(labelItem(name, item.line)));
  frame->tables.emplace_back(&table, 0);
}

void Translator::leave(const Item &item, bool exits) {
  Assembler assembler(*this, item);
  assembler.take("uni");
  assembler.check(0);
  if (exits || !isCallee()) {
    assembler.emit(nullptr, Op::exit);
    return;
  }
  assembler.emit(nullptr, Op::branch);
  frame->returns.push_back(static_cast<uint32_t>(program.code.size() - 1));
}

/// Gives the parameters of the frame's function what the call names: memory is shared, registers are copied.
void Translator::bind(Frame &inner, const std::vector<Variable> &formals, const Operand &actuals, const Item &item) {
  if (formals.size() != actuals.elements.size())
    throw TextError(item.line, "a call with another number of parameters than the function has");
  for (size_t i = 0; i < formals.size(); ++i) {
    const Operand &actual = actuals.elements[i];
    Symbol made;
    const Symbol *symbol = actual.kind == Operand::name ? lookup(actual.text, scope, made) : nullptr;
    if (!formals[i].isRegister && symbol && symbol->kind == Symbol::memory && symbol->space == Space::local)
      inner.scopes[0][formals[i].name] = *symbol;
    else
      throw TextError(item.line, "parameters of calls other than .param variables are not supported");
  }
}

void Translator::call(const Item &item) {
  Assembler assembler(*this, item);
  assembler.take("uni");
  assembler.checkModifiers();
  Operand none;
  none.kind = Operand::list;
  size_t at = 0, count = assembler.count();
  const Operand &results = count > 0 && assembler.operand(0).kind == Operand::list ? assembler.operand(at++) : none;
  std::string_view name = at < count ? assembler.operand(at++).text : std::string_view();
  const Operand &actuals = at < count && assembler.operand(at).kind == Operand::list ? assembler.operand(at++) : none;
  const Function *callee = nullptr;
  for (const Function &function : module.ast().functions)
    if (function.name == name && function.hasBody)
      callee = &function;
  if (!callee || callee->isEntry || at != count)
    assembler.fail("a call of a function that has no body here, or through a register, is not supported");
  Frame inner(*callee);
  bind(inner, callee->results, results, item);
  bind(inner, callee->parameters, actuals, item);
  size_t skip = program.code.size();
  bool guarded = !item.instruct.guard.empty();
  if (guarded) {
    Op &op = assembler.emit(nullptr, Op::branch);
    op.guardNegated = !op.guardNegated;
  }
  runFrame(inner);
  uint32_t end = static_cast<uint32_t>(program.code.size());
  for (uint32_t jump : inner.returns)
    program.code[jump].target = end;
  if (guarded)
    program.code[skip].target = end;
}

} // namespace adze::ptx
