// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Kernels with each function of the math library become PTX that needs nothing else, as ptxas finds too.
#include "codegen/Target.h"
#include "compiler/InitAll.h"
#include "mlir/Parser/Parser.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/MemoryBuffer.h"
#include "llvm/Support/Program.h"
#include "llvm/Support/raw_ostream.h"
#include "gtest/gtest.h"

using namespace adze;

namespace {
constexpr llvm::StringLiteral kUnary[] = {
    "math.acos", "math.acosh", "math.asin", "math.asinh", "math.atan",  "math.atanh", "math.cbrt",  "math.cos",
    "math.cosh", "math.erf",   "math.exp",  "math.exp2",  "math.expm1", "math.log",   "math.log10", "math.log1p",
    "math.log2", "math.rsqrt", "math.sin",  "math.sinh",  "math.tan",   "math.tanh"};
constexpr llvm::StringLiteral kBinary[] = {"math.atan2", "math.powf", "arith.remf"};

/// A kernel that computes `op` of one number, and of a vector.
std::string kernelWith(llvm::StringRef op, bool isBinary, llvm::StringRef type) {
  std::string vector = ("vector<2x" + type + ">").str(), one = isBinary ? "%a, %a" : "%a",
              two = isBinary ? "%v, %v" : "%v";
  return ("func.func private @k(%begin: index, %end: index, %site: index, %x: memref<?x" + type + ">, %y: memref<?x" +
          type +
          ">, %scratch: memref<?xi8>, %error: memref<?xi64>)\n"
          "    attributes {adze.kernel, adze.device = {threads = 32 : i64, shared_bytes = 0 : i64}} {\n"
          "  %i = gpu.thread_id x\n"
          "  %a = memref.load %x[%i] : memref<?x" +
          type +
          ">\n"
          "  %v = vector.load %x[%i] : memref<?x" +
          type + ">, " + vector +
          "\n"
          "  %r = " +
          op + " " + one + " : " + type +
          "\n"
          "  %w = " +
          op + " " + two + " : " + vector +
          "\n"
          "  memref.store %r, %y[%i] : memref<?x" +
          type +
          ">\n"
          "  vector.store %w, %y[%i] : memref<?x" +
          type + ">, " + vector +
          "\n"
          "  return\n}\n")
      .str();
}

/// ptxas of the PATH or of a CUDA toolkit; empty if there is none.
std::string ptxas() {
  std::vector<std::string> folders = {"/usr/local/cuda/bin"};
  if (const char *home = std::getenv("CUDA_HOME"))
    folders.insert(folders.begin(), std::string(home) + "/bin");
  if (auto found = llvm::sys::findProgramByName("ptxas"))
    return *found;
  auto found =
      llvm::sys::findProgramByName("ptxas", llvm::SmallVector<llvm::StringRef>(folders.begin(), folders.end()));
  return found ? *found : std::string();
}

void expectAssembles(llvm::StringRef text) {
  std::string program = ptxas();
  if (program.empty())
    return;
  llvm::SmallString<128> path, log;
  int file = -1;
  ASSERT_FALSE(llvm::sys::fs::createTemporaryFile("adze", "ptx", file, path));
  ASSERT_FALSE(llvm::sys::fs::createTemporaryFile("adze", "log", log));
  llvm::raw_fd_ostream(file, /*shouldClose=*/true) << text;
  std::optional<llvm::StringRef> redirects[] = {std::nullopt, log.str(), log.str()};
  int status =
      llvm::sys::ExecuteAndWait(program, {program, "-arch=sm_80", path, "-o", "/dev/null"}, std::nullopt, redirects);
  auto message = llvm::MemoryBuffer::getFile(log);
  EXPECT_EQ(status, 0) << (message ? (*message)->getBuffer().str() : "ptxas failed");
  llvm::sys::fs::remove(path);
  llvm::sys::fs::remove(log);
}

class NvptxMath : public testing::Test {
protected:
  NvptxMath() : targets(createTargets("nvptx:sm_80", "native", error)) {
    mlir::DialectRegistry registry;
    registerDialects(registry);
    registerEmission(registry);
    context.appendDialectRegistry(registry);
    context.loadAllAvailableDialects();
    context.allowUnregisteredDialects(false);
    targets->device()->loadDialects(context);
  }

  /// The PTX of a kernel, or nothing with the first message in `error`.
  std::optional<Emitted> compile(const std::string &text, const std::string &name) {
    mlir::ScopedDiagnosticHandler handler(&context, [&](mlir::Diagnostic &diagnostic) {
      error = diagnostic.str();
      return mlir::success();
    });
    auto module = mlir::parseSourceString<mlir::ModuleOp>(text, &context);
    if (!module)
      return std::nullopt;
    module->lookupSymbol("k")->setAttr("sym_name", mlir::StringAttr::get(&context, name));
    auto found = targets->device()->compileFor(0, *module, EmitOptions());
    return mlir::succeeded(found) ? std::optional(std::move(*found)) : std::nullopt;
  }

  /// Kernels with each of `ops` in one text.
  void check(llvm::ArrayRef<llvm::StringLiteral> ops, bool isBinary, llvm::StringRef type) {
    std::vector<Emitted> kernels;
    for (llvm::StringRef op : ops) {
      auto kernel = compile(kernelWith(op, isBinary, type), op.split('.').second.str());
      ASSERT_TRUE(kernel) << op.str() << ": " << error;
      llvm::StringRef text(kernel->data(), kernel->size());
      EXPECT_FALSE(text.contains(".extern")) << op.str();
      EXPECT_FALSE(text.contains("\n.global")) << op.str() << " has a table in memory";
      EXPECT_FALSE(text.contains(".local")) << op.str() << " has a stack";
      for (llvm::StringRef inexact : {".approx", ".ftz", "mul.f", "add.f"}) // without .rn, ptxas would fuse them
        EXPECT_FALSE(text.contains(inexact)) << op.str() << " has " << inexact.str();
      if (type == "f32")
        EXPECT_FALSE(text.contains(".f64")) << op.str() << " computes in f64";
      kernels.push_back(std::move(*kernel));
    }
    auto image = targets->device()->link(0, kernels, mlir::UnknownLoc::get(&context));
    ASSERT_TRUE(mlir::succeeded(image));
    expectAssembles(llvm::StringRef(image->code.data(), image->code.size()));
  }

  std::string error;
  std::optional<Targets> targets;
  mlir::MLIRContext context;
};

TEST_F(NvptxMath, FunctionsOfSingles) {
  check(kUnary, false, "f32");
  check(kBinary, true, "f32");
}

TEST_F(NvptxMath, FunctionsOfDoubles) {
  check(kUnary, false, "f64");
  check(kBinary, true, "f64");
}

TEST_F(NvptxMath, AFunctionThatTheLibraryLacksIsAnError) {
  EXPECT_FALSE(compile(kernelWith("math.erfc", false, "f32"), "k"));
  EXPECT_EQ(error, "'math.erfc' op has no function in the math library of GPUs");
}
} // namespace
