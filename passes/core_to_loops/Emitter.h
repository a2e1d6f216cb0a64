// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Emits the body of one kernel: loops, loads, stores and arithmetic on scalars or on vectors of lanes. An op is asked
// for its element at given coordinates; it asks its operands in turn, so a tree of ops becomes one expression.
#pragma once
#include "dialects/core/Core.h"
#include "dialects/kernel/Kernel.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"

namespace adze {

/// One coordinate: the index `base`, or, with `lane`, base + 0, base + 1, ... for the lanes of a vector. At most one
/// coordinate of a tuple has lanes.
struct Coord {
  mlir::Value base;
  bool lane = false;
  bool operator==(const Coord &other) const { return base == other.base && lane == other.lane; }
  bool operator<(const Coord &other) const {
    return std::make_pair(base.getAsOpaquePointer(), lane) <
           std::make_pair(other.base.getAsOpaquePointer(), other.lane);
  }
};
using Coords = llvm::SmallVector<Coord>;

/// The element type of a buffer in memory: signless, whole bytes (i1, sub-byte types and 8-bit floats are i8).
mlir::Type storageType(mlir::Type element);
/// The type of an element in hand: that of storage, but i1 for i1.
mlir::Type valueType(mlir::Type element);

/// The number of elements of a tensor of these sizes.
core::DimExpr product(llvm::ArrayRef<core::DimExpr> sizes);

class Emitter {
public:
  using Value = mlir::Value;
  using Values = llvm::SmallVector<Value>;

  /// Emits at `b`, whose block is the entry of the function; `kernel` is what is emitted.
  Emitter(mlir::OpBuilder b, kernel::FuncOp kernel, core::DimAnalysis &dims);

  mlir::OpBuilder b;
  mlir::Location loc;
  core::DimAnalysis &dims;
  /// Lanes of a vector; 1: everything is scalar.
  int64_t width = 1;
  /// How coordinates are given to ops: one a dimension; or one linear index for all of them; or one for all but the
  /// last, and the last. The collapsed forms serve trees of elementwise ops whose operands have the kernel's shape, or
  /// are broadcast along the collapsed dimensions as a whole.
  enum class Form { Full, Flat, Rows };
  Form form = Form::Full;
  /// Bytes of a vector register, for picking widths of inner loops; 0: scalar code only.
  int64_t vectorBytes = 0;
  /// Number of vector registers.
  int64_t vectorRegisters = 16;

  // ---- what the function gives ----
  llvm::DenseMap<Value, Value> buffers; ///< tensor argument or result value -> flat memref
  llvm::DenseMap<Value, Value> scalars; ///< index argument of the kernel -> index value
  Value site, scratch, error;
  /// Many threads write to `error` at once: it is one word then, in which the greatest of 256 * site + status remains.
  bool sharedError = false;

  // ---- elements ----
  /// Element of a tensor value of the kernel's body: a scalar, or a vector where it depends on lanes. Null after an
  /// error was reported.
  Value element(Value tensor, llvm::ArrayRef<Coord> at);
  /// The same, converted to a `type`. Zero, with `failed` set, after an error.
  Value element(Value tensor, llvm::ArrayRef<Coord> at, mlir::Type type, bool &failed);
  /// Makes `tensor`'s element `value` at these coordinates, in the current scope: an anchor's result, for its epilogue.
  void bind(Value tensor, llvm::ArrayRef<Coord> at, Value value);
  /// Coordinates of an operand that broadcasts to `result`.
  Coords broadcastCoords(Value operand, Value result, llvm::ArrayRef<Coord> at);
  /// The coordinate of a size `from` that broadcasts to `to`.
  Coord broadcastCoord(const core::DimExpr &from, const core::DimExpr &to, Coord at);
  /// True if elements of `tensor` along dimension `dim` can be computed in lanes, without falling back to one at a
  /// time.
  bool vectorizable(Value tensor, int64_t dim);
  /// True if the tree below `tensor`, down to `anchor` (or none), may be run in this collapsed form for results of
  /// `shape`.
  bool fits(Form form, Value tensor, llvm::ArrayRef<core::DimExpr> shape, mlir::Operation *anchor = nullptr);

