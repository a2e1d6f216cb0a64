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
  warp = e.divui(thread, warpSize);
  lane = e.remui(thread, warpSize);
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
  if (auto vector = dyn_cast<VectorType>(type)) {
    Values lanes;
    for (int64_t i = 0; i < vector.getNumElements(); ++i)
      lanes.push_back(fromLane(e.create<vector::ExtractOp>(x, i), mask));
    return e.create<vector::FromElementsOp>(vector, lanes);
  }
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

Value ThreadBlock::joinWarp(ReduceKind kind, Value x, Type acc) { return joinAcross(warpSize - 1, kind, x, acc); }

Value ThreadBlock::joinAcross(int64_t bits, ReduceKind kind, Value x, Type acc) {
  auto join = [&](const Values &a, const Values &b) { return Values{e.join(kind, a[0], b[0], acc)}; };
  return joinAcross(bits, {x}, join)[0];
}

ThreadBlock::Values ThreadBlock::joinAcross(int64_t bits, Values x, JoinFn join) {
  for (int64_t mask = warpSize / 2; mask > 0; mask /= 2) {
    if (!(bits & mask))
      continue;
    Values other;
    for (Value v : x)
      other.push_back(fromLane(v, mask));
    x = join(x, other);
  }
  return x;
}

Value ThreadBlock::joinBlock(ReduceKind kind, Value x, Type acc) {
  auto join = [&](const Values &a, const Values &b) { return Values{e.join(kind, a[0], b[0], acc)}; };
  return joinBlock({x}, join)[0];
}

ThreadBlock::Values ThreadBlock::joinBlock(Values x, JoinFn join) {
  x = joinAcross(warpSize - 1, x, join);
  int64_t warps = threads / warpSize;
  if (warps == 1)
    return x;
  Values memory;
  for (Value v : x)
    memory.push_back(shared(v.getType(), warps));
  e.when(e.cmpi(arith::CmpIPredicate::eq, lane, e.index(0)), [&] {
    for (auto [v, to] : llvm::zip(x, memory))
      memref::StoreOp::create(e.b, e.loc, v, to, ValueRange{warp});
  });
  barrier();
  Values joined;
  for (int64_t i = 0; i < warps; ++i) {
    Values part;
    for (Value from : memory)
      part.push_back(e.create<memref::LoadOp>(from, ValueRange{e.index(i)}));
    joined = joined.empty() ? part : join(joined, part);
  }
  return joined;
}

std::pair<Value, Value> ThreadBlock::scanWarp(ReduceKind kind, Value x, Type acc) {
  Value before = e.neutral(kind, acc), all = x;
  for (int64_t mask = 1; mask < warpSize; mask *= 2) {
    // Of the two halves of 2 * mask lanes, the first comes before the second.
    Value other = fromLane(all, mask);
    Value bit = e.create<arith::AndIOp>(lane, e.index(mask));
    Value isSecond = e.cmpi(arith::CmpIPredicate::ne, bit, e.index(0));
    before = e.select(isSecond, e.join(kind, other, before, acc), before);
    all = e.join(kind, all, other, acc);
  }
  return {before, all};
}
