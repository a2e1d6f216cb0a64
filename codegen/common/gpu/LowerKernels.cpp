// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Kernels to functions of one thread. Those whose threads do not work together are emitted here.
#include "codegen/common/gpu/Kinds.h"
#include "codegen/common/gpu/Passes.h"
#include "codegen/common/gpu/Reduction.h"
#include "codegen/common/gpu/Transposition.h"
#include "mlir/Dialect/GPU/IR/GPUDialect.h"

using namespace mlir;
using namespace adze::core;

namespace adze {
#define GEN_PASS_DEF_GPULOWERKERNELS
#include "codegen/common/gpu/Passes.h.inc"

/// What the threads of one launch may have as scratch memory together, unless one block needs more.
static constexpr int64_t kScratchBytes = int64_t(64) << 20;

namespace {
/// Lowers one kernel.func.
class KernelLowering {
public:
  KernelLowering(kernel::FuncOp op, const gpu::Schedule &schedule, const gpu::Facts &facts)
      : source(op), kernel(op), schedule(schedule), facts(facts) {}

  LogicalResult run() {
    Operation *joint = nullptr;
    if (schedule.kind == gpu::Kind::reduce || schedule.kind == gpu::Kind::transpose) {
      bool reduces = schedule.kind == gpu::Kind::reduce;
      joint = reduces ? gpu::findReduction(source, kernel.dims) : gpu::findTransposition(source, kernel.dims);
      if (!joint)
        return source.emitOpError() << "has a schedule for a " << (reduces ? "reduction" : "transpose")
                                    << ", expected one whose elements are at the places of the kernel's";
    }
    if (failed(kernel.begin()))
      return failure();
    if (joint)
      kernel.nest = joint;
    Emitter e = kernel.emitter();
    e.sharedError = true;
    gpu::ThreadBlock block(e, facts, schedule.threads);
    findThread(e, block);
    FailureOr<Grid> grid = emit(e, block);
    if (failed(grid))
      return failure();
    shareScratch(e);
    func::FuncOp function = kernel.function;
    Builder b(function.getContext());
    auto number = [&](StringRef name, int64_t value) { return b.getNamedAttr(name, b.getI64IntegerAttr(value)); };
    SmallVector<NamedAttribute> device{number("threads", schedule.threads),
                                       number("shared_bytes", block.sharedBytes())};
    if (int64_t blocks = schedule.blocksTogether())
      device.push_back(number("blocks", blocks));
    function->setAttr(kernel::kDeviceAttr, b.getDictionaryAttr(device));
    DimExpr scratch = e.scratchBytes() * DimExpr(schedule.threads);
    if (schedule.kind == gpu::Kind::items)
      grid->items = boundedBy(grid->items, scratch);
    if (auto blocks = grid->items.constant(); blocks && *blocks > 0)
      block.number.getDefiningOp<mlir::gpu::BlockIdOp>().setUpperBoundAttr(e.b.getIndexAttr(*blocks));
    kernel.finish(e, *grid, scratch);
    return success();
  }

private:
  FailureOr<Grid> emit(Emitter &e, gpu::ThreadBlock &block) {
    switch (schedule.kind) {
    case gpu::Kind::rows:
      return gpu::emitRows(kernel, block, schedule, mostLanes());
    case gpu::Kind::reduce:
      return gpu::emitReduce(kernel, block, schedule, facts, mostLanes());
    case gpu::Kind::transpose:
      return gpu::emitTranspose(kernel, block, mostLanes());
    case gpu::Kind::scan:
      return gpu::emitScan(kernel, block);
    case gpu::Kind::nonzero:
      return gpu::emitNonZero(kernel, block);
    case gpu::Kind::owners:
      if (failed(emitScatterOwned(e, kernel.nest, thread, schedule.team)))
        return failure();
      return Grid{schedule.team / schedule.threads};
    case gpu::Kind::tiles:
    case gpu::Kind::matrix:
      return emitProduct(block);
    case gpu::Kind::gemv:
      return gpu::emitGemv(kernel, block, schedule.few);
    case gpu::Kind::attention:
      return gpu::emitAttention(kernel, block, facts);
    case gpu::Kind::matrixAttention:
      return gpu::emitAttentionMatrix(kernel, block, schedule, facts);
    case gpu::Kind::elements:
      return alone(emitElements(e));
    case gpu::Kind::points:
      return alone(emitPoints(e));
    case gpu::Kind::items:
      return alone(emitItems(e));
    }
    llvm_unreachable("not a kind");
  }