  // ---- memory ----
  Value load(Value buffer, mlir::Type element, llvm::ArrayRef<Coord> at, llvm::ArrayRef<core::DimExpr> sizes);
  void store(Value value, Value buffer, mlir::Type element, llvm::ArrayRef<Coord> at,
             llvm::ArrayRef<core::DimExpr> sizes);
  /// Row-major position of the coordinates' bases.
  Value linear(llvm::ArrayRef<Coord> at, llvm::ArrayRef<core::DimExpr> sizes);
  /// Elements between neighbours along dimension `dim`.
  core::DimExpr stride(llvm::ArrayRef<core::DimExpr> sizes, unsigned dim);
  /// `count` elements of type `element` in the worker's scratch memory, as a flat memref; grows what the grid function
  /// asks for.
  Value scratchBuffer(mlir::Type element, const core::DimExpr &count);
  const core::DimExpr &scratchBytes() const { return scratchUsed; }

  // ---- scalars and control ----
  Value index(int64_t v);
  /// A size as an index value, computed once at the function's entry.
  Value size(const core::DimExpr &e);
  /// An index operand of a body op as an index value of the function.
  Value scalar(Value index);
  /// An unsigned number as an index.
  Value asIndex(Value x);
  Value addi(Value x, Value y);
  Value subi(Value x, Value y);
  Value muli(Value x, Value y);
  Value divui(Value x, Value y);
  Value divui(Value x, int64_t y) { return divui(x, index(y)); }
  Value remui(Value x, Value y);
  Value remui(Value x, int64_t y) { return remui(x, index(y)); }
  Value cmpi(mlir::arith::CmpIPredicate p, Value x, Value y);
  Value select(Value c, Value x, Value y);
  Value constant(mlir::Type type, double v);
  /// scf.for over [from, to) by `step`; `body` gets the index and the carried values and gives the next ones.
  Values loop(Value from, Value to, Value step, mlir::ValueRange init,
              llvm::function_ref<Values(Value, mlir::ValueRange)> body);
  /// scf.if; both sides give values of `types`.
  Values branch(Value condition, mlir::TypeRange types, llvm::function_ref<Values()> then,
                llvm::function_ref<Values()> otherwise);
  /// scf.if without another side.
  void when(Value condition, llvm::function_ref<void()> body);
  /// Runs `body` for each lane group and for each single index of [from, to): with `width` lanes, then with 1.
  void laneLoop(Value from, Value to, int64_t lanes, llvm::function_ref<void(Coord)> body);
  /// Runs `body` at the coordinates of each number of [begin, end), counted row-major over `sizes`: one loop a
  /// dimension, so that what depends on outer coordinates alone is found outside of the inner loops.
  void gridLoop(Value begin, Value end, llvm::ArrayRef<core::DimExpr> sizes,
                llvm::function_ref<void(llvm::ArrayRef<Coord>)> body);
  /// Splits a linear index into coordinates, row-major.
  Coords delinearize(Value linear, llvm::ArrayRef<core::DimExpr> sizes);
  /// The coordinates after `at`, row-major.
  Coords next(llvm::ArrayRef<Coord> at, llvm::ArrayRef<core::DimExpr> sizes);
  /// Records that the run failed at `op`'s site with a status of the runtime's.
  void fail(int64_t status, mlir::Operation *op);
  /// `index` counted from the end if negative; outside [-size, size) the run fails at `op`'s site and 0 comes out.
  Value checkIndex(Value index, Value size, mlir::Operation *op);

