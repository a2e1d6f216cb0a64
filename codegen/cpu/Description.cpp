// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "codegen/cpu/Description.h"
#include "codegen/Target.h"
#include "codegen/common/Dtype.h"
#include "codegen/common/WeightsNote.h"
#include "passes/host/Services.h"
#include "runtime/abi.h"
#include "llvm/IR/Constants.h"
#include "llvm/IR/DerivedTypes.h"

using namespace adze;
using namespace llvm;

static_assert(int(host::kIndexOutOfRange) == ADZE_INDEX_OUT_OF_RANGE &&
              int(host::kShapeMismatch) == ADZE_SHAPE_MISMATCH && int(host::kInternal) == ADZE_INTERNAL);

namespace {
/// Makes constants; tables become private globals.
class Builder {
public:
  explicit Builder(Module &module)
      : module(module), c(module.getContext()), pointer(PointerType::getUnqual(c)), i32(Type::getInt32Ty(c)),
        i64(Type::getInt64Ty(c)) {}

  Constant *number32(int64_t value) { return ConstantInt::get(i32, value, /*isSigned=*/true); }
  Constant *number64(uint64_t value) { return ConstantInt::get(i64, value); }
  Constant *null() { return ConstantPointerNull::get(pointer); }
  Constant *text(StringRef value) {
    Constant *&known = texts[value];
    if (!known)
      known = global(ConstantDataArray::getString(c, value));
    return known;
  }
  Constant *table(Type *type, ArrayRef<Constant *> values) {
    return values.empty() ? null() : global(ConstantArray::get(ArrayType::get(type, values.size()), values));
  }
  Constant *record(ArrayRef<Constant *> fields) { return ConstantStruct::getAnon(c, fields); }
  Constant *records(ArrayRef<Constant *> values) {
    return values.empty() ? null() : table(values.front()->getType(), values);
  }
  Constant *numbers64(ArrayRef<int64_t> values) {
    return values.empty() ? null() : global(ConstantDataArray::get(c, values));
  }
  Constant *numbers32(ArrayRef<int32_t> values) {
    return values.empty() ? null() : global(ConstantDataArray::get(c, values));
  }
  Constant *global(Constant *value) {
    auto *variable =
        new GlobalVariable(module, value->getType(), /*isConstant=*/true, GlobalValue::PrivateLinkage, value);
    variable->setUnnamedAddr(GlobalValue::UnnamedAddr::Global);
    return variable;
  }

  Module &module;
  LLVMContext &c;
  PointerType *pointer;
  Type *i32, *i64;

private:
  StringMap<Constant *> texts;
};
} // namespace

static Constant *tensors(Builder &b, ArrayRef<host::TensorInfo> infos) {
  SmallVector<Constant *> out;
  for (const host::TensorInfo &info : infos) {
    SmallVector<Constant *> names;
    for (const std::string &name : info.dimNames)
      names.push_back(name.empty() ? b.null() : b.text(name));
    out.push_back(b.record({b.text(info.name), b.number32(*dtypeOf(info.elementType)), b.number32(info.dims.size()),
                            b.numbers64(info.dims), b.table(b.pointer, names)}));
  }
  return b.records(out);
}

static void defineWeightsPointer(Builder &b) {
  // Patched in the file to point behind all else, so its value must be read from memory: it is no constant to LLVM.
  auto *pointer = cast<GlobalVariable>(b.module.getOrInsertGlobal(host::kWeightsPointer, b.pointer));
  auto *note = new GlobalVariable(
      b.module, ArrayType::get(Type::getInt8Ty(b.c), sizeof kWeightsNote), /*isConstant=*/true,
      GlobalValue::PrivateLinkage,
      ConstantDataArray::getRaw(StringRef(reinterpret_cast<const char *>(&kWeightsNote), sizeof kWeightsNote),
                                sizeof kWeightsNote, Type::getInt8Ty(b.c)));
  note->setSection(kWeightsNoteSection);
  note->setAlignment(Align(4));
  pointer->setConstant(false);
  pointer->setInitializer(note);
  pointer->setVisibility(GlobalValue::HiddenVisibility);
  pointer->setSection(".data.rel.ro");
}

/// An adze_kernel_entry.
static Constant *hostKernel(Builder &b, const host::Kernel &kernel) {
  auto *type =
      FunctionType::get(Type::getVoidTy(b.c), {b.i64, b.i64, b.pointer, b.pointer, b.pointer, b.pointer}, false);
  auto *function = cast<Function>(b.module.getOrInsertFunction(kernelSymbol(kernel.symbol), type).getCallee());
  function->setVisibility(GlobalValue::HiddenVisibility);
  return b.record({function, b.null()});
}