  FailureOr<Grid> emitProduct(gpu::ThreadBlock &block) {
    SmallVector<gpu::WayByRows> ways;
    auto gemv = [&](const gpu::FewRows &few) { return [&, few] { return gpu::emitGemv(kernel, block, few); }; };
    if (schedule.few.rows > 0) {
      ways.push_back({1, gemv({1, schedule.few.lanes})});
      ways.push_back({gpu::kMostFewRows, gemv(schedule.few)});
    }
    gpu::Schedule some = schedule;
    some.tile = schedule.some.tile;
    some.stages = schedule.some.stages;
    if (schedule.some.most > 0)
      ways.push_back({schedule.some.most, [&] { return emitTile(block, some); }});
    ways.push_back({0, [&] { return emitTile(block, schedule); }});
    return gpu::emitByRows(kernel, block, ways);
  }

  FailureOr<Grid> emitTile(gpu::ThreadBlock &block, const gpu::Schedule &tiled) {
    return tiled.kind == gpu::Kind::tiles ? gpu::emitTiles(kernel, block, tiled, facts)
                                          : gpu::emitMatrix(kernel, block, tiled, facts);
  }

  /// The grid of threads that work alone.
  FailureOr<Grid> alone(LogicalResult done) {
    if (failed(done))
      return failure();
    return Grid{ceilDiv(work, schedule.threads)};
  }

  /// So many of `blocks` that their scratch memory, of so many bytes each, is not too much; at least one.
  DimExpr boundedBy(const DimExpr &blocks, const DimExpr &bytes) {
    DimContext &d = kernel.dims.dims;
    return d.min(blocks, d.max(d.floorDiv(kScratchBytes, d.max(bytes, 1)), 1));
  }

  DimExpr ceilDiv(const DimExpr &x, int64_t y) { return kernel.dims.dims.floorDiv(x + DimExpr(y - 1), DimExpr(y)); }

  /// The number of this thread in the launch.
  void findThread(Emitter &e, gpu::ThreadBlock &block) {
    thread = e.addi(e.muli(block.number, e.index(schedule.threads)), block.thread);
    e.scratch = memref::ViewOp::create(e.b, e.loc, cast<MemRefType>(e.scratch.getType()), e.scratch, thread,
                                       ValueRange{e.index(INT64_MAX)});
  }

  /// Each thread has a part of the launch's scratch memory.
  void shareScratch(Emitter &e) {
    auto view = e.scratch.getDefiningOp<memref::ViewOp>();
    OpBuilder::InsertionGuard guard(e.b);
    Value bytes = e.size(e.scratchBytes());
    e.b.setInsertionPoint(view);
    view.getByteShiftMutable().assign(e.muli(thread, bytes));
  }

  void onlyBelow(Emitter &e, const DimExpr &count, function_ref<void()> body) {
    work = count;
    e.when(e.cmpi(arith::CmpIPredicate::ult, thread, e.size(count)), body);
  }

  /// A thread does every so-manieth item: where items need much scratch memory, there are fewer threads than items.
  LogicalResult emitItems(Emitter &e) {
    SmallVector<DimExpr> sizes = kernel.dims.shape(kernel.nest->getResult(0)).dims;
    auto write = [&](ArrayRef<Coord> at, ArrayRef<Value> values) { return kernel.storeEpilogue(e, at, values, sizes); };
    LogicalResult done = success();
    bool scatters = isa<ScatterElementsOp, ScatterNdOp>(kernel.nest);
    work = scatters ? product(scatterLines(e.dims, kernel.nest)) : nestGrid(e, kernel.nest).items;
    Value blocks = kernel.endItem(), threads = e.muli(blocks, e.index(schedule.threads));
    e.loop(thread, e.size(work), threads, {}, [&](Value item, ValueRange) {
      done = scatters ? emitScatterLine(e, kernel.nest, item)
                      : emitNest(e, kernel.nest, item, e.addi(item, e.index(1)), write);
      return Emitter::Values();
    });
    return done;
  }

  /// The most elements of a thread with which no access is wider than the machine's widest.
  int64_t mostLanes() {
    int64_t bytes = 1;
    for (Type type : kernel.function.getArgumentTypes().drop_back(2))
      if (auto buffer = dyn_cast<MemRefType>(type))
        bytes = std::max<int64_t>(bytes, elementBytes(buffer.getElementType()));
    return std::max<int64_t>(facts.accessBytes / bytes, 1);
  }

