// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "passes/host/Services.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/ControlFlow/IR/ControlFlowOps.h"

using namespace mlir;
using namespace adze::host;

Services::Services(ModuleOp module, func::FuncOp main, OpBuilder &builder)
    : module(module), main(main), b(builder), pointer(LLVM::LLVMPointerType::get(module.getContext())),
      exec(main.getArgument(0)) {}

Value Services::i32(Location loc, int64_t value) { return arith::ConstantIntOp::create(b, loc, b.getI32Type(), value); }
Value Services::i64(Location loc, int64_t value) { return arith::ConstantIntOp::create(b, loc, b.getI64Type(), value); }
Value Services::asI64(Location loc, Value index) {
  if (index.getType().isInteger(64))
    return index;
  return arith::IndexCastOp::create(b, loc, b.getI64Type(), index);
}

Block *Services::newBlock(TypeRange arguments, Location loc) {
  Block *block = new Block();
  main.getBody().push_back(block);
  for (Type type : arguments)
    block->addArgument(type, loc);
  return block;
}

Value Services::call(Location loc, StringRef name, Type result, ValueRange arguments) {
  auto callee = module.lookupSymbol<LLVM::LLVMFuncOp>(name);
  if (!callee) {
    OpBuilder::InsertionGuard guard(b);
    b.setInsertionPoint(main);
    Type type = result ? result : LLVM::LLVMVoidType::get(b.getContext());
    callee = LLVM::LLVMFuncOp::create(b, module.getLoc(), name,
                                      LLVM::LLVMFunctionType::get(type, llvm::to_vector(arguments.getTypes())));
  }
  auto call = LLVM::CallOp::create(b, loc, callee, arguments);
  return result ? call.getResult() : Value();
}

void Services::leaveUnless(Location loc, Value condition, Value status) {
  if (!leave) {
    OpBuilder::InsertionGuard guard(b);
    leave = newBlock({b.getI32Type()}, main.getLoc());
    b.setInsertionPointToEnd(leave);
    func::ReturnOp::create(b, main.getLoc(), leave->getArgument(0));
  }
  Block *next = newBlock();
  cf::CondBranchOp::create(b, loc, condition, next, ValueRange(), leave, ValueRange(status));
  b.setInsertionPointToEnd(next);
}

void Services::leaveIfFailed(Location loc, Value status) {
  leaveUnless(loc, arith::CmpIOp::create(b, loc, arith::CmpIPredicate::eq, status, i32(loc, 0)), status);
}

Value Services::notNull(Location loc, Value value) {
  Value null = LLVM::ZeroOp::create(b, loc, pointer);
  leaveUnless(loc, LLVM::ICmpOp::create(b, loc, LLVM::ICmpPredicate::ne, value, null), i32(loc, kInternal));
  return value;
}

Value Services::input(Location loc, int32_t index, bool canFail) {
  Value data = call(loc, "adze_rt_input", pointer, {exec, i32(loc, index)});
  return canFail ? notNull(loc, data) : data;
}

Value Services::inputOnDevice(Location loc, int32_t index, Value room) {
  return notNull(loc, call(loc, "adze_rt_input_on_device", pointer, {exec, i32(loc, index), room}));
}

Value Services::inputDim(Location loc, int32_t index, int32_t dim) {
  Value size = call(loc, "adze_rt_input_dim", b.getI64Type(), {exec, i32(loc, index), i32(loc, dim)});
  return arith::IndexCastOp::create(b, loc, b.getIndexType(), size);
}

void Services::plan(Location loc, int32_t plan, Value sizes, Value buffers) {
  leaveIfFailed(loc, call(loc, "adze_rt_plan", b.getI32Type(), {exec, i32(loc, plan), sizes, buffers}));
}

void Services::launch(Location loc, int32_t kernel, Value items, Value grain, Value buffers, Value scalars,
                      Value scratch) {
  leaveIfFailed(
      loc, call(loc, "adze_rt_launch", b.getI32Type(),
                {exec, i32(loc, kernel), asI64(loc, items), asI64(loc, grain), buffers, scalars, asI64(loc, scratch)}));
}

Value Services::output(Location loc, int32_t index, Value shape) {
  return notNull(loc, call(loc, "adze_rt_output", pointer, {exec, i32(loc, index), shape}));
}

void Services::deliver(Location loc, int32_t index, Value shape, Value from) {
  leaveIfFailed(loc, call(loc, "adze_rt_deliver", b.getI32Type(), {exec, i32(loc, index), shape, from}));
}

void Services::copy(Location loc, Value to, Value from, Value bytes) {
  call(loc, "adze_rt_copy", {}, {to, from, bytes});
}

void Services::copyOnDevice(Location loc, Value to, Value from, Value bytes) {
  leaveIfFailed(loc, call(loc, "adze_rt_copy_on_device", b.getI32Type(), {exec, to, from, bytes}));
}

