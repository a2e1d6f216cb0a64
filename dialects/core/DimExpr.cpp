// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "dialects/core/DimExpr.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "llvm/Support/MathExtras.h"
#include "llvm/Support/raw_ostream.h"

using namespace mlir;
using namespace adze::core;

namespace {
int64_t wrapAdd(int64_t a, int64_t b) { return int64_t(uint64_t(a) + uint64_t(b)); }
int64_t wrapMul(int64_t a, int64_t b) { return int64_t(uint64_t(a) * uint64_t(b)); }

void addTerm(DimExpr &e, const DimExpr::Product &product, int64_t coefficient) {
  auto [it, isNew] = e.terms.try_emplace(product, 0);
  it->second = wrapAdd(it->second, coefficient);
  if (it->second == 0)
    e.terms.erase(it);
}

/// product / divisor, where the divisor's atoms are among the product's.
std::optional<DimExpr::Product> divide(DimExpr::Product product, const DimExpr::Product &divisor) {
  for (AtomId atom : divisor) {
    auto *it = llvm::find(product, atom);
    if (it == product.end())
      return std::nullopt;
    product.erase(it);
  }
  return product;
}
} // namespace

DimExpr::DimExpr(int64_t value) {
  if (value)
    terms[{}] = value;
}

DimExpr DimExpr::atom(AtomId atom) {
  DimExpr e;
  e.terms[{atom}] = 1;
  return e;
}

std::optional<int64_t> DimExpr::constant() const {
  if (terms.empty())
    return 0;
  if (terms.size() == 1 && terms.begin()->first.empty())
    return terms.begin()->second;
  return std::nullopt;
}

std::optional<AtomId> DimExpr::singleAtom() const {
  if (terms.size() == 1 && terms.begin()->first.size() == 1 && terms.begin()->second == 1)
    return terms.begin()->first.front();
  return std::nullopt;
}

namespace adze::core {
DimExpr operator+(const DimExpr &a, const DimExpr &b) {
  DimExpr sum = a;
  for (auto &[product, coefficient] : b.terms)
    addTerm(sum, product, coefficient);
  return sum;
}

DimExpr operator-(const DimExpr &a, const DimExpr &b) { return a + b * DimExpr(-1); }

DimExpr operator*(const DimExpr &a, const DimExpr &b) {
  DimExpr out;
  for (auto &[pa, ca] : a.terms)
    for (auto &[pb, cb] : b.terms) {
      DimExpr::Product product(pa);
      product.append(pb.begin(), pb.end());
      llvm::sort(product);
      addTerm(out, product, wrapMul(ca, cb));
    }
  return out;
}
} // namespace adze::core

DimExpr DimContext::named(StringRef name, Value tensor, int dim) {
  auto [it, isNew] = byName.try_emplace(name.str(), atoms.size());
  if (isNew)
    atoms.push_back({Kind::Symbol, tensor, dim, name.str()});
  return DimExpr::atom(it->second);
}

DimExpr DimContext::symbol(Value value, bool nonNegative) {
  auto [it, isNew] = byValue.try_emplace(value, atoms.size());
  if (isNew)
    atoms.push_back({Kind::Symbol, value, -1, "", {}, {}, nonNegative});
  return DimExpr::atom(it->second);
}

DimExpr DimContext::fresh(Value tensor, int dim) {
  atoms.push_back({Kind::Symbol, tensor, dim});
  return DimExpr::atom(atoms.size() - 1);
}

DimExpr DimContext::intern(Kind kind, const DimExpr &a, const DimExpr &b) {
  auto [it, isNew] = byOperands.try_emplace({kind, a, b}, atoms.size());
  if (isNew) {
    bool nonNegative = false;
    bool aBounded = lowerBound(a).value_or(-1) >= 0, bBounded = lowerBound(b).value_or(-1) >= 0;
    if (kind == Kind::Max)
      nonNegative = aBounded || bBounded;
    else
      nonNegative = aBounded && bBounded;
    atoms.push_back({kind, {}, -1, "", a, b, nonNegative, 1 + std::max(depthOf(a), depthOf(b))});
  }
  return DimExpr::atom(it->second);
}

