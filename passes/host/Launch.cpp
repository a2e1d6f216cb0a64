// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Launches and copies, and where tensors lie and how large they are.
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "passes/host/Lowering.h"

using namespace mlir;
using namespace adze;
using namespace adze::host;

Value Lowering::sizeScalar(Value tensor, unsigned dim) {
  tensor = sizedLike(tensor, dim);
  if (!cast<RankedTensorType>(tensor.getType()).isDynamicDim(dim))
    return {};
  if (auto launch = tensor.getDefiningOp<kernel::LaunchOp>())
    return kernel::sizeOperand(launch, cast<OpResult>(tensor).getResultNumber(), dim);
  if (auto append = tensor.getDefiningOp<kernel::AppendOp>())
    return append.getSize();
  if (auto reshape = tensor.getDefiningOp<core::ReshapeOp>())
    return reshape.getSizes()[dim];
  return {};
}

Value Lowering::sizeOf(Value tensor, unsigned dim) {
  if (Value size = sizeScalar(tensor, dim))
    return scalar(size);
  tensor = sizedLike(tensor, dim);
  auto type = cast<RankedTensorType>(tensor.getType());
  if (!type.isDynamicDim(dim))
    return arith::ConstantIndexOp::create(b, tensor.getLoc(), type.getDimSize(dim));
  return carriedSizes[tensor][dim];
}

Value Lowering::bytesOf(Location loc, Value tensor) {
  auto type = cast<RankedTensorType>(tensor.getType());
  int64_t known = core::elementBytes(type.getElementType());
  for (int64_t size : type.getShape())
    if (!ShapedType::isDynamic(size) && llvm::MulOverflow(known, size, known))
      known = INT64_MAX;
  Value bytes = services->i64(loc, known);
  for (unsigned dim = 0; dim < type.getRank(); ++dim)
    if (type.isDynamicDim(dim))
      bytes = services->grow(loc, bytes, sizeOf(tensor, dim));
  return bytes;
}

Value Lowering::address(Location loc, Value tensor) {
  const Place &place = places[shownBy(tensor)];
  if (place.kind == Place::Pointer)
    return place.base;
  if (place.kind == Place::InArray)
    return services->loadAt(loc, place.base, place.number, services->pointerType());
  Value first = place.kind == Place::InDeviceWeights ? deviceWeights : weights,
        offset = services->i64(loc, place.number);
  return LLVM::GEPOp::create(b, loc, services->pointerType(), b.getI8Type(), first, ValueRange(offset));
}

void Lowering::storeShape(Location loc, Value tensor) {
  unsigned rank = cast<RankedTensorType>(tensor.getType()).getRank();
  shapeCount = std::max<int64_t>(shapeCount, rank);
  for (unsigned dim = 0; dim < rank; ++dim)
    services->storeAt(loc, shapeArea, dim, services->asI64(loc, sizeOf(tensor, dim)));
}

Value Lowering::outputMemory(Location loc, int32_t index, Value shapedAs) {
  storeShape(loc, shapedAs);
  return services->output(loc, index, shapeArea);
}

void Lowering::copyWithin(Location loc, bool onDevice, Value to, Value from, Value bytes) {
  if (onDevice)
    services->copyOnDevice(loc, to, from, bytes);
  else
    services->copy(loc, to, from, bytes);
}

Value Lowering::placeInPlace(Value value, const Destination &destination) {
  Location loc = value.getLoc();
  Value old = changedInPlace(value), from = address(loc, old), bytes = bytesOf(loc, old);
  Value memory = services->room(loc, destination.number, destination.spare, onDevice(value), bytesOf(loc, value));
  Value isThere = LLVM::ICmpOp::create(b, loc, LLVM::ICmpPredicate::eq, memory, from);
  copyWithin(loc, onDevice(value), memory, from,
             arith::SelectOp::create(b, loc, isThere, services->i64(loc, 0), bytes));
  return memory;
}

