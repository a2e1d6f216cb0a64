// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "tools/adze/NpyHeader.h"

#include "runtime/tensor.h"

using namespace adze::tool;

namespace {

/// A cursor over the few forms of Python's literals that a header may have.
class Parser {
public:
  Parser(std::string_view text, std::string &error) : text(text), error(error) {}

  bool header(NpyHeader &h) {
    bool descr = false, order = false, shape = false;
    if (!expect('{'))
      return false;
    while (!at('}')) {
      std::string key;
      if (!string(key) || !expect(':'))
        return false;
      bool *seen = key == "descr" ? &descr : key == "fortran_order" ? &order : key == "shape" ? &shape : nullptr;
      if (!seen || *seen)
        return fail(seen ? "a key stands twice" : "an unknown key");
      *seen = true;
      bool ok = seen == &descr ? string(h.descr) : seen == &order ? boolean(h.fortranOrder) : tuple(h.shape);
      if (!ok || (!at('}') && !expect(',')))
        return false;
    }
    ++position;
    skipSpace();
    if (position != text.size())
      return fail("text after the end");
    return (descr && order && shape) || fail("a key is missing");
  }

private:
  bool fail(const char *why) {
    error = std::string("its header is not as the format asks: ") + why;
    return false;
  }
  void skipSpace() {
    while (position < text.size() && (text[position] == ' ' || text[position] == '\n' || text[position] == '\t'))
      ++position;
  }
  bool at(char c) {
    skipSpace();
    return position < text.size() && text[position] == c;
  }
  bool expect(char c) {
    if (!at(c))
      return fail("a character is missing");
    ++position;
    return true;
  }
  bool string(std::string &value) {
    char quote = at('"') ? '"' : '\'';
    if (!at(quote))
      return fail("a string was expected (types with fields are not supported)");
    size_t end = text.find(quote, ++position);
    if (end == std::string_view::npos)
      return fail("a string without end");
    value = std::string(text.substr(position, end - position));
    position = end + 1;
    return true;
  }
  bool boolean(bool &value) {
    skipSpace();
    for (bool candidate : {false, true}) {
      std::string_view word = candidate ? "True" : "False";
      if (text.substr(position, word.size()) == word) {
        value = candidate;
        position += word.size();
        return true;
      }
    }
    return fail("True or False was expected");
  }
  bool tuple(std::vector<int64_t> &values) {
    if (!expect('('))
      return false;
    while (!at(')')) {
      int64_t value = 0;
      size_t first = position;
      for (; position < text.size() && text[position] >= '0' && text[position] <= '9'; ++position)
        if (__builtin_mul_overflow(value, 10, &value) || __builtin_add_overflow(value, text[position] - '0', &value))
          return fail("a size is too large");
      if (position == first)
        return fail("a size was expected");
      values.push_back(value);
      if (values.size() > ADZE_MAX_RANK)
        return fail("too many dimensions");
      if (!at(')') && !expect(','))
        return false;
    }
    ++position;
    return true;
  }

  std::string_view text;
  std::string &error;
  size_t position = 0;
};

struct Name {
  adze_dtype dtype;
  const char *descr;
};

/// The types that have a name.
const Name kNames[] = {{ADZE_F32, "<f4"}, {ADZE_U8, "|u1"},  {ADZE_I8, "|i1"},  {ADZE_U16, "<u2"},
                       {ADZE_I16, "<i2"}, {ADZE_I32, "<i4"}, {ADZE_I64, "<i8"}, {ADZE_BOOL, "|b1"},
                       {ADZE_F16, "<f2"}, {ADZE_F64, "<f8"}, {ADZE_U32, "<u4"}, {ADZE_U64, "<u8"}};

} // namespace

bool adze::tool::parseNpyHeader(std::string_view text, NpyHeader &header, std::string &error) {
  return Parser(text, error).header(header);
}

std::string adze::tool::printNpyHeader(const NpyHeader &header) {
  std::string shape;
  for (int64_t size : header.shape)
    shape += std::to_string(size) + ", ";
  return "{'descr': '" + header.descr + "', 'fortran_order': " + (header.fortranOrder ? "True" : "False") +
         ", 'shape': (" + shape + "), }";
}

const char *adze::tool::npyDescr(adze_dtype dtype) {
  for (const Name &name : kNames)
    if (name.dtype == dtype)
      return name.descr;
  switch (dtype) {
  case ADZE_BF16:
    return "<u2";
  case ADZE_I4:
  case ADZE_I2:
    return "|i1";
  default:
    return "|u1";
  }
}

bool adze::tool::npyDtype(const std::string &descr, adze_dtype expected, adze_dtype &dtype) {
  dtype = expected;
  if (adze_dtype_bytes(expected) == 0)
    return false;
  // ml_dtypes writes its types as bytes without meaning: '<V2', '|V1'.
  std::string bits = "V" + std::to_string(adze_dtype_bytes(expected));
  bool named = false;
  for (const Name &name : kNames)
    named |= name.dtype == expected;
  if (descr == npyDescr(expected) || (!named && descr.size() == 3 && descr.substr(1) == bits))
    return true;
  for (const Name &name : kNames)
    if (descr == name.descr || (descr[0] == '=' && descr.substr(1) == name.descr + 1)) {
      dtype = name.dtype;
      return true;
    }
  return false;
}
