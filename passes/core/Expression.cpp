// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "passes/core/Expression.h"
#include "llvm/ADT/SetVector.h"
#include <cmath>

using namespace mlir;
using namespace adze;
using namespace adze::core;

std::optional<double> adze::scalarConstant(Value v, int64_t rank) {
  auto constant = v.getDefiningOp<ConstantOp>();
  auto type = cast<RankedTensorType>(v.getType());
  if (!constant || type.getRank() > rank || !isa<FloatType>(type.getElementType()) || type.getNumElements() != 1)
    return std::nullopt;
  auto elements = dyn_cast<DenseElementsAttr>(constant.getValue());
  if (!elements)
    return std::nullopt;
  APFloat value = *elements.getValues<APFloat>().begin();
  bool losesInfo;
  value.convert(APFloat::IEEEdouble(), APFloat::rmNearestTiesToEven, &losesInfo);
  return value.convertToDouble();
}

static bool isFloat(Value v) { return isa<FloatType>(getElementTypeOrSelf(v)); }

/// The input of a conversion from float to float that makes `v`, or null.
static Value castInput(Value v) {
  auto cast = v.getDefiningOp<CastOp>();
  return cast && isFloat(cast.getInput()) && isFloat(v) ? cast.getInput() : Value();
}

Value adze::withoutCasts(Value v) {
  while (Value input = castInput(v))
    v = input;
  return v;
}

Value adze::inputOf(Value v, UnaryKind kind) {
  auto op = v.getDefiningOp<UnaryOp>();
  return op && op.getKind() == kind ? op.getInput() : Value();
}

BinaryOp adze::binaryOf(Value v, BinaryKind kind) {
  auto op = v.getDefiningOp<BinaryOp>();
  return op && op.getKind() == kind ? op : BinaryOp();
}

Value adze::squareRootOf(Value v) {
  v = withoutCasts(v);
  if (auto product = binaryOf(v, BinaryKind::mul); product && product.getLhs() == product.getRhs())
    return product.getLhs();
  auto power = binaryOf(v, BinaryKind::pow);
  int64_t rank = cast<RankedTensorType>(v.getType()).getRank();
  return power && scalarConstant(power.getRhs(), rank) == 2.0 ? power.getLhs() : Value();
}

double adze::constantTolerance(Type elementType) {
  return elementType.isF16() ? 1e-3 : elementType.isBF16() ? 8e-3 : 1e-5;
}

//===- polynomials
//-------------------------------------------------------------------------------------------------===//

Polynomial Polynomial::number(double value) {
  Polynomial p;
  if (value != 0)
    p.terms[{}] = value;
  return p;
}

Polynomial Polynomial::atom(unsigned number) {
  Polynomial p;
  p.terms[{number}] = 1;
  return p;
}

bool Polynomial::isNear(const Polynomial &other, double tolerance) const {
  if (terms.size() != other.terms.size())
    return false;
  for (auto [x, y] : llvm::zip(terms, other.terms))
    if (x.first != y.first || !(std::fabs(x.second - y.second) <= tolerance * std::fabs(y.second)))
      return false;
  return true;
}

static Polynomial combine(const Polynomial &a, const Polynomial &b, double sign) {
  Polynomial out = a;
  for (auto &[product, coefficient] : b.terms)
    if ((out.terms[product] += sign * coefficient) == 0)
      out.terms.erase(product);
  return out;
}

Polynomial adze::operator+(const Polynomial &a, const Polynomial &b) { return combine(a, b, 1); }
Polynomial adze::operator-(const Polynomial &a, const Polynomial &b) { return combine(a, b, -1); }

Polynomial adze::operator*(const Polynomial &a, const Polynomial &b) {
  Polynomial out;
  for (auto &[x, p] : a.terms)
    for (auto &[y, q] : b.terms) {
      Polynomial::Product both(x);
      both.append(y.begin(), y.end());
      llvm::sort(both);
      if ((out.terms[both] += p * q) == 0)
        out.terms.erase(both);
    }
  return out;
}

//===- expressions
//-------------------------------------------------------------------------------------------------===//

static constexpr int64_t kLargest = 48;

