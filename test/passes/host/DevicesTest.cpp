// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Host programs made by chance, placed in two memories, lowered and run on services that watch them: they compute what
// the same programs do on the host alone, and without changing anything in place.
#include "dialects/core/Core.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/Parser/Parser.h"
#include "mlir/Pass/PassManager.h"
#include "mlir/Target/LLVMIR/Dialect/Builtin/BuiltinToLLVMIRTranslation.h"
#include "mlir/Target/LLVMIR/Dialect/LLVMIR/LLVMToLLVMIRTranslation.h"
#include "mlir/Target/LLVMIR/Export.h"
#include "mlir/Transforms/Passes.h"
#include "passes/host/Passes.h"
#include "passes/placement/Passes.h"
#include "passes/verify_stage/Passes.h"
#include "test/passes/host/RandomProgram.h"
#include "llvm/ExecutionEngine/Orc/LLJIT.h"
#include "llvm/IR/Constants.h"
#include "llvm/IR/Module.h"
#include "llvm/Support/TargetSelect.h"
#include <gtest/gtest.h>

using namespace adze;
using namespace adze::test;
using namespace mlir;

namespace {
/// How a program comes to be run.
struct Route {
  bool scheduled;
  int64_t hostThreshold = 0;
  bool canonicalized = false; ///< between placement and lowering, as kernels' lowering does
  bool inPlace = false;       ///< what loops carry is changed where it lies
};

/// What a run gave.
struct Outcome {
  int32_t status = -1;
  std::vector<std::vector<int64_t>> outputs;
  std::vector<std::string> faults;
  int transfers = 0;
  int inPlace = 0; ///< launches and appends in the program that may change something where it lies
};

class Devices : public ::testing::TestWithParam<unsigned> {
protected:
  Devices() {
    DialectRegistry registry;
    registry.insert<core::CoreDialect, kernel::KernelDialect, arith::ArithDialect, func::FuncDialect, scf::SCFDialect,
                    tensor::TensorDialect, memref::MemRefDialect, cf::ControlFlowDialect, LLVM::LLVMDialect>();
    registerBuiltinDialectTranslation(registry);
    registerLLVMDialectTranslation(registry);
    context.appendDialectRegistry(registry);
    context.loadAllAvailableDialects();
    llvm::InitializeNativeTarget();
    llvm::InitializeNativeTargetAsmPrinter();
  }

  Outcome run(unsigned seed, const Route &route, std::vector<std::vector<int64_t>> inputs);

  MLIRContext context;
};
} // namespace

/// As stage loops: functions with grids instead of kernels, the bodies left out.
static void lowerKernels(ModuleOp module) {
  for (auto kernel : llvm::make_early_inc_range(module.getOps<kernel::FuncOp>())) {
    OpBuilder b(kernel);
    Location loc = kernel.getLoc();
    Type index = b.getIndexType(), buffer = MemRefType::get({ShapedType::kDynamic}, b.getI64Type()),
         scratch = MemRefType::get({ShapedType::kDynamic}, b.getI8Type());
    unsigned sizes = kernel.getNumScalars();
    SmallVector<Type> arguments(3 + sizes, index);
    arguments.append(kernel.getArgumentTypes().size() - sizes + kernel.getResultTypes().size(), buffer);
    arguments.append({scratch, buffer});
    auto body = func::FuncOp::create(b, loc, kernel.getSymName(), b.getFunctionType(arguments, {}));
    body.setPrivate();
    body->setAttr(host::kKernelAttr, b.getUnitAttr());
    if (kernel.getScheduleAttr())
      body->setAttr(kernel::kDeviceAttr, b.getDictionaryAttr({b.getNamedAttr("threads", b.getI64IntegerAttr(32)),
                                                              b.getNamedAttr("shared_bytes", b.getI64IntegerAttr(0))}));
    auto grid = func::FuncOp::create(b, loc, (kernel.getSymName() + ".grid").str(),
                                     b.getFunctionType(SmallVector<Type>(sizes, index), {index, index, index}));
    grid.setPrivate();
    b.setInsertionPointToEnd(grid.addEntryBlock());
    Value one = arith::ConstantIndexOp::create(b, loc, 1);
    func::ReturnOp::create(b, loc, ValueRange{one, one, one});
    kernel.erase();
  }
}

/// Takes the constants out of the module; their bytes.
static std::vector<char> takeWeights(ModuleOp module, const host::Program &program) {
  std::vector<char> weights(program.weightBytes);
  for (auto constant : llvm::make_early_inc_range(module.getOps<core::ConstantOp>())) {
    int64_t at = constant->getAttrOfType<IntegerAttr>(host::kOffsetAttr).getInt();
    for (int64_t value : cast<DenseElementsAttr>(constant.getValue()).getValues<int64_t>()) {
      std::memcpy(weights.data() + at, &value, sizeof value);
      at += sizeof value;
    }
    constant.erase();
  }
  return weights;
}