static Constant *deviceKernel(Builder &b, const host::Kernel &kernel) {
  const host::DeviceKernel &device = *kernel.device;
  Constant *entry = b.record({b.text(device.name), b.number32(device.threads), b.number32(device.sharedBytes),
                              b.number32(device.numBuffers), b.number32(device.numScalars)});
  return b.record({b.null(), b.global(entry)});
}

/// Drivers take objects, which are read in place, at addresses that their tables may need.
static constexpr uint64_t kImageAlignment = 64;

/// An adze_device_program, or null.
static Constant *deviceProgram(Builder &b, const DeviceCode &device, int64_t weightBytes) {
  if (device.images.empty())
    return b.null();
  SmallVector<Constant *> images;
  for (const DeviceImage &image : device.images) {
    StringRef code(image.code.data(), image.code.size());
    auto *bytes = cast<GlobalVariable>(b.global(ConstantDataArray::getString(b.c, code)));
    bytes->setAlignment(llvm::Align(kImageAlignment));
    images.push_back(b.record({b.text(image.machine), b.text(image.form), bytes, b.number64(code.size())}));
  }
  auto *driver = cast<GlobalVariable>(b.module.getOrInsertGlobal(device.driverSymbol, Type::getInt8Ty(b.c)));
  driver->setVisibility(GlobalValue::HiddenVisibility);
  Constant *weights = b.module.getNamedGlobal(host::kWeightsPointer);
  Constant *record = b.record({driver, b.records(images), b.number32(images.size()), b.number32(0),
                               weights ? weights : b.null(), b.number64(weightBytes)});
  [[maybe_unused]] const StructLayout *layout =
      b.module.getDataLayout().getStructLayout(cast<StructType>(record->getType()));
  assert(layout->getSizeInBytes() == sizeof(adze_device_program));
  return b.global(record);
}

mlir::LogicalResult adze::addDescription(Module &module, const host::Program &program, const DeviceCode &device,
                                         StringRef metadata, uint64_t cpuFeatures, mlir::Location loc) {
  for (const auto *list : {&program.inputs, &program.outputs})
    for (const host::TensorInfo &info : *list)
      if (!dtypeOf(info.elementType))
        return mlir::emitError(loc) << "'" << info.name << "' has elements of type " << info.elementType
                                    << ", which no caller can pass";
  Builder b(module);
  SmallVector<Constant *> functions, names, nodes, plans, sites;
  for (const host::Kernel &kernel : program.kernels) {
    functions.push_back(kernel.device ? deviceKernel(b, kernel) : hostKernel(b, kernel));
    names.push_back(b.text(kernel.symbol));
    nodes.push_back(b.text(kernel.nodes));
  }
  for (const host::Plan &plan : program.plans)
    plans.push_back(b.record(
        {b.number32(plan.first.size()), b.number32(plan.onDevice), b.numbers32(plan.first), b.numbers32(plan.last)}));
  for (const std::string &site : program.sites)
    sites.push_back(b.text(site));
  // Constants without elements need the pointer too, though no weights.
  if (program.weightBytes || module.getNamedGlobal(host::kWeightsPointer))
    defineWeightsPointer(b);

  Constant *info =
      b.record({b.number32(ADZE_ABI_VERSION), b.number32(program.inputs.size()), b.number32(program.outputs.size()),
                b.number32(program.kernels.size()), tensors(b, program.inputs), tensors(b, program.outputs),
                b.table(b.pointer, names), b.table(b.pointer, nodes), b.text(metadata)});
  Constant *description =
      b.record({b.number32(ADZE_ABI_VERSION), b.number32(0), b.number64(cpuFeatures), info, b.records(functions),
                b.records(plans), b.number32(plans.size()), b.number32(sites.size()), b.table(b.pointer, sites),
                deviceProgram(b, device, program.deviceWeightBytes), module.getFunction("adze_main")});
  const StructLayout *layout = module.getDataLayout().getStructLayout(cast<StructType>(description->getType()));
  assert(layout->getSizeInBytes() == sizeof(adze_program) &&
         layout->getElementOffset(10) == offsetof(adze_program, main));
  (void)layout;
  auto *variable = new GlobalVariable(module, description->getType(), /*isConstant=*/true, GlobalValue::ExternalLinkage,
                                      description, "adze_program_description");
  variable->setVisibility(GlobalValue::HiddenVisibility);
  return mlir::success();
}
