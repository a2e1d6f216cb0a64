// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The program as a whole, and its straight runs of code: plans, scalars, constants, elements that the host reads and
// writes.
#include "dialects/core/NodeNames.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "passes/host/Lowering.h"
#include "llvm/ADT/TypeSwitch.h"

using namespace mlir;
using namespace adze;
using namespace adze::host;

Lowering::Lowering(ModuleOp module, func::FuncOp source)
    : module(module), source(source), b(module.getContext()), memories(module), buffers(source) {}

/// Fills one entry of the program's inputs or outputs from the type and the attributes of an argument or result.
static LogicalResult describeTensor(func::FuncOp main, Type type, StringAttr name, ArrayAttr dims, const Twine &what,
                                    TensorInfo &info) {
  auto tensor = dyn_cast<RankedTensorType>(type);
  if (!tensor)
    return main.emitOpError() << what << " has type " << type << ", expected a ranked tensor";
  if (core::elementBytes(tensor.getElementType()) == 0)
    return main.emitOpError() << what << " has type " << type << ", whose elements have no fixed size";
  if (!name)
    return main.emitOpError() << what << " has no attribute adze.name";
  if (dims && dims.size() != size_t(tensor.getRank()))
    return main.emitOpError() << what << " has adze.dims " << dims << ", expected " << tensor.getRank() << " names";
  info.name = name.str();
  info.elementType = tensor.getElementType();
  for (int64_t dim = 0; dim < tensor.getRank(); ++dim) {
    info.dims.push_back(tensor.isDynamicDim(dim) ? -1 : tensor.getDimSize(dim));
    auto dimName = dims ? dyn_cast<StringAttr>(dims[dim]) : StringAttr();
    info.dimNames.push_back(dimName ? dimName.str() : "");
  }
  return success();
}

LogicalResult Lowering::describe() {
  for (unsigned i = 0; i < source.getNumArguments(); ++i)
    if (failed(describeTensor(source, source.getArgumentTypes()[i], source.getArgAttrOfType<StringAttr>(i, "adze.name"),
                              source.getArgAttrOfType<ArrayAttr>(i, "adze.dims"), "input " + Twine(i),
                              program.inputs.emplace_back())))
      return failure();
  for (unsigned i = 0; i < source.getNumResults(); ++i)
    if (failed(describeTensor(source, source.getResultTypes()[i],
                              dyn_cast_or_null<StringAttr>(source.getResultAttr(i, "adze.name")),
                              dyn_cast_or_null<ArrayAttr>(source.getResultAttr(i, "adze.dims")), "output " + Twine(i),
                              program.outputs.emplace_back())))
      return failure();
  return success();
}

/// The length of a stack area made by Services::stack.
static void setLength(Value area, int64_t count) {
  auto alloca = area.getDefiningOp<LLVM::AllocaOp>();
  auto size = alloca.getArraySize().getDefiningOp<LLVM::ConstantOp>();
  size.setValueAttr(IntegerAttr::get(size.getType(), std::max<int64_t>(count, 1)));
}

LogicalResult Lowering::run() {
  if (failed(describe()))
    return failure();
  b.setInsertionPoint(source);
  target = func::FuncOp::create(b, source.getLoc(), "adze_main",
                                b.getFunctionType(LLVM::LLVMPointerType::get(b.getContext()), b.getI32Type()));
  Block *entry = target.addEntryBlock();
  services.emplace(module, target, b);
  b.setInsertionPointToEnd(entry);
  scalarArea = services->stack(source.getLoc(), b.getI64Type(), 1);
  bufferArea = services->stack(source.getLoc(), services->pointerType(), 1);
  sizeArea = services->stack(source.getLoc(), b.getI64Type(), 1);
  shapeArea = services->stack(source.getLoc(), b.getI64Type(), 1);
  b.setInsertionPointToEnd(entry);
  if (failed(placeDeviceWeights()))
    return failure();
  lowerInputs();
  Block &body = source.getBody().front();
  if (failed(lowerBlock(body)) || failed(lowerReturn(cast<func::ReturnOp>(body.getTerminator()))))
    return failure();
  setLength(scalarArea, scalarCount);
  setLength(bufferArea, bufferCount);
  setLength(sizeArea, sizeCount);
  setLength(shapeArea, shapeCount);
  source.erase();
  program.write(module);
  return success();
}

