// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Elementwise float expressions in normal form, so that all ways to write one function are equal.
#pragma once
#include "dialects/core/Core.h"
#include <map>

namespace adze {

/// The rank of a tensor whose rank is known.
inline int64_t rankOf(mlir::Value v) { return mlir::cast<mlir::RankedTensorType>(v.getType()).getRank(); }

/// The number in a float constant of one element and of rank `rank` at most, which changes no shape of that rank.
std::optional<double> scalarConstant(mlir::Value v, int64_t rank);

/// What `v` was before conversions from float to float.
mlir::Value withoutCasts(mlir::Value v);

/// The input of the op of this kind that makes `v`, or null.
mlir::Value inputOf(mlir::Value v, core::UnaryKind kind);

/// The op of this kind that makes `v`, or null.
core::BinaryOp binaryOf(mlir::Value v, core::BinaryKind kind);

/// What `v` is the square of, or null. Casts are looked through.
mlir::Value squareRootOf(mlir::Value v);

/// A sum of products of atoms, each product with its coefficient.
struct Polynomial {
  /// Sorted numbers of atoms; a number twice is a square.
  using Product = llvm::SmallVector<unsigned, 4>;
  std::map<Product, double> terms;

  static Polynomial number(double value);
  static Polynomial atom(unsigned number);
  /// Equal but for the rounding of constants, relative to each coefficient.
  bool isNear(const Polynomial &other, double tolerance) const;
};

Polynomial operator+(const Polynomial &a, const Polynomial &b);
Polynomial operator-(const Polynomial &a, const Polynomial &b);
Polynomial operator*(const Polynomial &a, const Polynomial &b);

/// Reads values of one rank as polynomials: it looks into sums, products, negations, quotients, small powers and casts
/// between floats, down to its atoms. What it cannot look into becomes an atom; so does one over a divisor.
class Expression {
public:
  struct Atom {
    mlir::Value value;
    bool reciprocal; ///< the atom is 1 / value
  };

  /// `atoms` are atoms 0, 1, ... and are not looked into.
  Expression(int64_t rank, llvm::ArrayRef<Atom> atoms) : rank(rank), known(atoms.begin(), atoms.end()) {}
  Expression(int64_t rank, mlir::ValueRange atoms) : rank(rank) {
    for (mlir::Value v : atoms)
      known.push_back({v, false});
  }

  /// Nothing if the expression is too large to be one that is looked for.
  std::optional<Polynomial> of(mlir::Value v);
  /// The given atoms and those found.
  llvm::ArrayRef<Atom> atoms() const { return known; }

private:
  Polynomial atom(mlir::Value v, bool reciprocal);
  std::optional<Polynomial> ofOp(core::BinaryOp op);
  std::optional<Polynomial> power(const Polynomial &base, double exponent);

  int64_t rank;
  llvm::SmallVector<Atom> known;
  int64_t visits = 0;
};

/// The values that `v` is made of through ops that Expression looks into, `v` first; only the nearest of a large
/// expression.
llvm::SmallVector<mlir::Value> partsOf(mlir::Value v);

/// How far constants of this element type may be from the exact ones.
double constantTolerance(mlir::Type elementType);

} // namespace adze