/// Machine code of adze_main, whose weights are at `weights`; null, with the reason among the faults, if there is none.
static FakeRuntime::Main compile(ModuleOp module, const void *weights, std::unique_ptr<llvm::orc::LLJIT> &jit,
                                 std::vector<std::string> &faults) {
  auto llvmContext = std::make_unique<llvm::LLVMContext>();
  std::unique_ptr<llvm::Module> code = translateModuleToLLVMIR(module, *llvmContext);
  auto failed = [&](llvm::Error error) {
    faults.push_back(llvm::toString(std::move(error)));
    return nullptr;
  };
  if (!code)
    return failed(llvm::createStringError("no LLVM IR"));
  if (llvm::GlobalVariable *pointer = code->getNamedGlobal(host::kWeightsPointer)) {
    auto *address = llvm::ConstantInt::get(llvm::Type::getInt64Ty(*llvmContext), reinterpret_cast<uint64_t>(weights));
    pointer->setInitializer(llvm::ConstantExpr::getIntToPtr(address, pointer->getValueType()));
  }
  auto made = llvm::orc::LLJITBuilder().create();
  if (!made)
    return failed(made.takeError());
  jit = std::move(*made);
  llvm::orc::SymbolMap symbols;
  for (const auto &[name, address] : FakeRuntime::services())
    symbols[jit->mangleAndIntern(name)] = {llvm::orc::ExecutorAddr::fromPtr(address), llvm::JITSymbolFlags::Exported};
  if (auto error = jit->getMainJITDylib().define(llvm::orc::absoluteSymbols(std::move(symbols))))
    return failed(std::move(error));
  if (auto error = jit->addIRModule(llvm::orc::ThreadSafeModule(std::move(code), std::move(llvmContext))))
    return failed(std::move(error));
  auto main = jit->lookup("adze_main");
  if (!main)
    return failed(main.takeError());
  return main->toPtr<FakeRuntime::Main>();
}

Outcome Devices::run(unsigned seed, const Route &route, std::vector<std::vector<int64_t>> inputs) {
  Outcome outcome;
  auto fault = [&](const char *what) {
    outcome.faults.push_back(what);
    return outcome;
  };
  auto module = parseSourceString<ModuleOp>(randomProgram(seed, route.scheduled), &context);
  if (!module)
    return fault("the program cannot be read");
  PassManager placement(&context), lowering(&context);
  PlaceTensorsOptions options;
  options.hostThreshold = route.hostThreshold;
  placement.addPass(createPlaceTensors(options));
  if (route.inPlace)
    placement.addPass(createWriteInPlace());
  if (route.canonicalized) {
    placement.addPass(createCanonicalizerPass());
    placement.addPass(createCSEPass());
  }
  placement.addPass(createVerifyStage({"placed"}));
  lowering.addPass(createHostToBuffers());
  lowering.addPass(createHostToLlvm());
  if (failed(placement.run(*module)))
    return fault("the program cannot be placed");
  module->walk(
      [&](Operation *op) { outcome.inPlace += isa<kernel::AppendOp>(op) || op->hasAttr(kernel::kInPlaceAttr); });
  lowerKernels(*module);
  if (failed(lowering.run(*module)))
    return fault("the program cannot be lowered");
  host::Program program = *host::Program::read(*module);
  std::vector<char> weights = takeWeights(*module, program);
  for (auto body : llvm::make_early_inc_range(module->getOps<func::FuncOp>()))
    body.erase();
  FakeRuntime runtime(program, std::move(weights), kernelOf);
  std::unique_ptr<llvm::orc::LLJIT> jit;
  FakeRuntime::Main main = compile(*module, runtime.weightsOnHost(), jit, outcome.faults);
  if (!main)
    return outcome;
  outcome.outputs = runtime.run(main, std::move(inputs));
  outcome.status = runtime.status;
  outcome.faults = runtime.faults;
  outcome.transfers = runtime.transfers[0] + runtime.transfers[1];
  return outcome;
}

TEST_P(Devices, ComputeWhatTheHostDoes) {
  constexpr unsigned kPrograms = 20; // a test: each costs a context
  const std::vector<std::vector<int64_t>> some{{4, 1, -2, 8, 3}, {5}}, none{{}, {2}};
  int transfers = 0, inPlace = 0;
  for (unsigned seed = GetParam() * kPrograms; seed < (GetParam() + 1) * kPrograms; ++seed) {
    const auto &inputs = seed % 4 ? some : none;
    Outcome expected = run(seed, {false}, inputs);
    ASSERT_EQ(expected.faults, std::vector<std::string>()) << "seed " << seed << "\n" << randomProgram(seed, false);
    ASSERT_EQ(expected.status, 0) << "seed " << seed;
    EXPECT_EQ(expected.transfers, 0);
    for (const Route &route : {Route{true}, Route{true, 0, true}, Route{true, 8, true}, Route{false, 0, true, true},
                               Route{true, 0, true, true}}) {
      Outcome found = run(seed, route, inputs);
      auto where = [&] {
        return "seed " + std::to_string(seed) + ", threshold " + std::to_string(route.hostThreshold) +
               (route.canonicalized ? ", canonicalized" : "") + (route.inPlace ? ", in place\n" : "\n") +
               randomProgram(seed, true);
      };
      ASSERT_EQ(found.faults, std::vector<std::string>()) << where();
      ASSERT_EQ(found.status, 0) << where();
      ASSERT_EQ(found.outputs, expected.outputs) << where();
      transfers += found.transfers;
      inPlace += found.inPlace;
    }
  }
  EXPECT_GT(transfers, 100);
  EXPECT_GT(inPlace, 0);
}

INSTANTIATE_TEST_SUITE_P(Programs, Devices, ::testing::Range(0u, 4u));
