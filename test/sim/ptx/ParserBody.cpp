// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The bodies of functions: scopes, labels, instructions and their operands.
#include "test/sim/ptx/Parser.h"

namespace adze::ptx {

void Parser::body(Function &function) {
  function.hasBody = true;
  function.parents.push_back(-1);
  std::vector<int> scopes = {0};
  expect("{");
  while (!scopes.empty())
    bodyItem(function, scopes);
}

void Parser::bodyItem(Function &function, std::vector<int> &scopes) {
  if (debugDirective() || takeMark(";"))
    return;
  Item item;
  item.line = token.line;
  item.scope = scopes.back();
  if (takeMark("{")) {
    item.kind = Item::open;
    item.scope = static_cast<int>(function.parents.size());
    function.parents.push_back(scopes.back());
    scopes.push_back(item.scope);
    function.body.push_back(std::move(item));
    return;
  }
  if (takeMark("}")) {
    item.kind = Item::close;
    scopes.pop_back();
    if (!scopes.empty())
      function.body.push_back(std::move(item));
    return;
  }
  if (isSpace()) {
    item.kind = Item::declaration;
    for (Variable &variable : declaration(false, false)) {
      item.variable = std::move(variable);
      function.body.push_back(item);
    }
    return;
  }
  if (token.kind == Token::word && ahead.kind == Token::mark && ahead.text == ":") {
    item.kind = Item::label;
    item.name = token.text;
    advance(), advance();
    if (takeDotted("branchtargets")) {
      item.kind = Item::targets;
      do
        item.branchTargets.push_back(expectWord("a label"));
      while (takeMark(","));
      expect(";");
    } else if (isDotted("callprototype") || isDotted("calltargets")) {
      while (token.kind != Token::end && !isMark(";"))
        advance();
      expect(";");
      return;
    }
    if (!function.labels.emplace(std::make_pair(item.scope, item.name), function.body.size()).second)
      throw TextError(item.line, "the label " + std::string(item.name) + " stands twice");
    function.body.push_back(std::move(item));
    return;
  }
  instruction(item);
  function.body.push_back(std::move(item));
}

void Parser::instruction(Item &item) {
  Instruction &instruct = item.instruct;
  if (takeMark("@")) {
    instruct.guardNegated = takeMark("!");
    instruct.guard = expectWord("a predicate");
  }
  item.line = token.line;
  instruct.opcode = expectWord("an instruction");
  while (token.kind == Token::dotted) {
    instruct.modifiers.push_back(token.text);
    advance();
  }
  bool call = instruct.opcode == "call";
  while (!takeMark(";")) {
    if (!instruct.operands.empty())
      expect(",");
    instruct.operands.push_back(operand(call));
  }
}

Operand Parser::operand(bool call, int depth) {
  Operand operand;
  if (takeMark("["))
    return addressOperand();
  if (takeMark("{"))
    return listOperand('}', call, depth);
  if (call && takeMark("("))
    return listOperand(')', call, depth);
  operand.negated = takeMark("!");
  if (token.kind != Token::word) {
    operand.kind = Operand::literal;
    operand.value = literal();
    return operand;
  }
  operand.text = token.text;
  advance();
  if (token.kind == Token::dotted) {
    operand.member = token.text;
    advance();
  }
  if (takeMark("|"))
    operand.second = expectWord("a predicate");
  if (isMark("+") || isMark("-")) {
    bool minus = isMark("-");
    advance();
    uint64_t offset = expectInteger("an offset");
    operand.offset = static_cast<int64_t>(minus ? 0 - offset : offset);
  }
  return operand;
}

Operand Parser::addressOperand() {
  Operand operand;
  operand.kind = Operand::address;
  if (token.kind == Token::word) {
    operand.text = token.text;
    advance();
    if (!isMark("+") && !isMark("-")) {
      expect("]");
      return operand;
    }
    takeMark("+");
  }
  Literal value = literal();
  if (value.kind != Literal::integer)
    fail("expected an integer offset");
  operand.offset = static_cast<int64_t>(value.bits);
  expect("]");
  return operand;
}

Operand Parser::listOperand(char close, bool call, int depth) {
  if (depth > deepestNest)
    fail("lists nest too deep");
  Operand operand;
  operand.kind = Operand::list;
  std::string_view mark = close == '}' ? "}" : ")";
  while (!takeMark(mark)) {
    if (!operand.elements.empty())
      expect(",");
    operand.elements.push_back(this->operand(call, depth + 1));
  }
  return operand;
}

} // namespace adze::ptx
