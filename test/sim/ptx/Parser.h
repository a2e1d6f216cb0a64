// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Tokens to a ModuleText.
#pragma once
#include "test/sim/ptx/Ast.h"
#include "test/sim/ptx/Lexer.h"

namespace adze::ptx {

class Parser {
public:
  explicit Parser(std::string_view text) : lexer(text) { advance(), advance(); }
  /// Throws TextError at what is not PTX.
  ModuleText module();

private:
  static constexpr int deepestNest = 8;
  void advance();
  [[noreturn]] void fail(const std::string &what) const;
  bool isMark(std::string_view mark) const { return token.kind == Token::mark && token.text == mark; }
  bool isDotted(std::string_view name) const { return token.kind == Token::dotted && token.text == name; }
  bool takeMark(std::string_view mark);
  bool takeDotted(std::string_view name);
  void expect(std::string_view mark);
  std::string_view expectWord(const char *what);
  uint64_t expectInteger(const char *what);

  void header();
  void target();
  void topLevel();
  void skipSection();
  bool debugDirective();
  Function function(bool entry, bool isExtern);
  std::vector<Variable> parameterList();
  void tuning(Function &function);
  void body(Function &function);
  void bodyItem(Function &function, std::vector<int> &scopes);
  void instruction(Item &item);
  Operand operand(bool call, int depth = 0);
  Operand addressOperand();
  Operand listOperand(char close, bool call, int depth);
  Literal literal();
  bool isSpace() const;
  /// One or more variables of one declaration; `one`: without ";", as in a list of parameters.
  std::vector<Variable> declaration(bool isExtern, bool one);
  void shape(Variable &variable);
  void initialisers(std::vector<Initial> &into, int depth);
  Initial initialValue();

  Lexer lexer;
  Token token, ahead;
  ModuleText text;
};

} // namespace adze::ptx
