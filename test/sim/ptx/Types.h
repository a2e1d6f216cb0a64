// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The types of PTX's instructions, and the error that ends a load.
#pragma once
#include <cstdint>
#include <stdexcept>
#include <string>
#include <string_view>

namespace adze::ptx {

/// What ends the load of a module: the text's line and what is wrong there.
struct TextError : std::runtime_error {
  TextError(int line, const std::string &what) : std::runtime_error(what), line(line) {}
  int line;
};

enum class Type : uint8_t {
  none,
  pred,
  b8,
  b16,
  b32,
  b64,
  b128,
  u8,
  u16,
  u32,
  u64,
  s8,
  s16,
  s32,
  s64,
  f16,
  bf16,
  f16x2,
  bf16x2,
  u16x2,
  s16x2,
  tf32,
  e4m3x2,
  e5m2x2,
  f32,
  f32x2,
  f64,
};

/// The type of that name, without its dot; Type::none if there is none.
Type typeNamed(std::string_view name);
const char *nameOf(Type type);
/// Of a value in memory or a register; 0 for predicates.
unsigned bytesOf(Type type);
bool isSigned(Type type);
bool isFloat(Type type);
/// An unsigned, signed or untyped integer of any width.
bool isInteger(Type type);

enum class Space : uint8_t { generic, global, shared, local, param, constant };

/// Generic addresses: windows of the other spaces; global memory and constants lie below.
constexpr uint64_t sharedWindow = 1ull << 56, localWindow = 1ull << 57, paramWindow = 1ull << 58,
                   windowBytes = 1ull << 32;

} // namespace adze::ptx