  /// Neighbouring channels of one place of a convolution's or a pool's result.
  LogicalResult emitPoints(Emitter &e) {
    SmallVector<DimExpr> sizes = kernel.dims.shape(kernel.nest->getResult(0)).dims, places(sizes);
    auto channels = sizes.back().constant();
    int64_t lanes = mostLanes();
    if (!channels || *channels % lanes || !vectorizablePoint(e, kernel.nest, sizes.size() - 1) ||
        !kernel.vectorizable(e, sizes.size() - 1))
      lanes = 1;
    if (lanes > 1)
      places.back() = *channels / lanes;
    LogicalResult done = success();
    onlyBelow(e, product(places), [&] {
      Coords at = e.delinearize(thread, places);
      if (lanes > 1)
        at.back() = {e.muli(at.back().base, e.index(lanes)), true};
      e.width = lanes;
      Value v = emitPoint(e, kernel.nest, at);
      done = failure(!v || failed(kernel.storeEpilogue(e, at, v, sizes)));
      e.width = 1;
    });
    return done;
  }

  LogicalResult emitElements(Emitter &e) {
    SmallVector<DimExpr> sizes = kernel.resultSizes();
    bool flat = !sizes.empty() && kernel.fits(e, Emitter::Form::Flat, sizes);
    if (flat) {
      e.form = Emitter::Form::Flat;
      sizes = {product(sizes)};
    } else if (!sizes.empty() && kernel.fits(e, Emitter::Form::Rows, sizes)) {
      e.form = Emitter::Form::Rows;
      sizes = {product(ArrayRef(sizes).drop_back()), sizes.back()};
    }
    int64_t lanes = sizes.empty() || !kernel.vectorizable(e, kernel.resultSizes().size() - 1) ? 1 : mostLanes();
    auto row = sizes.empty() ? std::nullopt : sizes.back().constant();
    if (!flat && (!row || *row % lanes))
      lanes = 1; // the lanes of a thread would lie in two rows
    return flat && lanes > 1 ? emitFlat(e, sizes, lanes) : emitRows(e, sizes, lanes);
  }

  /// Lanes of the linear index; the last thread that has work goes over what remains one by one.
  LogicalResult emitFlat(Emitter &e, ArrayRef<DimExpr> sizes, int64_t lanes) {
    LogicalResult done = success();
    auto emit = [&](Coord i, int64_t width) {
      e.width = width;
      if (succeeded(done))
        done = kernel.storeResults(e, i, sizes);
      e.width = 1;
    };
    onlyBelow(e, ceilDiv(sizes[0], lanes), [&] {
      Value first = e.muli(thread, e.index(lanes)), total = e.size(sizes[0]);
      Value last = e.addi(first, e.index(lanes));
      e.branch(
          e.cmpi(arith::CmpIPredicate::ule, last, total), {},
          [&] { return emit({first, true}, lanes), Emitter::Values(); },
          [&] {
            return e.loop(first, total, e.index(1), {}, [&](Value i, ValueRange) {
              emit({i}, 1);
              return Emitter::Values();
            });
          });
    });
    return done;
  }

  /// `lanes` neighbours of one row.
  LogicalResult emitRows(Emitter &e, ArrayRef<DimExpr> sizes, int64_t lanes) {
    LogicalResult done = success();
    SmallVector<DimExpr> places(sizes);
    if (lanes > 1)
      places.back() = *sizes.back().constant() / lanes;
    onlyBelow(e, product(places), [&] {
      Coords at = e.delinearize(thread, places);
      if (lanes > 1) {
        at.back() = {e.muli(at.back().base, e.index(lanes)), true};
        e.width = lanes;
      }
      done = kernel.storeResults(e, at, sizes);
      e.width = 1;
    });
    return done;
  }

  kernel::FuncOp source;
  KernelFunction kernel;
  gpu::Schedule schedule;
  gpu::Facts facts;
  DimExpr work = 0; ///< threads that have something to do
  Value thread;
};

struct GpuLowerKernels : impl::GpuLowerKernelsBase<GpuLowerKernels> {
  void runOnOperation() override {
    gpu::Facts facts = gpu::Facts::of(getOperation());
    for (auto kernel : llvm::make_early_inc_range(getOperation().getOps<kernel::FuncOp>())) {
      if (!kernel.getScheduleAttr())
        continue;
      auto schedule = gpu::Schedule::read(kernel);
      if (failed(schedule) || failed(KernelLowering(kernel, *schedule, facts).run()))
        return signalPassFailure();
    }
  }
};
} // namespace
} // namespace adze
