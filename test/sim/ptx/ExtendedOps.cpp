// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Arithmetic with the carry: add.cc, addc, sub.cc, subc, mad.cc, madc.
#include "test/sim/ptx/FloatOps.h"
#include "test/sim/ptx/Lanes.h"

namespace adze::ptx {

namespace {
/// Op::extra.
struct Carry {
  Slot slot = 0;
  bool in = false, out = false, subtracts = false, multiplies = false, high = false;
};

/// The high half of a product.
uint64_t highHalf(uint64_t a, uint64_t b, unsigned bits, bool isSigned) {
  if (bits == 64)
    return isSigned
               ? static_cast<uint64_t>(static_cast<__int128>(static_cast<int64_t>(a)) * static_cast<int64_t>(b) >> 64)
               : static_cast<uint64_t>(static_cast<unsigned __int128>(a) * b >> 64);
  return isSigned ? static_cast<uint64_t>(int64_t(int32_t(a)) * int32_t(b) >> 32) : a * b >> 32;
}

/// flags: 1: signed.
template <class T> void run(Warp &w, const Op &o, Lanes lanes) {
  const Carry &carry = *static_cast<const Carry *>(o.extra);
  const T *a = w.lanes<T>(o.a), *b = w.lanes<T>(o.b), *c = w.lanes<T>(o.c);
  T *d = w.lanes<T>(o.d);
  Lanes before = w.predicate(carry.slot), after = 0;
  Lanes from = w.undefined[o.a] | w.undefined[o.b] | w.undefined[o.c] | (carry.in ? w.undefined[carry.slot] : 0);
  eachOf(lanes, [&](int i) {
    T x = a[i], y = b[i];
    if (carry.multiplies) {
      x = carry.high ? static_cast<T>(highHalf(a[i], b[i], sizeof(T) * 8, o.flags & 1)) : static_cast<T>(a[i] * b[i]);
      y = c[i];
    }
    T in = carry.in ? static_cast<T>(before >> i & 1) : 0;
    T sum = carry.subtracts ? static_cast<T>(x - y - in) : static_cast<T>(x + y + in);
    bool out = carry.subtracts ? x < y || (in && x == y) : sum < x || (in && sum == x);
    after |= Lanes(out) << i;
    d[i] = sum;
  });
  w.define(o.d, lanes, from);
  if (!carry.out)
    return;
  w.predicate(carry.slot) = (before & ~lanes) | after;
  w.define(carry.slot, lanes, from);
}
} // namespace

void carryOp(Assembler &a) {
  Carry carry;
  std::string_view opcode = a.in.opcode;
  carry.in = opcode.back() == 'c';
  carry.out = !carry.in || a.take("cc");
  carry.subtracts = opcode.substr(0, 3) == "sub";
  carry.multiplies = opcode.substr(0, 3) == "mad";
  if (carry.multiplies)
    carry.high = a.takeAny({"lo", "hi"}) == "hi";
  Type type = a.needType({Type::u32, Type::s32, Type::b32, Type::u64, Type::s64, Type::b64});
  a.check(carry.multiplies ? 4 : 3);
  carry.slot = a.carrySlot();
  Slot x = a.source(1, type), y = a.source(2, type), z = carry.multiplies ? a.source(3, type) : 0;
  Slot d = a.target(0, type);
  Op &op = a.emit(bytesOf(type) == 4 ? run<uint32_t> : run<uint64_t>, Op::own, d, x, y, z);
  op.flags = isSigned(type);
  a.extra<Carry>(op) = carry;
}

void addExtendedOps(Families &families) { families["addc"] = families["subc"] = families["madc"] = carryOp; }

} // namespace adze::ptx
