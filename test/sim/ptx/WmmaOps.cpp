// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// wmma.load, wmma.mma, wmma.store of f16 and bf16. How a fragment lies in registers is the machine's own affair: lane l
// has elements l * n to l * n + n - 1 of the matrix, row by row, and repeats them if its registers hold more.
#include "test/sim/ptx/Access.h"
#include "test/sim/ptx/MatrixMoves.h"
#include "test/sim/ptx/Numbers.h"

namespace adze::ptx {

namespace {
constexpr int mostRegisters = 8;

/// Registers of one matrix over a warp.
struct Fragment {
  int rows = 16, columns = 16;
  Type type = Type::f16;
  int count = 0; ///< registers
  Slot slots[mostRegisters] = {};
  int each() const { return type == Type::f32 ? 1 : 2; }         ///< elements of a register
  int perLane() const { return rows * columns / 32; }            ///< different ones
  int wanted() const { return std::max(perLane() / each(), 1); } ///< registers that hold all
  int elements() const { return count * each(); }                ///< of a lane, with repetitions
};

/// Op::extra of a load or store.
struct Transfer {
  Access access;
  Fragment fragment;
  Slot stride = 0; ///< 0: as long as a row (or column)
  bool columnMajor = false;
};

/// Op::extra of wmma.mma.
struct Product {
  Fragment a, b, c, d;
};

/// f(row, column, register, element in it, lane)
template <class F> void eachElement(const Fragment &fragment, F f) {
  for (int lane = 0; lane < 32; ++lane)
    for (int i = 0; i < fragment.elements(); ++i) {
      int place = lane * fragment.perLane() + i % fragment.perLane();
      f(place / fragment.columns, place % fragment.columns, i / fragment.each(), i % fragment.each(), lane);
    }
}

uint32_t readElement(Warp &w, const Fragment &fragment, int r, int e, int lane) {
  uint32_t word = w.lanes<uint32_t>(fragment.slots[r])[lane];
  return fragment.type == Type::f32 ? word : word >> 16 * e & 0xffff;
}

void writeElement(Warp &w, const Fragment &fragment, int r, int e, int lane, uint32_t bits) {
  uint32_t &word = w.lanes<uint32_t>(fragment.slots[r])[lane];
  word = fragment.type == Type::f32 ? bits : (word & ~(0xffffu << 16 * e)) | bits << 16 * e;
}

double valueOf(const Fragment &fragment, uint32_t bits) {
  return fragment.type == Type::f32   ? bitsAs<float>(bits)
         : fragment.type == Type::f16 ? fromHalf(static_cast<uint16_t>(bits))
                                      : fromBf16(static_cast<uint16_t>(bits));
}

/// Elements go one by one: the i-th of every lane is one access of the warp.
void transfer(Warp &w, const Op &op, Lanes lanes) {
  const Transfer &how = *static_cast<const Transfer *>(op.extra);
  const Fragment &fragment = how.fragment;
  uint64_t base[32];
  addressesOf(w, how.access, lanes, base);
  unsigned bytes = how.access.bytes;
  bool isStore = how.access.isStore;
  uint64_t stride = how.stride ? w.lanes<uint32_t>(how.stride)[firstOf(lanes)]
                               : static_cast<uint64_t>(how.columnMajor ? fragment.rows : fragment.columns);
  Lanes undefined[mostRegisters] = {};
  for (int i = 0; i < (isStore ? fragment.perLane() : fragment.elements()); ++i) {
    uint64_t at[32];
    for (int lane = 0; lane < 32; ++lane) {
      int place = lane * fragment.perLane() + i % fragment.perLane();
      uint64_t row = place / fragment.columns, column = place % fragment.columns;
      at[lane] = base[lane] + bytes * (how.columnMajor ? column * stride + row : row * stride + column);
    }
    int r = i / fragment.each(), e = i % fragment.each();
    bool counts = i < fragment.perLane();
    eachRegionAt(w, how.access, at, lanes, !isStore && counts, isStore, false,
                 [&](const Region &region, const Offsets &offsets, Lanes here) {
                   eachOf(here, [&](int lane) {
                     uint8_t *memory = region.at(offsets.at[lane], lane);
                     uint64_t bit = region.bit(offsets.at[lane], lane);
                     uint32_t value = 0;
                     if (isStore) {
                       value = readElement(w, fragment, r, e, lane);
                       std::memcpy(memory, &value, bytes);
                       bool isDefined = !(w.undefined[fragment.slots[r]] >> lane & 1);
                       if (!isDefined && region.space == Space::global)
                         w.block->launch.fault(Fault::uninitialized, w, lane, [] {
                           return std::string("stores a value that is made of bytes nobody has written");
                         });
                       if (!region.full)
                         setWritten(region.written, bit, bytes, isDefined || region.space == Space::global);
                       return;
                     }
                     std::memcpy(&value, memory, bytes);
                     writeElement(w, fragment, r, e, lane, value);
                     if (!region.full && !allWritten(region.written, bit, bytes))
                       undefined[r] |= 1u << lane;
                   });
                 });
  }
  for (int r = 0; r < fragment.count && !isStore; ++r)
    w.define(fragment.slots[r], lanes, undefined[r]);
}

struct Values {
  double at[32][32] = {};
  bool undefined[32][32] = {};
};
void gather(Warp &w, const Fragment &fragment, Values &values) {
  eachElement(fragment, [&](int row, int column, int r, int e, int lane) {
    values.at[row][column] = valueOf(fragment, readElement(w, fragment, r, e, lane));
    values.undefined[row][column] = w.undefined[fragment.slots[r]] >> lane & 1;
  });
}

void multiply(Warp &w, const Op &op, Lanes lanes) {
  const Product &p = *static_cast<const Product *>(op.extra);
  auto a = std::make_unique<Values>(), b = std::make_unique<Values>(), c = std::make_unique<Values>();
  gather(w, p.a, *a);
  gather(w, p.b, *b);
  gather(w, p.c, *c);
  Lanes undefined[mostRegisters] = {};
  eachElement(p.d, [&](int row, int column, int r, int e, int lane) {
    double sum = 0;
    bool isUndefined = c->undefined[row][column];
    for (int k = 0; k < p.a.columns; ++k) {
      sum += a->at[row][k] * b->at[k][column];
      isUndefined = isUndefined || a->undefined[row][k] || b->undefined[k][column];
    }
    sum += c->at[row][column];
    writeElement(w, p.d, r, e, lane,
                 p.d.type == Type::f32 ? bitsAs<uint32_t>(canonical(static_cast<float>(sum))) : toHalf(toOdd(sum)));
    undefined[r] |= Lanes(isUndefined) << lane;
  });
  for (int r = 0; r < p.d.count; ++r)
    w.define(p.d.slots[r], lanes, undefined[r]);
}

void takeShape(Assembler &a, int &m, int &n) {
  std::string_view shape = a.takeAny({"m16n16k16", "m32n8k16", "m8n32k16"});
  if (shape.empty())
    a.fail("a shape that this machine does not know");
  m = shape == "m16n16k16" ? 16 : shape == "m32n8k16" ? 32 : 8;
  n = 256 / m;
}

void setRegisters(Assembler &a, const Operand &list, Fragment &fragment, bool isTarget, bool isFactor) {
  fragment.count = static_cast<int>(list.elements.size());
  int wanted = fragment.wanted(), most = isFactor && fragment.type == Type::f16 ? 8 : wanted;
  if (list.kind != Operand::list || fragment.count != most)
    a.fail("needs fragments of " + std::to_string(most) + " registers");
  for (int r = 0; r < fragment.count; ++r)
    fragment.slots[r] = isTarget ? a.target(list.elements[r], Type::b32) : a.source(list.elements[r], Type::b32);
}

void loadOrStore(Assembler &a, bool isStore) {
  Transfer how;
  std::string_view which = isStore ? a.takeAny({"d"}) : a.takeAny({"a", "b", "c"});
  int m, n;
  if (which.empty() || !a.take("sync") || !a.take("aligned"))
    a.fail("needs a matrix and .sync.aligned");
  std::string_view order = a.takeAny({"row", "col"});
  takeShape(a, m, n);
  how.columnMajor = order == "col";
  how.access.space = takeSpace(a);
  how.fragment.type = a.needType({Type::f16, Type::bf16, Type::f32});
  how.fragment.rows = which == "b" ? 16 : m;
  how.fragment.columns = which == "a" ? 16 : n;
  how.access.bytes = static_cast<uint8_t>(bytesOf(how.fragment.type));
  how.access.isStore = isStore;
  a.check(a.count() == 3 ? 3 : 2);
  setPlace(a, how.access, a.operand(isStore ? 0 : 1));
  setRegisters(a, a.operand(isStore ? 1 : 0), how.fragment, !isStore, which == "a" || which == "b");
  how.stride = a.count() == 3 ? a.source(2, Type::u32) : 0;
  how.access.site = a.site(how.access.bytes, isStore);
  Op &op = a.emit(transfer, Op::sync);
  op.aligned = true;
  a.extra<Transfer>(op) = how;
}

void product(Assembler &a) {
  Product p;
  int m, n;
  if (!a.take("sync") || !a.take("aligned"))
    a.fail("needs .sync.aligned");
  for (int i = 0; i < 2; ++i)
    if (a.takeAny({"row", "col"}).empty())
      a.fail("needs the layouts of A and B"); // fragments lie the same way in either
  takeShape(a, m, n);
  bool isBf16 = false;
  p.d.type = a.needType({Type::f16, Type::f32});
  Type second = a.needType({Type::f16, Type::f32, Type::bf16});
  if (second == Type::bf16) {
    isBf16 = a.needType({Type::bf16}) == Type::bf16;
    second = a.needType({Type::f32});
  }
  p.c.type = second;
  p.a.type = p.b.type = isBf16 ? Type::bf16 : Type::f16;
  p.a.rows = p.c.rows = p.d.rows = m;
  p.b.columns = p.c.columns = p.d.columns = n;
  a.check(4);
  setRegisters(a, a.operand(1), p.a, false, true);
  setRegisters(a, a.operand(2), p.b, false, true);
  setRegisters(a, a.operand(3), p.c, false, false);
  setRegisters(a, a.operand(0), p.d, true, false);
  Op &op = a.emit(multiply, Op::sync);
  op.aligned = true;
  a.extra<Product>(op) = p;
}
} // namespace

void addWmma(Families &families) {
  families["wmma"] = [](Assembler &a) {
    std::string_view what = a.takeAny({"load", "mma", "store"});
    if (what.empty())
      a.fail("an operation that this machine does not know");
    what == "mma" ? product(a) : loadOrStore(a, what == "store");
  };
}

} // namespace adze::ptx