void Services::transfer(Location loc, bool toDevice, Value to, Value from, Value bytes) {
  leaveIfFailed(loc, call(loc, "adze_rt_transfer", b.getI32Type(), {exec, i32(loc, toDevice), to, from, bytes}));
}

Value Services::deviceWeights(Location loc) { return notNull(loc, call(loc, "adze_rt_device_weights", pointer, exec)); }

Value Services::alloc(Location loc, int32_t slot, bool onDevice, Value bytes) {
  return notNull(loc, call(loc, "adze_rt_alloc", pointer, {exec, i32(loc, slot), i32(loc, onDevice), bytes}));
}

Value Services::room(Location loc, int32_t slot, int32_t spare, bool onDevice, Value bytes) {
  SmallVector<Value> arguments{exec, i32(loc, slot), i32(loc, spare), i32(loc, onDevice), bytes};
  return notNull(loc, call(loc, "adze_rt_room", pointer, arguments));
}

void Services::swap(Location loc, int32_t a, int32_t b) {
  call(loc, "adze_rt_swap", {}, {exec, i32(loc, a), i32(loc, b)});
}

void Services::check(Location loc) { leaveIfFailed(loc, call(loc, "adze_rt_check", b.getI32Type(), {exec})); }

void Services::require(Location loc, Value condition, Status status, int32_t site, ValueRange found) {
  Block *next = newBlock(), *failed = newBlock();
  cf::CondBranchOp::create(b, loc, condition, next, ValueRange(), failed, ValueRange());
  b.setInsertionPointToEnd(failed);
  SmallVector<Value> arguments{exec, i32(loc, status), i32(loc, site)};
  for (Value size : found)
    arguments.push_back(asI64(loc, size));
  Value answer = call(loc, found.empty() ? "adze_rt_fail" : "adze_rt_fail_sizes", b.getI32Type(), arguments);
  func::ReturnOp::create(b, loc, answer);
  b.setInsertionPointToEnd(next);
}

func::FuncOp Services::growFunction() {
  if (grower)
    return grower;
  OpBuilder::InsertionGuard guard(b);
  b.setInsertionPoint(main);
  Location loc = module.getLoc();
  Type type = b.getI64Type();
  grower = func::FuncOp::create(b, loc, "adze_main.grow", b.getFunctionType({type, type}, type));
  grower.setPrivate();
  Block *body = grower.addEntryBlock();
  b.setInsertionPointToEnd(body);
  Value bytes = body->getArgument(0), size = body->getArgument(1);
  auto product = arith::MulSIExtendedOp::create(b, loc, bytes, size);
  auto compare = [&](arith::CmpIPredicate p, Value l, Value r) { return arith::CmpIOp::create(b, loc, p, l, r); };
  Value zero = i64(loc, 0);
  Value wide = arith::OrIOp::create(b, loc, compare(arith::CmpIPredicate::ne, product.getHigh(), zero),
                                    compare(arith::CmpIPredicate::slt, product.getLow(), zero));
  Value counted = arith::SelectOp::create(b, loc, wide, i64(loc, INT64_MAX), product.getLow());
  Value negative = arith::OrIOp::create(b, loc, compare(arith::CmpIPredicate::slt, bytes, zero),
                                        compare(arith::CmpIPredicate::slt, size, zero));
  Value result = arith::SelectOp::create(b, loc, negative, i64(loc, -1), counted);
  func::ReturnOp::create(b, loc, result);
  return grower;
}

Value Services::grow(Location loc, Value bytes, Value size) {
  return func::CallOp::create(b, loc, growFunction(), ValueRange{bytes, asI64(loc, size)}).getResult(0);
}

Value Services::stack(Location loc, Type type, int64_t count) {
  OpBuilder::InsertionGuard guard(b);
  b.setInsertionPointToStart(&main.getBody().front());
  Value size = LLVM::ConstantOp::create(b, loc, b.getI64Type(), b.getI64IntegerAttr(std::max<int64_t>(count, 1)));
  return LLVM::AllocaOp::create(b, loc, pointer, type, size, /*alignment=*/8);
}

void Services::storeAt(Location loc, Value array, int64_t index, Value value) {
  Value place = index == 0 ? array
                           : LLVM::GEPOp::create(b, loc, pointer, value.getType(), array,
                                                 ArrayRef<LLVM::GEPArg>{static_cast<int32_t>(index)});
  LLVM::StoreOp::create(b, loc, value, place);
}

Value Services::loadAt(Location loc, Value array, int64_t index, Type type) {
  Value place = index == 0 ? array
                           : LLVM::GEPOp::create(b, loc, pointer, type, array,
                                                 ArrayRef<LLVM::GEPArg>{static_cast<int32_t>(index)});
  return LLVM::LoadOp::create(b, loc, type, place);
}
