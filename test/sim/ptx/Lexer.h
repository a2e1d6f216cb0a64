// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// PTX text as tokens.
#pragma once
#include "test/sim/ptx/Types.h"

namespace adze::ptx {

struct Token {
  enum Kind : uint8_t {
    end,
    word,    ///< identifier, register, label: name, %r1, $L__BB0_1, _
    dotted,  ///< .name or .shared::cta, text without the dot
    integer, ///< bits
    single,  ///< 0fXXXXXXXX: bits of an f32
    real,    ///< 0dX or a decimal: bits of an f64
    string,  ///< text without quotes
    mark     ///< one character: text[0], or << >> as text
  };
  Kind kind = end;
  std::string_view text;
  uint64_t bits = 0;
  int line = 0;
};

class Lexer {
public:
  explicit Lexer(std::string_view text) : text(text) {}
  /// The next token; throws TextError at what begins none.
  Token next();

private:
  void skipBlanks();
  Token number();
  char at(size_t i) const { return i < text.size() ? text[i] : '\0'; }
  std::string_view text;
  size_t place = 0;
  int line = 1;
};

} // namespace adze::ptx
