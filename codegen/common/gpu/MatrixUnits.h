// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Units that multiply small matrices which the lanes of a warp hold together: the machine's table of them, and what
// follows from an entry. Nothing here knows a vendor: an entry says which elements a lane holds.
#pragma once
#include "mlir/IR/AffineMap.h"
#include "mlir/IR/BuiltinAttributes.h"
#include "mlir/IR/BuiltinTypes.h"
#include <optional>
#include <string>

namespace adze::gpu {

/// The elements of one matrix that each lane holds, in their order.
struct Fragment {
  mlir::Type type;        ///< of an element; ints say by their sign how they are read (signless: signed)
  int64_t elements = 0;   ///< of a lane
  mlir::AffineMap places; ///< (lane, element) -> (row, column) of the matrix
  mlir::Type memory = {}; ///< of an element in memory, where that is not `type`
};

/// c[rows x columns] += a[rows x depth] * b[depth x columns]. A unit of several `terms` takes f32 from memory, of which
/// each is the sum of so many numbers of the fragments' type, and is used once for each product of them that counts.
struct MatrixUnit {
  std::string name; ///< as kernel.multiply_fragments says it: "f16.m16n8k16"
  int64_t rows = 0, columns = 0, depth = 0;
  Fragment a, b, c;
  int64_t terms = 1;
  std::string allow = {}; ///< the word by which a user allows it; empty: it is exact

  mlir::DictionaryAttr write(mlir::MLIRContext &context) const;
  /// What `write` made; nothing if it is of another form.
  static std::optional<MatrixUnit> read(mlir::DictionaryAttr from);
};

/// The type of an element of a fragment in memory: f32 for tf32, and where `memory` says so.
mlir::Type memoryType(const Fragment &fragment);

/// The fragment of the transposed matrix, whose lanes hold the same elements.
Fragment transposed(const Fragment &fragment);

/// Row and column of an element of a fragment.
std::pair<int64_t, int64_t> placeOf(const Fragment &fragment, int64_t lane, int64_t element);

/// Elements from `element` on, `most` of them, that are neighbours in a row in all lanes, from a column on that they
/// divide: a power of two.
int64_t runFrom(const Fragment &fragment, int64_t lanes, int64_t element, int64_t most);

/// That of two matrices whose columns alternate: an element of the one, then the same of the other.
Fragment interleaved(const Fragment &fragment);

/// A matrix of 8 rows of 16 bytes within a fragment's, by its first row and column.
struct Origin {
  int64_t row, column;
};
/// The matrices that kernel.load_fragment brings, for a fragment whose rows (with `transposed`: the columns of each of
/// the matrices' rows) lie in rows of shared memory; nothing if the fragment is of another form.
std::optional<llvm::SmallVector<Origin>> matricesOf(const Fragment &fragment, int64_t lanes, bool transposed);

/// How the lanes hold the rows of a fragment together.
struct RowShares {
  llvm::SmallVector<int64_t> rowOf;  ///< by element: which of the lane's rows it lies in
  llvm::SmallVector<int64_t> firsts; ///< the first element of each of the lane's rows
  int64_t lanes = 0;                 ///< the bits in which the numbers of lanes of one row differ
};
/// Nothing if an element's row is shared with another element in some lanes only, or if lanes that have elements of a
/// row are no whole subcube of the warp.
std::optional<RowShares> rowShares(const Fragment &fragment, int64_t lanes);

/// Where a lane has an element already: in which of the fragments side by side, and which element of it.
struct Source {
  int64_t fragment, element;
};
/// For each element of A, where the same lane has it in C's of a result that is as deep as A: with them the result of
/// one product is the left side of the next. Nothing if some lane has it not.
std::optional<llvm::SmallVector<Source>> sourcesOfA(const MatrixUnit &unit, int64_t lanes);

} // namespace adze::gpu