static bool isSmall(const Polynomial &p) {
  return p.terms.size() <= 12 && llvm::all_of(p.terms, [](auto &term) { return term.first.size() <= 6; });
}

Polynomial Expression::atom(Value v, bool reciprocal) {
  auto *it = llvm::find_if(known, [&](const Atom &a) { return a.value == v && a.reciprocal == reciprocal; });
  unsigned number = it - known.begin();
  if (it == known.end())
    known.push_back({v, reciprocal});
  return Polynomial::atom(number);
}

std::optional<Polynomial> Expression::power(const Polynomial &base, double exponent) {
  if (exponent != 1 && exponent != 2 && exponent != 3 && exponent != 4)
    return std::nullopt;
  Polynomial out = base;
  for (int i = 1; i < int(exponent); ++i) {
    if (out.terms.size() * base.terms.size() > 64)
      return std::nullopt;
    out = out * base;
  }
  return out;
}

std::optional<Polynomial> Expression::ofOp(BinaryOp op) {
  Value x = op.getLhs(), y = op.getRhs();
  switch (op.getKind()) {
  case BinaryKind::div:
    if (auto divisor = scalarConstant(y, rank)) {
      auto dividend = of(x);
      return dividend && *divisor != 0 ? std::optional(*dividend * Polynomial::number(1 / *divisor)) : std::nullopt;
    } else if (auto dividend = of(x)) {
      return *dividend * atom(withoutCasts(y), /*reciprocal=*/true);
    }
    return std::nullopt;
  case BinaryKind::pow: {
    auto exponent = scalarConstant(y, rank);
    if (!exponent || (*exponent != 2 && *exponent != 3 && *exponent != 4))
      return atom(op.getResult(), false);
    auto base = of(x);
    return base ? power(*base, *exponent) : std::nullopt;
  }
  case BinaryKind::add:
  case BinaryKind::sub:
  case BinaryKind::mul: {
    auto a = of(x), b = of(y);
    if (!a || !b)
      return std::nullopt;
    return op.getKind() == BinaryKind::add ? *a + *b : op.getKind() == BinaryKind::sub ? *a - *b : *a * *b;
  }
  default:
    return atom(op.getResult(), false);
  }
}

std::optional<Polynomial> Expression::of(Value v) {
  if (++visits > kLargest)
    return std::nullopt;
  for (auto [i, known] : llvm::enumerate(known))
    if (known.value == v && !known.reciprocal)
      return Polynomial::atom(i);
  if (auto constant = scalarConstant(v, rank))
    return Polynomial::number(*constant);
  if (Value input = castInput(v))
    return of(input);
  std::optional<Polynomial> out;
  if (auto op = v.getDefiningOp<BinaryOp>(); op && isFloat(v)) {
    out = ofOp(op);
  } else if (Value input = inputOf(v, UnaryKind::neg)) {
    if ((out = of(input)))
      out = Polynomial() - *out;
  } else if (Value input = inputOf(v, UnaryKind::reciprocal)) {
    out = atom(withoutCasts(input), /*reciprocal=*/true);
  } else {
    out = atom(v, false);
  }
  return out && isSmall(*out) ? out : std::nullopt;
}

SmallVector<Value> adze::partsOf(Value v) {
  llvm::SetVector<Value> parts;
  parts.insert(v);
  for (size_t i = 0; i < parts.size() && parts.size() < size_t(kLargest); ++i) {
    Operation *op = parts[i].getDefiningOp();
    auto unary = dyn_cast_if_present<UnaryOp>(op);
    auto binary = dyn_cast_if_present<BinaryOp>(op);
    constexpr BinaryKind sees[] = {BinaryKind::add, BinaryKind::sub, BinaryKind::mul, BinaryKind::div, BinaryKind::pow};
    constexpr UnaryKind seesToo[] = {UnaryKind::neg, UnaryKind::reciprocal};
    if (Value input = castInput(parts[i]))
      parts.insert(input);
    else if ((unary && llvm::is_contained(seesToo, unary.getKind())) ||
             (binary && llvm::is_contained(sees, binary.getKind())))
      parts.insert(op->operand_begin(), op->operand_end());
  }
  return parts.takeVector();
}