void Lowering::place(Value value, const Destination &destination) {
  Location loc = value.getLoc();
  if (destination.kind == Destination::InPlace) {
    places[value] = {Place::Pointer, placeInPlace(value, destination)};
    return;
  }
  Value memory = destination.kind == Destination::Output
                     ? outputMemory(loc, destination.number, destination.shape)
                     : services->alloc(loc, destination.number, onDevice(value), bytesOf(loc, value));
  places[value] = {Place::Pointer, memory};
}

LogicalResult Lowering::lowerCopy(kernel::CopyOp op) {
  Location loc = op.getLoc();
  Value result = op.getResult();
  if (core::ConstantOp constant = deviceWeight(result)) {
    places[result] = {Place::InDeviceWeights, Value(), places[constant.getResult()].number};
    return success();
  }
  if (isDelivered(result))
    return success();
  if (auto destination = buffers.destination(result))
    place(result, *destination);
  if (takesInput(op)) {
    auto input = cast<BlockArgument>(shownBy(op.getSource()));
    places[result] = {Place::Pointer, services->inputOnDevice(loc, input.getArgNumber(), address(loc, result))};
    return success();
  }
  Value to = address(loc, result), from = address(loc, op.getSource());
  services->transfer(loc, onDevice(result), to, from, bytesOf(loc, result));
  return success();
}

LogicalResult Lowering::lowerAppend(kernel::AppendOp op) {
  Location loc = op.getLoc();
  Value result = op.getResult(), data = op.getData(), more = op.getMore(), bytes = bytesOf(loc, data);
  auto destination = buffers.destination(result);
  if (destination)
    place(result, *destination);
  Value to = address(loc, result);
  if (!destination || destination->kind != Destination::InPlace)
    copyWithin(loc, onDevice(result), to, address(loc, data), bytes);
  Value behind = LLVM::GEPOp::create(b, loc, services->pointerType(), b.getI8Type(), to, ValueRange(bytes));
  copyWithin(loc, onDevice(result), behind, address(loc, more), bytesOf(loc, more));
  return success();
}

/// What the device's driver is told of a kernel that is launched so; nothing for kernels of the host.
static FailureOr<std::optional<DeviceKernel>> deviceKernel(kernel::LaunchOp op, func::FuncOp body) {
  Attribute attr = body->getAttr(kernel::kDeviceAttr);
  if (!attr)
    return std::optional<DeviceKernel>();
  auto dict = dyn_cast<DictionaryAttr>(attr);
  auto threads = dict ? dict.getAs<IntegerAttr>("threads") : IntegerAttr();
  auto sharedBytes = dict ? dict.getAs<IntegerAttr>("shared_bytes") : IntegerAttr();
  if (!threads || threads.getInt() < 1 || !llvm::isInt<32>(threads.getInt()) || !sharedBytes ||
      sharedBytes.getInt() < 0 || !llvm::isInt<32>(sharedBytes.getInt()))
    return body.emitOpError() << "has " << kernel::kDeviceAttr << " " << attr
                              << ", expected the integers threads and shared_bytes";
  auto isIndex = [](Type type) { return type.isIndex(); };
  int32_t numSizes = llvm::count_if(op.getOperandTypes(), isIndex);
  int32_t numBuffers = op.getNumOperands() - numSizes + op.getNumResults();
  // The first scalar is the site.
  return std::optional(DeviceKernel{static_cast<int32_t>(threads.getInt()), static_cast<int32_t>(sharedBytes.getInt()),
                                    numBuffers, numSizes + 1});
}

FailureOr<int32_t> Lowering::kernelNumber(kernel::LaunchOp op) {
  auto [it, isNew] = kernelNumbers.try_emplace(op.getKernel(), program.kernels.size());
  if (!isNew)
    return it->second;
  auto body = module.lookupSymbol<func::FuncOp>(op.getKernel());
  if (!body || !body->hasAttr(kKernelAttr))
    return op.emitOpError() << "launches " << op.getKernelAttr() << ", which is no function with " << kKernelAttr;
  if (!module.lookupSymbol<func::FuncOp>((op.getKernel() + ".grid").str()))
    return op.emitOpError() << "launches " << op.getKernelAttr() << ", which has no function @" << op.getKernel()
                            << ".grid";
  auto text = [&](StringRef attribute) {
    auto found = body->getAttrOfType<StringAttr>(attribute);
    return found ? found.str() : "";
  };
  auto device = deviceKernel(op, body);
  if (failed(device))
    return failure();
  program.kernels.push_back({op.getKernel().str(), text("adze.nodes"), text("adze.operators"), *device});
  return it->second;
}