  // ---- values ----
  bool isVector(Value v) { return mlir::isa<mlir::VectorType>(v.getType()); }
  Value splat(Value v, int64_t lanes);
  /// Brings values to one form: all scalars, or all vectors.
  void unify(llvm::MutableArrayRef<Value> values);
  /// A type with the lanes of `like`.
  mlir::Type typeLike(Value like, mlir::Type scalar);
  /// f16, bf16 and 8-bit floats computed in f32; other types as they are.
  Value widen(Value v, mlir::Type element);
  Value narrow(Value v, mlir::Type element);
  /// Conversion of an element between types, as core.cast says.
  Value convert(Value v, mlir::Type from, mlir::Type to, bool saturate);
  /// The integer of `to`, of 16 bits at most, that is nearest to a float of f32 (halves to even), within its bounds.
  Value roundToInteger(Value v, mlir::Type to);
  /// core.unary and core.binary of elements in hand.
  Value unary(core::UnaryKind kind, Value x, mlir::Type element);
  Value binary(core::BinaryKind kind, Value x, Value y, mlir::Type element);
  Value compare(core::ComparePredicate predicate, Value x, Value y, mlir::Type element);
  /// The value that a reduction starts from.
  Value neutral(core::ReduceKind kind, mlir::Type element);
  /// Joins two elements (in the accumulator's type `element`).
  Value join(core::ReduceKind kind, Value x, Value y, mlir::Type element);

  // ---- scopes: what has been emitted where ----
  void pushScope() { scopes.emplace_back(); }
  void popScope() { scopes.pop_back(); }

  template <typename Op, typename... Args> Value create(Args &&...args) {
    return Op::create(b, loc, std::forward<Args>(args)...).getResult();
  }

private:
  using Key = std::pair<void *, Coords>;
  Value lookup(const Key &key);

  /// Coordinates and sizes of a tensor's element in a collapsed form.
  std::pair<Coords, llvm::SmallVector<core::DimExpr>> collapsed(llvm::ArrayRef<core::DimExpr> sizes,
                                                                llvm::ArrayRef<Coord> at);

  bool hasLanes(Value tensor, int64_t dim);

  std::vector<std::map<Key, Value>> scopes;
  llvm::DenseMap<std::pair<Value, int64_t>, bool> lanesByDim;
  std::map<int64_t, Value> indexConstants;
  std::map<core::DimExpr, Value> sizeValues;
  core::DimExpr scratchUsed = 0;
  mlir::Block *entry;
};

// ---- one function a family: elements ----
/// Element of an op's result; null after reporting that the op is not one of elements.
mlir::Value emitElementwise(Emitter &e, mlir::Operation *op, llvm::ArrayRef<Coord> at);
mlir::Value emitMovement(Emitter &e, mlir::Operation *op, llvm::ArrayRef<Coord> at);
mlir::Value emitIndexing(Emitter &e, mlir::Operation *op, llvm::ArrayRef<Coord> at);
mlir::Value emitReduction(Emitter &e, mlir::Operation *op, llvm::ArrayRef<Coord> at);

// ---- ops that write whole rows or tensors rather than single elements ----
/// True if the op is lowered by a nest of its own.
bool isNest(mlir::Operation *op);
/// True for a nest that works on tiles of rows and columns: its epilogue may run in Form::Rows.
bool isTiled(mlir::Operation *op);

/// How a kernel's work is cut: items of the grid, and the least number of them that is worth a worker.
struct Grid {
  core::DimExpr items = 1;
  core::DimExpr grain = 1;
};
/// The grid of a nest op.
Grid nestGrid(Emitter &e, mlir::Operation *op);
/// Emits the nest for the items [begin, end). `write(at, values)` takes the op's results at coordinates, one value a
/// result; it runs the epilogue and stores.
using WriteFn = llvm::function_ref<mlir::LogicalResult(llvm::ArrayRef<Coord>, llvm::ArrayRef<mlir::Value>)>;
mlir::LogicalResult emitNest(Emitter &e, mlir::Operation *op, mlir::Value begin, mlir::Value end, WriteFn write);

} // namespace adze
