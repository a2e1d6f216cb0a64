// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Symbolic sizes: polynomials over atoms in normal form. Two sizes are equal when their normal forms are.
#pragma once
#include "mlir/IR/Builders.h"
#include "mlir/IR/Value.h"
#include "llvm/ADT/DenseMap.h"
#include "llvm/ADT/SmallVector.h"
#include <map>
#include <optional>
#include <vector>

namespace adze::core {

/// Number of an atom in its DimContext: a symbol or an operation that a polynomial cannot express.
using AtomId = unsigned;

/// A polynomial with integer coefficients over the atoms of one DimContext: a sum of terms, each a coefficient and a
/// sorted product of atoms, sorted by product, without zero coefficients. Values of it are compared, copied and stored
/// freely.
class DimExpr {
public:
  using Product = llvm::SmallVector<AtomId, 2>;

  /// The constant `value`.
  DimExpr(int64_t value = 0);
  /// The atom `atom`.
  static DimExpr atom(AtomId atom);

  /// The value, where the expression is a constant.
  std::optional<int64_t> constant() const;
  bool isConstant(int64_t value) const { return constant() == value; }
  /// The atom, where the expression is just one atom.
  std::optional<AtomId> singleAtom() const;

  bool operator==(const DimExpr &other) const { return terms == other.terms; }
  bool operator!=(const DimExpr &other) const { return !(*this == other); }
  bool operator<(const DimExpr &other) const { return terms < other.terms; }

  friend DimExpr operator+(const DimExpr &a, const DimExpr &b);
  friend DimExpr operator-(const DimExpr &a, const DimExpr &b);
  friend DimExpr operator*(const DimExpr &a, const DimExpr &b);

  /// Product of atoms -> coefficient. Overflowing coefficients wrap, and are caught where sizes are checked at run
  /// time.
  std::map<Product, int64_t> terms;
};

/// Owns the atoms that DimExprs refer to. One per function that is analysed.
class DimContext {
public:
  enum class Kind { Symbol, FloorDiv, CeilDiv, Max, Min, Broadcast };
  struct Atom {
    Kind kind;
    mlir::Value value; ///< Symbol: the index value, or the tensor whose size `dim` it stands for; null if made by hand
    int dim = -1;      ///< Symbol: the dimension of `value`, or -1 where `value` is the index itself
    std::string name = {};   ///< Symbol: its name, may be empty
    DimExpr a = {}, b = {};  ///< the operands of the other kinds
    bool nonNegative = true; ///< a size rather than an arbitrary number
    unsigned depth = 0;      ///< operations one within the other
  };

  /// The symbol of this name, first met as size `dim` of `tensor`; the same name gives the same symbol. It is a size
  /// (not negative).
  DimExpr named(llvm::StringRef name, mlir::Value tensor = {}, int dim = -1);
  /// The symbol that stands for an index value; the same value gives the same symbol.
  DimExpr symbol(mlir::Value value, bool nonNegative);
  /// A symbol equal to no other: size `dim` of `tensor`.
  DimExpr fresh(mlir::Value tensor, int dim);

  /// a floordiv b, exact where b divides each term: (b*t) floordiv b = t. The divisor is taken to be positive.
  DimExpr floorDiv(const DimExpr &a, const DimExpr &b);
  /// a ceildiv b, likewise.
  DimExpr ceilDiv(const DimExpr &a, const DimExpr &b);
  /// Remainder of the floor division.
  DimExpr mod(const DimExpr &a, const DimExpr &b) { return a - b * floorDiv(a, b); }
  DimExpr max(const DimExpr &a, const DimExpr &b);
  DimExpr min(const DimExpr &a, const DimExpr &b);
  /// The size that sizes a and b broadcast to: the other one where one of them is 1.
  DimExpr broadcast(const DimExpr &a, const DimExpr &b);

  /// A lower bound on the value, from coefficients and the signs of atoms.
  std::optional<int64_t> lowerBound(const DimExpr &e) const;
  /// True if a >= b for all values of the symbols, as far as bounds tell.
  bool knownGreaterEqual(const DimExpr &a, const DimExpr &b) const { return knownGreaterEqual(a, b, /*depth=*/4); }

  /// True for an expression that is better left as the value that it describes: arithmetic on ever larger ones would
  /// not end.
  bool isLarge(const DimExpr &e) const;

  const Atom &atom(AtomId id) const { return atoms[id]; }
  /// The expression as text, symbols by name or as s<id>; for messages and tests.
  std::string str(const DimExpr &e) const;

private:
  /// Looks through `depth` levels of min and max.
  bool knownGreaterEqual(const DimExpr &a, const DimExpr &b, unsigned depth) const;
  unsigned depthOf(const DimExpr &e) const;
  DimExpr intern(Kind kind, const DimExpr &a, const DimExpr &b);
  std::vector<Atom> atoms;
  llvm::DenseMap<mlir::Value, AtomId> byValue;
  std::map<std::string, AtomId> byName;
  std::map<std::tuple<Kind, DimExpr, DimExpr>, AtomId> byOperands;
};

/// Emits index arithmetic that computes `e`, atoms by `atomValue` (which must give a value for each symbol).
mlir::Value materialize(mlir::OpBuilder &builder, mlir::Location loc, const DimContext &dims, const DimExpr &e,
                        llvm::function_ref<mlir::Value(AtomId)> symbolValue);
/// The same with the values that the symbols stand for.
mlir::Value materialize(mlir::OpBuilder &builder, mlir::Location loc, const DimContext &dims, const DimExpr &e);

} // namespace adze::core