void Lowering::lowerInputs() {
  Location loc = source.getLoc();
  WalkResult usesWeights = source.walk([](core::ConstantOp) { return WalkResult::interrupt(); });
  if (usesWeights.wasInterrupted()) {
    OpBuilder top(target);
    auto pointer = LLVM::GlobalOp::create(top, loc, services->pointerType(), /*isConstant=*/true,
                                          LLVM::Linkage::External, kWeightsPointer, Attribute());
    pointer.setVisibility_(LLVM::Visibility::Hidden);
    Value global = LLVM::AddressOfOp::create(b, loc, services->pointerType(), kWeightsPointer);
    weights = LLVM::LoadOp::create(b, loc, services->pointerType(), global);
  }
  if (program.deviceWeightBytes)
    deviceWeights = services->deviceWeights(loc);
  for (auto [i, argument] : llvm::enumerate(source.getArguments())) {
    auto type = cast<RankedTensorType>(argument.getType());
    bool hasDevice = memories.hasDevice();
    if (!hasDevice || isReadByHost(argument))
      places[argument] = {Place::Pointer, services->input(loc, i, /*canFail=*/hasDevice)};
    SmallVector<Value> sizes(type.getRank());
    for (int64_t dim = 0; dim < type.getRank(); ++dim)
      if (type.isDynamicDim(dim))
        sizes[dim] = services->inputDim(loc, i, dim);
    carriedSizes[argument] = std::move(sizes);
  }
}

/// Bytes of a tensor of static shape; -1 for others, and for those larger than memory.
static int64_t staticBytes(Value tensor) {
  auto type = cast<RankedTensorType>(tensor.getType());
  if (!type.hasStaticShape())
    return -1;
  int64_t bytes = core::elementBytes(type.getElementType());
  for (int64_t size : type.getShape())
    if (llvm::MulOverflow(bytes, size, bytes))
      return -1;
  return bytes;
}

LogicalResult Lowering::beginSegment(Segment &segment, Operation *begin, Operation *end) {
  Location loc = begin->getLoc();
  Block &block = *begin->getBlock();
  llvm::DenseMap<Value, int64_t> numbers;
  for (auto [i, buffer] : llvm::enumerate(segment.buffers))
    numbers[buffer] = i;
  // In the program's order, so that a requirement comes before the sizes that it is about.
  SmallVector<Value> sizes(segment.buffers.size());
  for (Operation *op = begin; op != end; op = op->getNextNode()) {
    if (auto require = dyn_cast<core::RequireOp>(op);
        require && buffers.readyAt(require.getCondition(), block) <= segment.begin && failed(lowerRequire(require)))
      return failure();
    for (Value result : op->getResults())
      if (auto found = numbers.find(result); found != numbers.end())
        sizes[found->second] = bytesOf(loc, result);
  }
  if (sizes.empty())
    return success();
  for (bool onDevice : {false, true})
    placePlan(loc, segment, sizes, onDevice);
  return success();
}

void Lowering::placePlan(Location loc, const Segment &segment, ValueRange sizes, bool onDevice) {
  Plan plan;
  plan.onDevice = onDevice;
  SmallVector<Value> members;
  for (auto [i, buffer] : llvm::enumerate(segment.buffers)) {
    if (this->onDevice(buffer) != onDevice)
      continue;
    services->storeAt(loc, sizeArea, members.size(), sizes[i]);
    members.push_back(buffer);
    plan.first.push_back(segment.first[i]);
    plan.last.push_back(segment.last[i]);
    plan.sizes.push_back(staticBytes(buffer));
  }
  if (members.empty())
    return;
  sizeCount = std::max<int64_t>(sizeCount, members.size());
  Value array = services->stack(loc, services->pointerType(), members.size());
  services->plan(loc, program.plans.size(), sizeArea, array);
  for (auto [i, buffer] : llvm::enumerate(members))
    places[buffer] = {Place::InArray, array, int64_t(i)};
  program.plans.push_back(std::move(plan));
}

