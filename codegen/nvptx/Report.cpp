// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "codegen/nvptx/Report.h"
#include "codegen/nvptx/Occupancy.h"
#include "codegen/nvptx/Passes.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/Matchers.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/FormatVariadic.h"
#include "llvm/Support/JSON.h"
#include "llvm/Support/MathExtras.h"

using namespace mlir;
using namespace adze;
using namespace adze::nvptx;
namespace json = llvm::json;

/// What a launch in a stream takes at least, about: no figure of a data sheet.
static constexpr double kLaunchSeconds = 2e-6;

static std::string textOf(Operation *op, StringRef attribute) {
  auto text = op->getAttrOfType<StringAttr>(attribute);
  return text ? text.getValue().str() : "";
}

void Report::learnKernels(ModuleOp module) {
  for (auto func : module.getOps<kernel::FuncOp>()) {
    std::string name = func.getSymName().str();
    bool placed = func.getScheduleAttr() || func->hasAttr(kernel::kHostReasonAttr);
    if (!placed || !byName.insert({name, kernels.size()}).second)
      continue;
    Kernel kernel;
    kernel.name = name;
    kernel.nodes = textOf(func, "adze.nodes");
    kernel.operators = textOf(func, "adze.operators");
    kernel.hostReason = textOf(func, kernel::kHostReasonAttr);
    if (DictionaryAttr schedule = func.getScheduleAttr()) {
      kernel.onDevice = true;
      if (auto kind = schedule.getAs<StringAttr>("kind"))
        kernel.kind = kind.getValue().str();
      kernel.cost = gpu::costOf(func);
    }
    kernels.push_back(std::move(kernel));
  }
}

void Report::learnFunctions(ModuleOp module) {
  SymbolTable symbols(module);
  for (auto function : module.getOps<func::FuncOp>()) {
    auto device = function->getAttrOfType<DictionaryAttr>(kernel::kDeviceAttr);
    auto known = byName.find(function.getName().str());
    if (!device || known == byName.end())
      continue;
    Kernel &kernel = kernels[known->second];
    auto number = [&](StringRef name) {
      auto value = device.getAs<IntegerAttr>(name);
      return value ? value.getInt() : 0;
    };
    kernel.threads = number("threads");
    kernel.sharedBytes = number("shared_bytes");
    auto grid = symbols.lookup<func::FuncOp>((function.getName() + ".grid").str());
    llvm::APInt blocks;
    if (grid && matchPattern(grid.getBody().front().getTerminator()->getOperand(0), m_ConstantInt(&blocks)))
      kernel.blocks = blocks.getSExtValue();
  }
}

void Report::learn(ModuleOp module) {
  bool first = kernels.empty();
  learnKernels(module);
  if (first)
    module.walk([&](kernel::LaunchOp launch) {
      if (auto known = byName.find(launch.getKernel().str()); known != byName.end())
        ++kernels[known->second].launches;
    });
  learnFunctions(module);
}

/// The names of the entries in whose code there are instructions of the matrix units.
static SmallVector<StringRef> entriesWithMatrices(StringRef text) {
  SmallVector<StringRef> found;
  StringRef entry;
  for (StringRef line : llvm::split(text, '\n')) {
    auto [before, after] = line.split(".entry ");
    if (!after.empty() || line.contains(".entry "))
      entry = after.take_until([](char c) { return c == '(' || c == ' '; });
    bool matrix = line.contains("mma.sync") || line.contains("wgmma.mma");
    if (matrix && (found.empty() || found.back() != entry))
      found.push_back(entry);
  }
  return found;
}

LogicalResult Report::learnImages(ArrayRef<DeviceImage> texts, Location loc) {
  const auto *image = llvm::find_if(texts, [&](const DeviceImage &i) { return i.machine == best.name; });
  if (image == texts.end())
    return success(); // no kernel is the device's
  StringRef text(image->code.data(), image->code.size());
  std::map<std::string, Kernel *> byEntry;
  for (Kernel &kernel : kernels)
    byEntry[ptxName(kernel.name)] = &kernel;
  for (StringRef entry : entriesWithMatrices(text))
    if (auto known = byEntry.find(entry.str()); known != byEntry.end())
      known->second->usesMatrixUnits = true;
  std::string why;
  assembler = findAssembler(why);
  if (assembler.empty())
    return success();
  auto assembled = assembleText(text, card.chip, loc);
  if (failed(assembled))
    return failure();
  for (KernelResources &resources : assembled->kernels)
    if (auto known = byEntry.find(resources.name); known != byEntry.end())
      known->second->resources = std::move(resources);
  return success();
}

/// 10^12 operations a second on such operands. Integers by scalar units count as f32 does, which no card exceeds.
static double rateOf(const Card &card, Type unit, bool matrixUnits) {
  double matrix = 0;
  if (matrixUnits && unit.isF64())
    matrix = card.f64Matrix;
  else if (matrixUnits && unit.isInteger(8))
    matrix = card.i8Matrix;
  else if (matrixUnits && (unit.isF16() || unit.isBF16()))
    matrix = card.f16Matrix;
  return matrix > 0 ? matrix : unit.isF64() ? card.f64 : card.f32;
}

