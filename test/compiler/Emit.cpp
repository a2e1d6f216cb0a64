// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "test/compiler/Emit.h"
#include "compiler/Emit.h"
#include "compiler/Pipeline.h"
#include "dialects/kernel/Kernel.h"
#include "mlir/Dialect/ControlFlow/IR/ControlFlow.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Parser/Parser.h"
#include <cstdlib>
#include <dlfcn.h>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <unistd.h>

using namespace adze;
using namespace adze::test;

float test::testWeight(int64_t i) { return float(i % 1001) / 8; }

/// Ten MB and 64 bytes that weights come from.
static llvm::ArrayRef<char> testBlob() {
  static const std::vector<float> values = [] {
    std::vector<float> all(16);
    for (int64_t i = 0; i < 2621440; ++i)
      all.push_back(testWeight(i));
    return all;
  }();
  return llvm::ArrayRef(reinterpret_cast<const char *>(values.data()), values.size() * sizeof(float));
}

std::string test::emitFile(const std::string &name, const std::string &output, const Options &options,
                           Summary *summary) {
  static const mlir::DialectRegistry registry = [] {
    mlir::DialectRegistry all;
    all.insert<core::CoreDialect, kernel::KernelDialect, mlir::arith::ArithDialect, mlir::cf::ControlFlowDialect,
               mlir::func::FuncDialect, mlir::LLVM::LLVMDialect, mlir::math::MathDialect, mlir::memref::MemRefDialect,
               mlir::scf::SCFDialect, mlir::tensor::TensorDialect, mlir::vector::VectorDialect>();
    registerEmission(all);
    return all;
  }();
  mlir::MLIRContext context(registry);
  context.loadAllAvailableDialects();
  context.getLoadedDialect<core::CoreDialect>()->blobs().addMapped("test", testBlob());
  std::string first;
  mlir::ScopedDiagnosticHandler handler(&context, [&](mlir::Diagnostic &diagnostic) {
    if (first.empty())
      first = diagnostic.str();
    return mlir::success();
  });
  auto module = mlir::parseSourceFile<mlir::ModuleOp>(std::string(ADZE_TEST_FOLDER) + "/" + name, &context);
  if (!module)
    return first;
  mlir::PassManager host(&context);
  buildStage(host, stages().back(), options, /*device=*/nullptr);
  if (mlir::failed(host.run(*module)))
    return first.empty() ? "failed without a reason" : first;
  auto made = emitArtifact(*module, options, output);
  if (mlir::failed(made))
    return first.empty() ? "failed without a reason" : first;
  if (summary)
    *summary = *made;
  return "";
}

Tensor test::floats(std::vector<int64_t> shape, std::vector<float> values) {
  return Tensor::of(ADZE_F32, std::move(shape), std::move(values));
}
Tensor test::longs(std::vector<int64_t> shape, std::vector<int64_t> values) {
  return Tensor::of(ADZE_I64, std::move(shape), std::move(values));
}

Opened::Opened(const std::string &path, int threads) {
  library = dlopen(path.c_str(), RTLD_NOW | RTLD_LOCAL);
  if (!library) {
    snprintf(error.message, sizeof error.message, "%s", dlerror());
    return;
  }
  adze_options options = {};
  options.struct_bytes = sizeof options;
  options.abi_version = ADZE_ABI_VERSION;
  options.threads = threads;
  auto create = reinterpret_cast<adze_create_fn>(dlsym(library, "adze_create"));
  arenaBytes = reinterpret_cast<adze_arena_bytes_fn>(dlsym(library, "adze_arena_bytes"));
  ok = create && create(&options, &model, &error) == ADZE_OK;
}

Opened::~Opened() {
  if (model)
    reinterpret_cast<adze_destroy_fn>(dlsym(library, "adze_destroy"))(model);
  if (library)
    dlclose(library);
}

const adze_model_info *Opened::info() const { return reinterpret_cast<adze_info_fn>(dlsym(library, "adze_info"))(); }

static size_t elementBytes(adze_dtype dtype) {
  return dtype == ADZE_I64 || dtype == ADZE_F64   ? 8
         : dtype == ADZE_F32 || dtype == ADZE_I32 ? 4
         : dtype == ADZE_F16                      ? 2
                                                  : 1;
}

static void *allocate(void *user, int32_t index, adze_dtype dtype, int32_t rank, const int64_t *shape) {
  Tensor &tensor = (*static_cast<std::vector<Tensor> *>(user))[index];
  size_t count = 1;
  for (int32_t i = 0; i < rank; ++i)
    count *= shape[i];
  tensor = {dtype, std::vector<int64_t>(shape, shape + rank), std::vector<char>(count * elementBytes(dtype))};
  return tensor.bytes.data();
}

std::vector<Tensor> Opened::run(const std::vector<Tensor> &inputs) {
  std::vector<adze_tensor> in;
  for (const Tensor &t : inputs)
    in.push_back(
        {const_cast<char *>(t.bytes.data()), t.dtype, int32_t(t.shape.size()), t.shape.data(), nullptr, ADZE_ON_HOST});
  std::vector<Tensor> outputs(info()->num_outputs);
  std::vector<adze_tensor> out(outputs.size());
  auto run = reinterpret_cast<adze_run_fn>(dlsym(library, "adze_run"));
  if (run(model, in.data(), in.size(), out.data(), out.size(), allocate, &outputs, &error) != ADZE_OK)
    outputs.clear();
  return outputs;
}

std::string test::temporaryFolder() {
  static const std::string folder = [] {
    std::string pattern = (std::filesystem::temp_directory_path() / "adze-test-XXXXXX").string();
    return std::string(mkdtemp(pattern.data()));
  }();
  static const bool registered = [] {
    std::atexit([] { std::filesystem::remove_all(folder); });
    return true;
  }();
  (void)registered;
  return folder;
}

std::string test::readFile(const std::string &path) {
  std::ifstream in(path, std::ios::binary);
  std::ostringstream out;
  out << in.rdbuf();
  return out.str();
}