FailureOr<int32_t> Lowering::siteNumber(Operation *op, ArrayAttr texts) {
  if (!texts || texts.empty())
    return 0;
  auto [it, isNew] = siteNumbers.try_emplace(texts, program.sites.size());
  if (!isNew)
    return it->second;
  for (Attribute text : texts) {
    auto string = dyn_cast<StringAttr>(text);
    if (!string)
      return op->emitOpError() << "adze.sites holds " << text << ", expected a string";
    program.sites.push_back(string.str());
  }
  return it->second;
}

/// Checks that the launch has what its kernel's body and grid take.
static LogicalResult verifyOperands(ModuleOp module, kernel::LaunchOp op) {
  unsigned numScalars = llvm::count_if(op.getOperandTypes(), [](Type type) { return type.isIndex(); });
  for (auto [i, type] : llvm::enumerate(op.getOperandTypes()))
    if (i < numScalars ? !type.isIndex() : !isa<RankedTensorType>(type))
      return op.emitOpError() << "operand " << i << " has type " << type
                              << ", expected index operands and then tensors";
  auto body = module.lookupSymbol<func::FuncOp>(op.getKernel());
  unsigned expected = 3 + op.getNumOperands() + op.getNumResults() + 2;
  if (body.getNumArguments() != expected)
    return op.emitOpError() << "kernel " << op.getKernelAttr() << " takes " << body.getNumArguments()
                            << " arguments, expected " << expected
                            << " (begin, end, site, the launch's operands and results, scratch, error)";
  auto grid = module.lookupSymbol<func::FuncOp>((op.getKernel() + ".grid").str());
  if (grid.getNumArguments() != numScalars || grid.getNumResults() != 3)
    return op.emitOpError() << "@" << grid.getSymName() << " has type " << grid.getFunctionType() << ", expected "
                            << numScalars << " index arguments and 3 index results";
  return success();
}

LogicalResult Lowering::lowerLaunch(kernel::LaunchOp op) {
  Location loc = op.getLoc();
  auto number = kernelNumber(op);
  auto site = siteNumber(op, op->getAttrOfType<ArrayAttr>("adze.sites"));
  if (failed(number) || failed(site) || failed(verifyOperands(module, op)))
    return failure();
  SmallVector<Value> sizes, memory;
  for (Value operand : op.getOperands()) {
    if (operand.getType().isIndex())
      sizes.push_back(scalar(operand));
    else
      memory.push_back(address(loc, operand));
  }
  for (Value result : op.getResults()) {
    auto destination = buffers.destination(result);
    if (destination)
      place(result, *destination);
    memory.push_back(address(loc, result));
    if (destination && destination->kind == Destination::InPlace) // it holds what is changed by now
      memory[op->getAttrOfType<IntegerAttr>(kernel::kInPlaceAttr).getInt() - sizes.size()] = memory.back();
  }
  auto grid = func::CallOp::create(b, loc, module.lookupSymbol<func::FuncOp>((op.getKernel() + ".grid").str()), sizes);
  scalarCount = std::max<int64_t>(scalarCount, sizes.size() + 1);
  bufferCount = std::max<int64_t>(bufferCount, memory.size());
  services->storeAt(loc, scalarArea, 0, services->i64(loc, *site));
  for (auto [i, size] : llvm::enumerate(sizes))
    services->storeAt(loc, scalarArea, i + 1, services->asI64(loc, size));
  for (auto [i, pointer] : llvm::enumerate(memory))
    services->storeAt(loc, bufferArea, i, pointer);
  services->launch(loc, *number, grid.getResult(0), grid.getResult(1), bufferArea, scalarArea, grid.getResult(2));
  return success();
}