double Report::arithmeticSeconds(const Kernel &kernel, bool matrixUnits) const {
  if (!kernel.cost.unit)
    return 0;
  return *kernel.cost.flops / (rateOf(card, kernel.cost.unit, matrixUnits && kernel.cost.isProduct) * 1e12);
}

std::optional<double> Report::boundOf(const Kernel &kernel, bool matrixUnits) const {
  if (!kernel.cost.bytes || !kernel.cost.flops)
    return std::nullopt;
  return std::max(*kernel.cost.bytes / (card.gigabytesPerSecond * 1e9), arithmeticSeconds(kernel, matrixUnits));
}

/// The bound of the units that its code uses, as far as its blocks keep all multiprocessors busy, after a launch.
std::optional<double> Report::predict(const Kernel &kernel) const {
  auto seconds = boundOf(kernel, kernel.usesMatrixUnits);
  if (!seconds || !kernel.blocks || *kernel.blocks <= 0)
    return std::nullopt;
  int64_t rounds = llvm::divideCeil(*kernel.blocks, card.multiprocessors);
  return kLaunchSeconds + *seconds * double(rounds * card.multiprocessors) / double(*kernel.blocks);
}

namespace adze::nvptx {
/// The report as JSON: what is not known is null.
class ReportWriter {
public:
  explicit ReportWriter(const Report &report) : report(report) {}

  json::Value write() {
    json::Array entries;
    for (const Report::Kernel &kernel : report.kernels)
      entries.push_back(kernel.onDevice ? entry(kernel) : hostEntry(kernel));
    const Card &card = report.card;
    return json::Object{
        {"card", json::Object{{"name", card.name},
                              {"title", card.title},
                              {"machine", card.chip},
                              {"source", card.source},
                              {"multiprocessors", card.multiprocessors},
                              {"gigabytes_per_second", card.gigabytesPerSecond},
                              {"f32_teraflops", card.f32},
                              {"f16_matrix_teraflops", card.f16Matrix}}},
        {"code_for", report.best.name},
        {"assembler", report.assembler.empty() ? json::Value(nullptr) : json::Value(json::fixUTF8(report.assembler))},
        {"note", "times are predicted, not measured"},
        {"kernels", std::move(entries)},
        {"bound_seconds", known(allBounds)},
        {"predicted_seconds", known(allPredicted)},
        {"not_counted", uncounted}};
  }

private:
  template <typename T> static json::Value known(const std::optional<T> &value) {
    return value ? json::Value(*value) : json::Value(nullptr);
  }
  static json::Value known(int64_t value) { return value >= 0 ? json::Value(value) : json::Value(nullptr); }

  static json::Object head(const Report::Kernel &kernel) {
    return json::Object{{"name", json::fixUTF8(kernel.name)},
                        {"nodes", json::fixUTF8(kernel.nodes)},
                        {"operators", json::fixUTF8(kernel.operators)},
                        {"launches", kernel.launches}};
  }

  json::Object hostEntry(const Report::Kernel &kernel) {
    json::Object out = head(kernel);
    out["runs_on"] = "host";
    out["reason"] = json::fixUTF8(kernel.hostReason);
    return out;
  }

  json::Object entry(const Report::Kernel &kernel) {
    json::Object out = head(kernel);
    KernelResources resources = kernel.resources.value_or(KernelResources());
    std::optional<double> occupancy;
    int64_t shared = kernel.sharedBytes + std::max<int64_t>(resources.sharedBytes, 0);
    if (kernel.resources)
      if (auto found = occupancyOf(report.card.chip, {kernel.threads, resources.registers, shared}))
        occupancy = found->share;
    auto bound = report.boundOf(kernel, /*usesMatrixUnits=*/true), predicted = report.predict(kernel);
    out["runs_on"] = "device";
    out["kind"] = kernel.kind;
    out["threads"] = kernel.threads;
    out["blocks"] = known(kernel.blocks);
    out["registers"] = known(resources.registers);
    out["shared_bytes"] = shared;
    out["dynamic_shared_bytes"] = kernel.sharedBytes; // asked for at the launch
    out["spill_store_bytes"] = known(resources.spillStores);
    out["spill_load_bytes"] = known(resources.spillLoads);
    out["stack_bytes"] = known(resources.stackBytes);
    out["occupancy"] = known(occupancy);
    out["bytes"] = known(kernel.cost.bytes);
    out["flops"] = known(kernel.cost.flops);
    out["matrix_units"] = kernel.usesMatrixUnits;
    out["bound_seconds"] = known(bound);
    if (bound)
      out["bound_by"] = report.arithmeticSeconds(kernel, true) >= *bound ? "arithmetic" : "memory";
    out["predicted_seconds"] = known(predicted);
    add(kernel, bound, predicted);
    return out;
  }

  void add(const Report::Kernel &kernel, std::optional<double> bound, std::optional<double> predicted) {
    uncounted += !bound || !predicted;
    if (bound && predicted) {
      allBounds = *allBounds + double(kernel.launches) * *bound;
      allPredicted = *allPredicted + double(kernel.launches) * *predicted;
    }
  }

  const Report &report;
  std::optional<double> allBounds = 0, allPredicted = 0;
  int64_t uncounted = 0;
};
} // namespace adze::nvptx

std::string Report::write() const { return llvm::formatv("{0:2}", ReportWriter(*this).write()); }
