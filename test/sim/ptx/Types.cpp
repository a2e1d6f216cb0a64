// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "test/sim/ptx/Types.h"

namespace adze::ptx {

namespace {
struct Row {
  const char *name;
  uint8_t bytes;
  char kind; // of: integer (b, u, s), float (f), other (-)
};
// In the order of Type.
constexpr Row rows[] = {{"none", 0, '-'},  {"pred", 0, '-'},  {"b8", 1, 'b'},     {"b16", 2, 'b'},    {"b32", 4, 'b'},
                        {"b64", 8, 'b'},   {"b128", 16, '-'}, {"u8", 1, 'u'},     {"u16", 2, 'u'},    {"u32", 4, 'u'},
                        {"u64", 8, 'u'},   {"s8", 1, 's'},    {"s16", 2, 's'},    {"s32", 4, 's'},    {"s64", 8, 's'},
                        {"f16", 2, 'f'},   {"bf16", 2, 'f'},  {"f16x2", 4, 'f'},  {"bf16x2", 4, 'f'}, {"u16x2", 4, '-'},
                        {"s16x2", 4, '-'}, {"tf32", 4, 'f'},  {"e4m3x2", 2, 'f'}, {"e5m2x2", 2, 'f'}, {"f32", 4, 'f'},
                        {"f32x2", 8, '-'}, {"f64", 8, 'f'}};
const Row &row(Type type) { return rows[static_cast<int>(type)]; }
} // namespace

Type typeNamed(std::string_view name) {
  for (unsigned i = 1; i < sizeof(rows) / sizeof(rows[0]); ++i)
    if (name == rows[i].name)
      return static_cast<Type>(i);
  return Type::none;
}

const char *nameOf(Type type) { return row(type).name; }
unsigned bytesOf(Type type) { return row(type).bytes; }
bool isSigned(Type type) { return row(type).kind == 's'; }
bool isFloat(Type type) { return row(type).kind == 'f'; }
bool isInteger(Type type) { return row(type).kind == 'b' || row(type).kind == 'u' || row(type).kind == 's'; }

} // namespace adze::ptx
