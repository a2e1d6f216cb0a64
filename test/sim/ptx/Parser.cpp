// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The module's level of the text, declarations, and the functions around their bodies.
#include "test/sim/ptx/Parser.h"
#include <algorithm>

namespace adze::ptx {

std::string Instruction::name() const {
  std::string name(opcode);
  for (std::string_view modifier : modifiers)
    name.append(".").append(modifier);
  return name;
}

void Parser::advance() {
  token = ahead;
  ahead = lexer.next();
}

void Parser::fail(const std::string &what) const {
  std::string found = token.kind == Token::end ? "the end of the text" : "'" + std::string(token.text) + "'";
  throw TextError(token.line, what + ", found " + found);
}

bool Parser::takeMark(std::string_view mark) { return isMark(mark) ? (advance(), true) : false; }
bool Parser::takeDotted(std::string_view name) { return isDotted(name) ? (advance(), true) : false; }

void Parser::expect(std::string_view mark) {
  if (!takeMark(mark))
    fail("expected '" + std::string(mark) + "'");
}

std::string_view Parser::expectWord(const char *what) {
  if (token.kind != Token::word)
    fail(std::string("expected ") + what);
  std::string_view word = token.text;
  advance();
  return word;
}

uint64_t Parser::expectInteger(const char *what) {
  if (token.kind != Token::integer)
    fail(std::string("expected ") + what);
  uint64_t value = token.bits;
  advance();
  return value;
}

ModuleText Parser::module() {
  header();
  while (token.kind != Token::end)
    topLevel();
  return std::move(text);
}

void Parser::header() {
  if (!takeDotted("version"))
    fail("expected .version");
  if (token.kind != Token::real)
    fail("expected a version such as 7.8");
  std::string version(token.text);
  size_t dot = version.find('.');
  text.version = std::atoi(version.c_str()) * 10 + std::atoi(version.c_str() + dot + 1);
  advance();
  target();
  if (takeDotted("address_size") && expectInteger("32 or 64") != 64)
    fail("addresses of other than 64 bits are not supported");
}

void Parser::target() {
  if (!takeDotted("target"))
    fail("expected .target");
  do {
    std::string word(expectWord("a target"));
    if (word.compare(0, 3, "sm_") == 0) {
      text.sm = std::atoi(word.c_str() + 3);
      char last = word.back();
      if (text.sm <= 0 || word.find_first_not_of("0123456789", 3) < word.size() - (last == 'a' || last == 'f'))
        fail("expected a target such as sm_80");
      text.isExact = last == 'a';
    } else if (word != "debug" && word != "texmode_independent") {
      fail("a target that is not known: " + word);
    }
  } while (takeMark(","));
}

/// Directives that only debuggers read; they end with their line or their braces.
bool Parser::debugDirective() {
  if (isDotted("file") || isDotted("loc")) {
    int line = token.line;
    while (token.kind != Token::end && token.line == line)
      advance();
    return true;
  }
  if (takeDotted("section")) {
    skipSection();
    return true;
  }
  if (takeDotted("pragma")) {
    while (token.kind == Token::string || isMark(","))
      advance();
    expect(";");
    return true;
  }
  return false;
}

void Parser::skipSection() {
  while (token.kind != Token::end && !isMark("{"))
    advance();
  int depth = 0;
  do {
    depth += isMark("{") - isMark("}");
    if (token.kind == Token::end)
      fail("expected the section's '}'");
    advance();
  } while (depth);
}

void Parser::topLevel() {
  if (debugDirective() || takeMark(";"))
    return;
  bool isExtern = false;
  for (;;) {
    if (takeDotted("visible") || takeDotted("weak") || takeDotted("common"))
      continue;
    if (!takeDotted("extern"))
      break;
    isExtern = true;
  }
  if (isDotted("entry") || isDotted("func")) {
    bool entry = isDotted("entry");
    advance();
    text.functions.push_back(function(entry, isExtern));
    return;
  }
  if (!isSpace())
    fail("expected a function or a variable");
  for (Variable &variable : declaration(isExtern, false))
    text.variables.push_back(std::move(variable));
}

bool Parser::isSpace() const {
  return isDotted("reg") || isDotted("global") || isDotted("shared") || isDotted("local") || isDotted("param") ||
         isDotted("const");
}

Function Parser::function(bool entry, bool isExtern) {
  Function function;
  function.isEntry = entry;
  function.line = token.line;
  if (!entry && isMark("("))
    function.results = parameterList();
  function.name = expectWord("the function's name");
  if (isMark("("))
    function.parameters = parameterList();
  tuning(function);
  if (takeMark(";"))
    return function;
  if (isExtern)
    fail("an .extern function has no body");
  body(function);
  return function;
}

std::vector<Variable> Parser::parameterList() {
  std::vector<Variable> list;
  expect("(");
  while (!takeMark(")")) {
    if (!list.empty())
      expect(",");
    if (isMark("_") || (token.kind == Token::word && token.text == "_")) {
      advance();
      continue;
    }
    if (!isDotted("param") && !isDotted("reg"))
      fail("expected a .param or .reg");
    list.push_back(declaration(false, true).front());
  }
  return list;
}

void Parser::tuning(Function &function) {
  for (;;) {
    if (isDotted("maxntid") || isDotted("reqntid")) {
      bool isRequired = isDotted("reqntid");
      advance();
      uint64_t threads = 1;
      std::array<uint32_t, 3> sizes = {1, 1, 1};
      size_t count = 0;
      do {
        sizes[count] = static_cast<uint32_t>(std::min<uint64_t>(expectInteger("a number of threads"), 1 << 20));
        threads *= sizes[count];
      } while (++count < 3 && takeMark(","));
      function.maxThreads = static_cast<unsigned>(std::min<uint64_t>(threads, 1 << 20));
      if (isRequired)
        function.requiredBlock = sizes;
    } else if (isDotted("minnctapersm") || isDotted("maxnctapersm") || isDotted("maxnreg") ||
               isDotted("reqnctapercluster") || isDotted("maxclusterrank")) {
      advance();
      do
        expectInteger("a number");
      while (takeMark(","));
    } else if (!takeDotted("noreturn") && !takeDotted("explicitcluster") && !debugDirective()) {
      return;
    }
  }
}

std::vector<Variable> Parser::declaration(bool isExtern, bool one) {
  Variable model;
  model.isExtern = isExtern;
  static const std::pair<const char *, Space> spaces[] = {{"global", Space::global},
                                                          {"shared", Space::shared},
                                                          {"local", Space::local},
                                                          {"param", Space::param},
                                                          {"const", Space::constant}};
  model.isRegister = isDotted("reg");
  for (auto &[name, space] : spaces)
    if (isDotted(name))
      model.space = space;
  advance();
  bool isPointer = false;
  while (token.kind == Token::dotted) {
    std::string_view word = token.text;
    advance();
    if (word == "align") {
      uint64_t alignment = expectInteger("an alignment");
      if (!isPointer) // else it is that of what the parameter points to
        model.alignment = static_cast<unsigned>(std::min<uint64_t>(alignment, 1u << 30));
    } else if (word == "v2" || word == "v4" || word == "v8")
      model.vector = word[1] - '0';
    else if (word == "ptr")
      isPointer = true;
    else if (isPointer && (word == "global" || word == "shared" || word == "const" || word == "local"))
      continue;
    else if (word == "attribute")
      fail("attributes of variables are not supported");
    else if ((model.type = typeNamed(word)) == Type::none)
      fail("expected a type, not ." + std::string(word));
  }
  if (model.type == Type::none)
    fail("expected a type");
  if (model.alignment & (model.alignment - 1))
    fail("an alignment that is no power of two");
  std::vector<Variable> list;
  do {
    Variable variable = model;
    variable.line = token.line;
    variable.name = expectWord("a name");
    shape(variable);
    list.push_back(std::move(variable));
  } while (!one && takeMark(","));
  if (!one)
    expect(";");
  return list;
}

/// What stands behind a variable's name.
void Parser::shape(Variable &variable) {
  if (variable.isRegister) {
    if (takeMark("<")) {
      uint64_t range = expectInteger("a number of registers");
      if (range == 0 || range > 1u << 20)
        fail("a number of registers that is out of range");
      variable.range = static_cast<uint32_t>(range);
      expect(">");
    }
    return;
  }
  while (takeMark("[")) {
    if (takeMark("]")) {
      variable.unsized = true;
      variable.elements = 0;
      continue;
    }
    uint64_t elements = expectInteger("a number of elements");
    variable.elements *= std::min<uint64_t>(elements, 1ull << 33);
    expect("]");
    if (variable.elements > 1ull << 32 || variable.bytes() > 1ull << 32)
      fail("a variable of more than 4 GiB");
  }
  if (takeMark("=")) {
    initialisers(variable.initial, 0);
    if (variable.unsized && !variable.isExtern)
      variable.elements = variable.initial.size(), variable.unsized = false;
    if (variable.initial.size() > variable.elements * variable.vector)
      fail("more initial values than elements");
  }
}

void Parser::initialisers(std::vector<Initial> &into, int depth) {
  if (!takeMark("{")) {
    into.push_back(initialValue());
    return;
  }
  if (depth > deepestNest)
    fail("lists nest too deep");
  while (!takeMark("}")) {
    initialisers(into, depth + 1);
    if (!isMark("}"))
      expect(",");
  }
}

Initial Parser::initialValue() {
  Initial initial;
  if (token.kind != Token::word) {
    initial.value = literal();
    return initial;
  }
  bool isGeneric = token.text == "generic" && ahead.kind == Token::mark && ahead.text == "(";
  if (isGeneric)
    advance(), advance();
  initial.symbol = expectWord("a symbol");
  if (isGeneric)
    expect(")");
  if (takeMark("+"))
    initial.offset = static_cast<int64_t>(expectInteger("an offset"));
  return initial;
}

Literal Parser::literal() {
  Literal literal;
  bool minus = false;
  while (isMark("-") || isMark("+"))
    minus ^= isMark("-"), advance();
  literal.bits = token.bits;
  if (token.kind == Token::integer) {
    if (minus)
      literal.bits = 0 - literal.bits;
  } else if (token.kind == Token::single) {
    literal.kind = Literal::single;
    literal.bits ^= minus ? 0x80000000u : 0;
  } else if (token.kind == Token::real) {
    literal.kind = Literal::real;
    literal.bits ^= minus ? 1ull << 63 : 0;
  } else {
    fail("expected a constant");
  }
  advance();
  return literal;
}

} // namespace adze::ptx