LogicalResult Lowering::lowerBlock(Block &block) {
  SmallVector<Segment> segments = buffers.segments(block);
  unsigned next = 0, position = 0;
  SmallVector<Operation *> operations;
  for (Operation &op : block)
    operations.push_back(&op);
  for (Operation *op : operations) {
    if (next < segments.size() && segments[next].begin == position) {
      Operation *end = next + 1 < segments.size() ? operations[segments[next + 1].begin] : operations.back();
      if (failed(beginSegment(segments[next++], op, end)))
        return failure();
    }
    if (!op->hasTrait<OpTrait::IsTerminator>() && failed(lowerOp(op)))
      return failure();
    ++position;
  }
  return success();
}

LogicalResult Lowering::lowerOp(Operation *op) {
  if (auto dim = dyn_cast<tensor::DimOp>(op)) {
    auto index = dim.getConstantIndex();
    int64_t rank = cast<RankedTensorType>(dim.getSource().getType()).getRank();
    if (!index)
      return op->emitOpError() << "asks for a dimension that is not known at compile time";
    if (*index < 0 || *index >= rank)
      return op->emitOpError() << "asks for dimension " << *index << " of a tensor of rank " << rank;
  }
  if (isScalarOp(op)) {
    for (Value result : op->getResults())
      scalar(result);
    return success();
  }
  if (op->getNumResults() == 1 && aliasedBy(op->getResult(0)))
    return success();
  return TypeSwitch<Operation *, LogicalResult>(op)
      .Case([&](kernel::LaunchOp o) { return lowerLaunch(o); })
      .Case([&](kernel::CopyOp o) { return lowerCopy(o); })
      .Case([&](kernel::AppendOp o) { return lowerAppend(o); })
      .Case([&](core::ConstantOp o) { return lowerConstant(o); })
      .Case([&](core::RequireOp o) { return lowerRequire(o); })
      .Case([&](tensor::ExtractOp o) { return lowerExtract(o); })
      .Case([&](tensor::FromElementsOp o) { return lowerFromElements(o); })
      .Case([&](arith::SelectOp o) { return lowerSelect(o); })
      .Case([&](scf::IfOp o) { return lowerIf(o); })
      .Case([&](scf::ForOp o) { return lowerFor(o); })
      .Case([&](scf::WhileOp o) { return lowerWhile(o); })
      .Default([](Operation *o) { return o->emitOpError() << "is not an op of the host program"; });
}

void Lowering::computeScalar(Value value) {
  Operation *op = value.getDefiningOp();
  if (auto dim = dyn_cast<tensor::DimOp>(op)) {
    scalars[value] = sizeOf(dim.getSource(), *dim.getConstantIndex());
    return;
  }
  if (isa<UnrealizedConversionCastOp>(op)) {
    scalars[value] = scalars[op->getOperand(0)];
    return;
  }
  IRMapping mapping;
  for (Value operand : op->getOperands())
    mapping.map(operand, scalars[operand]);
  Operation *copy = b.clone(*op, mapping);
  if (isa<arith::DivSIOp, arith::RemSIOp, arith::FloorDivSIOp, arith::CeilDivSIOp, arith::DivUIOp, arith::RemUIOp,
          arith::CeilDivUIOp>(copy)) {
    bool isSigned = !isa<arith::DivUIOp, arith::RemUIOp, arith::CeilDivUIOp>(copy);
    b.setInsertionPoint(copy);
    copy->setOperand(1, safeDivisor(copy->getLoc(), copy->getOperand(0), copy->getOperand(1), isSigned));
    b.setInsertionPointAfter(copy);
  }
  for (auto [old, now] : llvm::zip(op->getResults(), copy->getResults()))
    scalars[old] = now;
}

