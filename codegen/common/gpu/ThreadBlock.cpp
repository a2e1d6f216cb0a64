// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "codegen/common/gpu/ThreadBlock.h"
#include "mlir/Dialect/GPU/IR/GPUDialect.h"

using namespace mlir;
using namespace adze;
using namespace adze::core;
using adze::gpu::ThreadBlock;

/// Where buffers in shared memory begin.
static constexpr int64_t kSharedAlignment = 16;

ThreadBlock::ThreadBlock(Emitter &e, const gpu::Facts &facts, int64_t threads)
    : e(e), threads(threads), warpSize(facts.warpSize) {
  number = e.create<mlir::gpu::BlockIdOp>(mlir::gpu::Dimension::x);
  thread = e.create<mlir::gpu::ThreadIdOp>(mlir::gpu::Dimension::x, e.b.getIndexAttr(threads));
  warp = e.create<arith::DivUIOp>(thread, e.index(warpSize));
  lane = e.create<arith::RemUIOp>(thread, e.index(warpSize));
}

int64_t ThreadBlock::reserve(int64_t size) {
  int64_t place = bytes;
  bytes = llvm::alignTo(bytes + size, kSharedAlignment);
  return place;
}

Value ThreadBlock::shared(Type element, int64_t count) {
  return sharedAt(element, count, e.index(reserve(count * elementBytes(storageType(element)))));
}

Value ThreadBlock::sharedAt(Type element, int64_t count, Value place) {
  Type storage = storageType(element);
  auto space = mlir::gpu::AddressSpaceAttr::get(e.b.getContext(), mlir::gpu::AddressSpace::Workgroup);
  auto slab = MemRefType::get({ShapedType::kDynamic}, e.b.getI8Type(), MemRefLayoutAttrInterface(), space);
  auto type = MemRefType::get({count}, storage, MemRefLayoutAttrInterface(), space);
  Value memory = e.create<mlir::gpu::DynamicSharedMemoryOp>(slab);
  return e.create<memref::ViewOp>(type, memory, place, ValueRange());
}

void ThreadBlock::barrier() { mlir::gpu::BarrierOp::create(e.b, e.loc); }

Value ThreadBlock::fromLane(Value x, int64_t mask) {
  Type i32 = e.b.getI32Type(), type = x.getType();
  auto shuffle = [&](Value part) -> Value {
    return mlir::gpu::ShuffleOp::create(e.b, e.loc, part, mask, warpSize, mlir::gpu::ShuffleMode::XOR)
        .getShuffleResult();
  };
  if (type.getIntOrFloatBitWidth() == 32)
    return shuffle(x);
  Value whole = e.create<arith::BitcastOp>(VectorType::get({1}, e.b.getI64Type()),
                                           e.create<vector::BroadcastOp>(VectorType::get({1}, type), x));
  auto halves = VectorType::get({2}, i32);
  Value parts = e.create<vector::BitCastOp>(halves, whole);
  Emitter::Values moved;
  for (int64_t i = 0; i < 2; ++i)
    moved.push_back(shuffle(e.create<vector::ExtractOp>(parts, i)));
  Value joined = e.create<vector::FromElementsOp>(halves, moved);
  return e.create<vector::ExtractOp>(e.create<vector::BitCastOp>(VectorType::get({1}, type), joined), int64_t(0));
}

Value ThreadBlock::joinWarp(ReduceKind kind, Value x, Type acc) { return joinLanes(kind, x, acc, warpSize); }

Value ThreadBlock::joinLanes(ReduceKind kind, Value x, Type acc, int64_t count) {
  for (int64_t mask = count / 2; mask > 0; mask /= 2)
    x = e.join(kind, x, fromLane(x, mask), acc);
  return x;
}

Value ThreadBlock::joinBlock(ReduceKind kind, Value x, Type acc) {
  x = joinWarp(kind, x, acc);
  int64_t warps = threads / warpSize;
  if (warps == 1)
    return x;
  Value memory = shared(acc, warps);
  e.when(e.cmpi(arith::CmpIPredicate::eq, lane, e.index(0)),
         [&] { memref::StoreOp::create(e.b, e.loc, x, memory, ValueRange{warp}); });
  barrier();
  Value joined;
  for (int64_t i = 0; i < warps; ++i) {
    Value part = e.create<memref::LoadOp>(memory, ValueRange{e.index(i)});
    joined = joined ? e.join(kind, joined, part, acc) : part;
  }
  return joined;
}
