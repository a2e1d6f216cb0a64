// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "test/sim/ptx/Module.h"
#include "test/sim/ptx/Parser.h"
#include "test/sim/ptx/Translator.h"
#include <algorithm>

namespace adze::ptx {

uint64_t literalBits(const Literal &literal, Type type) {
  if (literal.kind == Literal::integer) {
    if (type == Type::f32 || type == Type::f64)
      throw std::invalid_argument("an integer where a floating-point constant is needed");
    return literal.bits;
  }
  unsigned bytes = bytesOf(type);
  if ((isInteger(type) && bytes < 4) || (isFloat(type) && type != Type::f32 && type != Type::f64) || bytes < 4)
    throw std::invalid_argument("a floating-point constant where an integer is needed");
  uint64_t bits = literal.bits;
  if (literal.kind == Literal::single && bytes == 8) {
    float single;
    std::memcpy(&single, &bits, 4);
    double real = single;
    std::memcpy(&bits, &real, 8);
  } else if (literal.kind == Literal::real && bytes == 4) {
    double real;
    std::memcpy(&real, &bits, 8);
    float single = static_cast<float>(real);
    bits = 0;
    std::memcpy(&bits, &single, 4);
  }
  return bits;
}

std::vector<Kernel::Parameter> placeParameters(const Function &function) {
  std::vector<Kernel::Parameter> list;
  uint32_t end = 0;
  for (const Variable &variable : function.parameters) {
    uint32_t alignment = std::max(std::max(variable.alignment, bytesOf(variable.type)), 1u);
    if (variable.bytes() == 0 || variable.bytes() > 1 << 16 || variable.isRegister)
      throw TextError(variable.line, "a parameter without a size, or too large");
    Kernel::Parameter parameter;
    parameter.name = std::string(variable.name);
    parameter.offset = (end + alignment - 1) / alignment * alignment;
    parameter.bytes = static_cast<uint32_t>(variable.bytes());
    parameter.alignment = alignment;
    end = parameter.offset + parameter.bytes;
    list.push_back(parameter);
  }
  return list;
}

Module::Module(std::string_view text, const Facts &facts, GlobalMemory &memory) : source(text), memory(memory) {
  this->text = Parser(source).module();
  check(facts);
  try {
    placeVariables();
    for (const Function &function : this->text.functions)
      if (function.isEntry && function.hasBody)
        makeKernel(function, facts);
  } catch (...) {
    for (auto [name, address] : addresses)
      memory.release(address, true);
    throw;
  }
}

Module::~Module() {
  for (auto [name, address] : addresses)
    memory.release(address, true);
}

void Module::check(const Facts &facts) const {
  if (text.sm > facts.sm || (text.isExact && text.sm != facts.sm))
    throw TextError(1, "text for sm_" + std::to_string(text.sm) + " on a machine of sm_" + std::to_string(facts.sm));
  std::map<std::string_view, bool> bodies;
  for (const Function &function : text.functions) {
    bool &known = bodies[function.name];
    if (known && function.hasBody)
      throw TextError(function.line, std::string(function.name) + " is defined twice");
    known = known || function.hasBody;
  }
}

void Module::placeVariables() {
  for (const Variable &variable : text.variables) {
    if ((variable.space != Space::global && variable.space != Space::constant) || variable.isRegister)
      continue;
    if (variable.bytes() == 0)
      throw TextError(variable.line, std::string(variable.name) + " has no size");
    if (addresses.count(variable.name))
      continue; // declared again
    Allocation *allocation = memory.allocate(variable.bytes(), true);
    if (!allocation)
      throw TextError(variable.line, "no memory for " + std::string(variable.name));
    allocation->full = true;
    allocation->readOnly = variable.space == Space::constant;
    addresses[variable.name] = allocation->base;
  }
  for (const Variable &variable : text.variables)
    if (addresses.count(variable.name))
      initialise(variable, *memory.find(addresses[variable.name]));
}

void Module::initialise(const Variable &variable, Allocation &allocation) {
  unsigned bytes = bytesOf(variable.type);
  for (size_t i = 0; i < variable.initial.size() && (i + 1) * bytes <= allocation.size; ++i) {
    const Initial &initial = variable.initial[i];
    uint64_t bits;
    try {
      bits = literalBits(initial.value, variable.type);
    } catch (const std::invalid_argument &error) {
      throw TextError(variable.line, error.what());
    }
    if (!initial.symbol.empty()) {
      if (!addresses.count(initial.symbol) || bytes != 8)
        throw TextError(variable.line, "an initial value of " + std::string(initial.symbol) + " is not supported");
      bits = addresses[initial.symbol] + static_cast<uint64_t>(initial.offset);
    }
    std::memcpy(allocation.data + i * bytes, &bits, bytes);
  }
}

void Module::makeKernel(const Function &function, const Facts &facts) {
  Program &program = programs[function.name];
  program.name = std::string(function.name);
  program.requiredBlock = function.requiredBlock;
  Translator translator(*this, program);
  translator.translate(function);
  if (program.staticShared > facts.max_shared_bytes)
    throw TextError(function.line, "more shared memory than a block can have");
  Kernel &kernel = kernels[function.name];
  kernel.name = program.name;
  kernel.parameters = placeParameters(function);
  kernel.static_shared_bytes = program.staticShared;
  kernel.local_bytes = program.localBytes;
  kernel.registers = translator.registers;
  kernel.max_threads = std::min(function.maxThreads, facts.max_threads);
  kernel.module = this;
}

const Kernel *Module::find(std::string_view name) const {
  auto found = kernels.find(name);
  return found == kernels.end() ? nullptr : &found->second;
}

const Program &Module::program(std::string_view kernel) const { return programs.find(kernel)->second; }

uint64_t Module::address(std::string_view variable) const {
  auto found = addresses.find(variable);
  return found == addresses.end() ? 0 : found->second;
}

uint64_t Module::bytes(std::string_view variable) const {
  for (const Variable &one : text.variables)
    if (one.name == variable && one.bytes())
      return one.bytes();
  return 0;
}

} // namespace adze::ptx