Value Lowering::scalar(Value value) {
  // Operands first, by a list of what is to be done: chains of scalars may be long.
  SmallVector<Value> open{value};
  while (!open.empty()) {
    Value v = open.back();
    if (scalars.count(v)) {
      open.pop_back();
      continue;
    }
    size_t before = open.size();
    for (Value needed : neededFor(v))
      if (!scalars.count(needed))
        open.push_back(needed);
    if (open.size() > before)
      continue;
    computeScalar(v);
    open.pop_back();
  }
  return scalars[value];
}

SmallVector<Value> Lowering::neededFor(Value value) {
  Operation *op = value.getDefiningOp();
  auto dim = dyn_cast<tensor::DimOp>(op);
  if (!dim)
    return SmallVector<Value>(op->getOperands());
  Value size = sizeScalar(dim.getSource(), *dim.getConstantIndex());
  return size ? SmallVector<Value>{size} : SmallVector<Value>();
}

Value Lowering::safeDivisor(Location loc, Value dividend, Value divisor, bool isSigned) {
  if (auto constant = divisor.getDefiningOp<arith::ConstantOp>())
    if (auto value = dyn_cast<IntegerAttr>(constant.getValue()); value && value.getValue().sgt(0))
      return divisor;
  Type type = divisor.getType();
  unsigned width = type.isIndex() ? 64 : type.getIntOrFloatBitWidth();
  auto constant = [&](const APInt &value) -> Value {
    return arith::ConstantOp::create(b, loc, b.getIntegerAttr(type, value));
  };
  auto equal = [&](Value l, const APInt &r) {
    return arith::CmpIOp::create(b, loc, arith::CmpIPredicate::eq, l, constant(r));
  };
  Value traps = equal(divisor, APInt::getZero(width));
  if (isSigned) {
    Value overflows = arith::AndIOp::create(b, loc, equal(divisor, APInt::getAllOnes(width)),
                                            equal(dividend, APInt::getSignedMinValue(width)));
    traps = arith::OrIOp::create(b, loc, traps, overflows);
  }
  return arith::SelectOp::create(b, loc, traps, constant(APInt(width, 1)), divisor);
}

FailureOr<int64_t> Lowering::constantOffset(core::ConstantOp op) {
  auto type = cast<RankedTensorType>(op.getResult().getType());
  int64_t bytes = core::elementBytes(type.getElementType());
  if (bytes == 0)
    return op.emitOpError() << "has type " << type << ", whose elements have no fixed size";
  for (int64_t size : type.getShape())
    if (llvm::MulOverflow(bytes, size, bytes))
      return op.emitOpError() << "has type " << type << ", which is larger than memory";
  auto [it, isNew] = constantOffsets.try_emplace({op.getValue(), type}, program.weightBytes);
  if (isNew) {
    OpBuilder::InsertionGuard guard(b);
    b.setInsertionPointToEnd(module.getBody());
    b.clone(*op)->setAttr(kOffsetAttr, b.getI64IntegerAttr(it->second));
    // A constant without elements has a place too.
    program.weightBytes += llvm::alignTo(std::max<int64_t>(bytes, 1), kWeightAlignment);
  }
  return it->second;
}

LogicalResult Lowering::placeDeviceWeights() {
  WalkResult placed = source.walk([&](kernel::CopyOp copy) {
    core::ConstantOp constant = deviceWeight(copy.getResult());
    return constant && failed(constantOffset(constant)) ? WalkResult::interrupt() : WalkResult::advance();
  });
  program.deviceWeightBytes = program.weightBytes;
  return failure(placed.wasInterrupted());
}

LogicalResult Lowering::lowerConstant(core::ConstantOp op) {
  auto offset = constantOffset(op);
  if (failed(offset))
    return failure();
  places[op.getResult()] = {Place::InWeights, Value(), *offset};
  return success();
}