DimExpr DimContext::floorDiv(const DimExpr &a, const DimExpr &b) {
  auto ca = a.constant(), cb = b.constant();
  if (cb == 1)
    return a;
  if (cb == -1)
    return a * DimExpr(-1);
  if (ca && cb && *cb != 0)
    return llvm::divideFloorSigned(*ca, *cb);
  if (ca == 0)
    return 0;
  if (a == b)
    return 1;
  if (b.terms.size() != 1 || b.terms.begin()->second <= 0)
    return intern(Kind::FloorDiv, a, b);
  // Split a = b * quotient + rest, term by term; (b * q + r) floordiv b = q + r floordiv b. What a constant divisor
  // leaves of a coefficient is in [0, divisor), so that n + 1 and n - 1 by 2 have the same rest.
  auto &[divisor, divisorCoefficient] = *b.terms.begin();
  DimExpr quotient, rest;
  for (auto &[product, coefficient] : a.terms) {
    auto left = divide(product, divisor);
    int64_t times = 0;
    if (left && divisor.empty())
      times = llvm::divideFloorSigned(coefficient, divisorCoefficient);
    else if (left && coefficient % divisorCoefficient == 0)
      times = coefficient / divisorCoefficient;
    if (times)
      addTerm(quotient, *left, times);
    if (int64_t over = wrapAdd(coefficient, wrapMul(wrapMul(times, divisorCoefficient), -1)))
      addTerm(rest, product, over);
  }
  if (rest.terms.empty())
    return quotient;
  if (auto cr = rest.constant(); cr && cb)
    return quotient + DimExpr(llvm::divideFloorSigned(*cr, *cb));
  return quotient + intern(Kind::FloorDiv, rest, b);
}

DimExpr DimContext::ceilDiv(const DimExpr &a, const DimExpr &b) {
  if (b.constant().value_or(0) > 0)
    return floorDiv(a + b - DimExpr(1), b);
  DimExpr down = floorDiv(a, b);
  if (down * b == a)
    return down;
  return intern(Kind::CeilDiv, a, b);
}

DimExpr DimContext::max(const DimExpr &a, const DimExpr &b) {
  if (knownGreaterEqual(a, b))
    return a;
  if (knownGreaterEqual(b, a))
    return b;
  return a < b ? intern(Kind::Max, a, b) : intern(Kind::Max, b, a);
}

DimExpr DimContext::min(const DimExpr &a, const DimExpr &b) {
  if (knownGreaterEqual(a, b))
    return b;
  if (knownGreaterEqual(b, a))
    return a;
  return a < b ? intern(Kind::Min, a, b) : intern(Kind::Min, b, a);
}

/// True if `b` is the smaller of `a` and a positive constant.
static bool isCut(const DimContext &dims, const DimExpr &a, const DimExpr &b) {
  auto id = b.singleAtom();
  if (!id || dims.atom(*id).kind != DimContext::Kind::Min)
    return false;
  const DimContext::Atom &min = dims.atom(*id);
  auto isPositive = [](const DimExpr &e) { return e.constant().value_or(0) > 0; };
  return (min.a == a && isPositive(min.b)) || (min.b == a && isPositive(min.a));
}

DimExpr DimContext::broadcast(const DimExpr &a, const DimExpr &b) {
  if (a == b || b.isConstant(1))
    return a;
  if (a.isConstant(1))
    return b;
  // A constant other than 1 decides: the other side is 1 or equal to it.
  if (a.constant())
    return a;
  if (b.constant())
    return b;
  // min(n, c) meets n: equal, or one is 1. Where min(n, c) is 1 the result is n, where n is 1 so is min(n, c).
  if (isCut(*this, a, b))
    return a;
  if (isCut(*this, b, a))
    return b;
  return a < b ? intern(Kind::Broadcast, a, b) : intern(Kind::Broadcast, b, a);
}

std::optional<int64_t> DimContext::lowerBound(const DimExpr &e) const {
  int64_t bound = 0;
  for (auto &[product, coefficient] : e.terms) {
    if (product.empty()) {
      bound = coefficient;
      continue;
    }
    if (coefficient < 0)
      return std::nullopt;
    for (AtomId id : product)
      if (!atoms[id].nonNegative)
        return std::nullopt;
  }
  return bound;
}

bool DimContext::knownGreaterEqual(const DimExpr &a, const DimExpr &b, unsigned depth) const {
  if (lowerBound(a - b).value_or(-1) >= 0)
    return true;
  if (depth == 0)
    return false;
  auto least = [&](const DimExpr &x, const DimExpr &y) { return knownGreaterEqual(x, y, depth - 1); };
  auto operation = [&](const DimExpr &e) -> const Atom * {
    auto id = e.singleAtom();
    return id ? &atoms[*id] : nullptr;
  };
  if (const Atom *at = operation(b)) {
    if (at->kind == Kind::Min)
      return least(a, at->a) || least(a, at->b);
    if (at->kind == Kind::Max)
      return least(a, at->a) && least(a, at->b);
  }
  if (const Atom *at = operation(a)) {
    if (at->kind == Kind::Min)
      return least(at->a, b) && least(at->b, b);
    if (at->kind == Kind::Max)
      return least(at->a, b) || least(at->b, b);
  }
  return false;
}

