// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "test/sim/ptx/Lexer.h"
#include <cstdlib>
#include <cstring>

namespace adze::ptx {

namespace {
bool isDigit(char c) { return c >= '0' && c <= '9'; }
bool isWord(char c) { return isDigit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || c == '$'; }
int digitOf(char c) {
  if (isDigit(c))
    return c - '0';
  c |= 0x20;
  return c >= 'a' && c <= 'f' ? c - 'a' + 10 : 99;
}
} // namespace

void Lexer::skipBlanks() {
  while (place < text.size()) {
    char c = text[place];
    if (c == '\n') {
      ++line, ++place;
    } else if (c == ' ' || c == '\t' || c == '\r' || c == '\f' || c == '\v') {
      ++place;
    } else if (c == '/' && at(place + 1) == '/') {
      while (place < text.size() && text[place] != '\n')
        ++place;
    } else if (c == '/' && at(place + 1) == '*') {
      int first = line;
      place += 2;
      while (place < text.size() && !(text[place] == '*' && at(place + 1) == '/'))
        line += text[place++] == '\n';
      if (place >= text.size())
        throw TextError(first, "a comment without its end");
      place += 2;
    } else {
      return;
    }
  }
}

Token Lexer::number() {
  Token token;
  token.line = line;
  size_t first = place;
  auto fixed = [&](unsigned digits, Token::Kind kind) {
    place += 2;
    for (unsigned i = 0; i < digits; ++i, ++place) {
      if (digitOf(at(place)) > 15)
        throw TextError(line, "a floating-point constant with too few digits");
      token.bits = token.bits << 4 | digitOf(text[place]);
    }
    token.kind = kind;
  };
  char second = at(place + 1) | 0x20;
  if (text[place] == '0' && second == 'f') {
    fixed(8, Token::single);
  } else if (text[place] == '0' && second == 'd') {
    fixed(16, Token::real);
  } else {
    int base = 10;
    if (text[place] == '0' && (second == 'x' || second == 'b')) {
      base = second == 'x' ? 16 : 2;
      place += 2;
    } else if (text[place] == '0') {
      base = 8;
    }
    size_t digits = place;
    while (digitOf(at(place)) < (base == 8 ? 10 : base))
      ++place;
    bool decimal = base == 10 || base == 8;
    char mark = at(place);
    if (decimal && (mark == '.' || mark == 'e' || mark == 'E')) {
      size_t last = place + (mark == '.');
      while (isDigit(at(last)))
        ++last;
      if ((at(last) | 0x20) == 'e') {
        ++last;
        if (at(last) == '+' || at(last) == '-')
          ++last;
        while (isDigit(at(last)))
          ++last;
      }
      double value = std::strtod(std::string(text.substr(first, last - first)).c_str(), nullptr);
      std::memcpy(&token.bits, &value, 8);
      token.kind = Token::real;
      place = last;
    } else {
      if (digits == place)
        throw TextError(line, "a number without digits");
      for (size_t i = digits; i < place; ++i) {
        if (digitOf(text[i]) >= base)
          throw TextError(line, "a digit that its number's base does not have");
        token.bits = token.bits * base + digitOf(text[i]);
      }
      token.kind = Token::integer;
      if (at(place) == 'U')
        ++place;
    }
  }
  if (isWord(at(place)))
    throw TextError(line, "a number that ends in '" + std::string(1, at(place)) + "'");
  token.text = text.substr(first, place - first);
  return token;
}

Token Lexer::next() {
  skipBlanks();
  Token token;
  token.line = line;
  if (place >= text.size())
    return token;
  char c = text[place];
  size_t first = place;
  if (isDigit(c))
    return number();
  if (c == '.' && isWord(at(place + 1))) {
    ++place;
    while (isWord(at(place)) || (at(place) == ':' && at(place + 1) == ':' && isWord(at(place + 2))))
      place += at(place) == ':' ? 2 : 1;
    token.kind = Token::dotted;
    token.text = text.substr(first + 1, place - first - 1);
    return token;
  }
  if (isWord(c) || (c == '%' && isWord(at(place + 1)))) {
    for (++place; isWord(at(place));)
      ++place;
    token.kind = Token::word;
    token.text = text.substr(first, place - first);
    return token;
  }
  if (c == '"') {
    for (++place; place < text.size() && text[place] != '"' && text[place] != '\n';)
      ++place;
    if (at(place) != '"')
      throw TextError(line, "a string without its end");
    token.kind = Token::string;
    token.text = text.substr(first + 1, place - first - 1);
    ++place;
    return token;
  }
  if (!std::strchr(",;:{}[]()@!+-|<>=*/&~^?%", c) || !c)
    throw TextError(line, "a character that PTX does not have");
  token.kind = Token::mark;
  bool twice = (c == '<' || c == '>') && at(place + 1) == c;
  place += twice ? 2 : 1;
  token.text = text.substr(first, place - first);
  return token;
}

} // namespace adze::ptx