LogicalResult Lowering::lowerExtract(tensor::ExtractOp op) {
  Location loc = op.getLoc();
  auto type = cast<RankedTensorType>(op.getTensor().getType());
  Type element = type.getElementType();
  if (!element.isIntOrFloat())
    return op.emitOpError() << "reads an element of type " << element << ", expected a number";
  services->check(loc);
  Value linear = arith::ConstantIndexOp::create(b, loc, 0), inside;
  for (auto [dim, index] : llvm::enumerate(op.getIndices())) {
    Value size = sizeOf(op.getTensor(), dim), at = scalar(index);
    linear = arith::AddIOp::create(b, loc, arith::MulIOp::create(b, loc, linear, size), at);
    // A negative index is a great one without its sign.
    Value fits = arith::CmpIOp::create(b, loc, arith::CmpIPredicate::ult, at, size);
    inside = inside ? arith::AndIOp::create(b, loc, inside, fits) : fits;
  }
  if (inside) {
    StringRef message = "an element that decides a size or a branch is read outside its tensor";
    auto site = siteNumber(op, b.getStrArrayAttr({core::messageAtNode(op.getLoc(), message)}));
    services->require(loc, inside, kIndexOutOfRange, *site);
  }
  unsigned bits = core::elementBytes(element) * 8;
  Type stored = element.isInteger() ? Type(b.getIntegerType(bits)) : element;
  Value data = address(loc, op.getTensor());
  Value place = LLVM::GEPOp::create(b, loc, services->pointerType(), b.getIntegerType(bits), data,
                                    ValueRange(services->asI64(loc, linear)));
  if (stored == element || element.isSignlessInteger() == false) {
    bool sameWidth = element.getIntOrFloatBitWidth() == bits;
    if (!sameWidth)
      return op.emitOpError() << "reads an element of type " << element << ", which the host cannot read";
    scalars[op.getResult()] = LLVM::LoadOp::create(b, loc, stored, place);
    return success();
  }
  Value loaded = LLVM::LoadOp::create(b, loc, stored, place);
  scalars[op.getResult()] = arith::TruncIOp::create(b, loc, element, loaded);
  return success();
}

LogicalResult Lowering::lowerFromElements(tensor::FromElementsOp op) {
  Location loc = op.getLoc();
  Type element = cast<RankedTensorType>(op.getType()).getElementType();
  unsigned bits = core::elementBytes(element) * 8;
  if (!element.isIntOrFloat() || (element.getIntOrFloatBitWidth() != bits && !element.isInteger(1)))
    return op.emitOpError() << "makes elements of type " << element << ", which the host cannot write";
  if (auto destination = buffers.destination(op.getResult()))
    place(op.getResult(), *destination);
  Value data = address(loc, op.getResult());
  for (auto [i, value] : llvm::enumerate(op.getElements())) {
    Value stored = scalar(value);
    if (element.isInteger(1))
      stored = arith::ExtUIOp::create(b, loc, b.getI8Type(), stored);
    services->storeAt(loc, data, i, stored);
  }
  return success();
}

LogicalResult Lowering::lowerRequire(core::RequireOp op) {
  if (!done.insert(op).second)
    return success();
  auto site = siteNumber(op, b.getStrArrayAttr({core::messageAtNode(op.getLoc(), op.getMessage())}));
  if (failed(site))
    return failure();
  SmallVector<Value> found = llvm::map_to_vector<2>(op.getFound(), [&](Value size) { return scalar(size); });
  services->require(op.getLoc(), scalar(op.getCondition()), kShapeMismatch, *site, found);
  return success();
}

LogicalResult Lowering::lowerReturn(func::ReturnOp op) {
  Location loc = op.getLoc();
  for (auto [i, value] : llvm::enumerate(op.getOperands())) {
    Value shown = shownBy(value);
    if (isDelivered(shown)) {
      storeShape(loc, value);
      services->deliver(loc, i, shapeArea, address(loc, shown.getDefiningOp<kernel::CopyOp>().getSource()));
      continue;
    }
    auto destination = buffers.destination(shown);
    if (destination && destination->kind == Destination::Output && destination->number == int32_t(i))
      continue;
    Value memory = outputMemory(loc, i, value);
    services->copy(loc, memory, address(loc, value), bytesOf(loc, value));
  }
  func::ReturnOp::create(b, loc, ValueRange(services->i32(loc, 0)));
  return success();
}