bool DimContext::isLarge(const DimExpr &e) const {
  constexpr unsigned kMost = 8;
  return e.terms.size() > kMost || depthOf(e) > kMost ||
         llvm::any_of(e.terms, [](auto &term) { return term.first.size() > kMost; });
}

unsigned DimContext::depthOf(const DimExpr &e) const {
  unsigned depth = 0;
  for (auto &[product, coefficient] : e.terms)
    for (AtomId id : product)
      depth = std::max(depth, atoms[id].depth);
  return depth;
}

std::string DimContext::str(const DimExpr &e) const {
  if (e.terms.empty())
    return "0";
  std::string text;
  llvm::raw_string_ostream os(text);
  bool first = true;
  for (auto &[product, coefficient] : e.terms) {
    if (!first)
      os << " + ";
    first = false;
    if (coefficient != 1 || product.empty())
      os << coefficient << (product.empty() ? "" : "*");
    llvm::interleave(
        product, os,
        [&](AtomId id) {
          const Atom &at = atoms[id];
          const char *names[] = {"", "floordiv", "ceildiv", "max", "min", "broadcast"};
          if (at.kind != Kind::Symbol)
            os << names[int(at.kind)] << "(" << str(at.a) << ", " << str(at.b) << ")";
          else if (!at.name.empty())
            os << at.name;
          else
            os << "s" << id;
        },
        "*");
  }
  return text;
}

namespace {
/// Emits the arithmetic of one expression; each atom once.
class Materializer {
public:
  Materializer(OpBuilder &b, Location loc, const DimContext &dims, function_ref<Value(AtomId)> symbolValue)
      : b(b), loc(loc), dims(dims), symbolValue(symbolValue) {}

  Value value(const DimExpr &e) {
    Value sum;
    for (auto &[product, coefficient] : e.terms) {
      Value term;
      for (AtomId id : product) {
        Value v = atom(id);
        term = term ? arith::MulIOp::create(b, loc, term, v).getResult() : v;
      }
      if (!term)
        term = constant(coefficient);
      else if (coefficient != 1)
        term = arith::MulIOp::create(b, loc, term, constant(coefficient));
      sum = sum ? arith::AddIOp::create(b, loc, sum, term).getResult() : term;
    }
    return sum ? sum : constant(0);
  }

private:
  Value atom(AtomId id) {
    if (Value known = atoms.lookup(id))
      return known;
    const DimContext::Atom &at = dims.atom(id);
    Value v = at.kind == DimContext::Kind::Symbol ? symbolValue(id) : operation(at.kind, value(at.a), value(at.b));
    return atoms[id] = v;
  }

  Value operation(DimContext::Kind kind, Value x, Value y) {
    switch (kind) {
    case DimContext::Kind::FloorDiv:
    case DimContext::Kind::CeilDiv: {
      // A zero divisor comes only with a zero dividend, from empty tensors; the quotient is then never used for more
      // than a size.
      Value safe = arith::MaxSIOp::create(b, loc, y, constant(1));
      if (kind == DimContext::Kind::CeilDiv)
        return arith::CeilDivSIOp::create(b, loc, x, safe);
      return arith::FloorDivSIOp::create(b, loc, x, safe);
    }
    case DimContext::Kind::Max:
      return arith::MaxSIOp::create(b, loc, x, y);
    case DimContext::Kind::Min:
      return arith::MinSIOp::create(b, loc, x, y);
    default: {
      Value isOne = arith::CmpIOp::create(b, loc, arith::CmpIPredicate::eq, x, constant(1));
      return arith::SelectOp::create(b, loc, isOne, y, x);
    }
    }
  }

  Value constant(int64_t v) { return arith::ConstantIndexOp::create(b, loc, v); }

  OpBuilder &b;
  Location loc;
  const DimContext &dims;
  function_ref<Value(AtomId)> symbolValue;
  llvm::DenseMap<AtomId, Value> atoms;
};
} // namespace

Value adze::core::materialize(OpBuilder &builder, Location loc, const DimContext &dims, const DimExpr &e,
                              function_ref<Value(AtomId)> symbolValue) {
  return Materializer(builder, loc, dims, symbolValue).value(e);
}

Value adze::core::materialize(OpBuilder &builder, Location loc, const DimContext &dims, const DimExpr &e) {
  return materialize(builder, loc, dims, e, [&](AtomId id) -> Value {
    const DimContext::Atom &atom = dims.atom(id);
    if (atom.dim >= 0)
      return tensor::DimOp::create(builder, loc, atom.value, atom.dim);
    return builder.createOrFold<arith::IndexCastOp>(loc, builder.getIndexType(), atom.value);
  });
}
