// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "codegen/cpu/Machine.h"
#include "runtime/cpu_features.h"
#include "llvm/CodeGen/Passes.h"
#include "llvm/CodeGen/TargetPassConfig.h"
#include "llvm/MC/MCSubtargetInfo.h"
#include "llvm/MC/TargetRegistry.h"
#include "llvm/Support/TargetSelect.h"
#include "llvm/Target/RegisterTargetPassConfigCallback.h"
#include "llvm/TargetParser/Host.h"
#include "llvm/TargetParser/Triple.h"
#include <map>
#include <mutex>

using namespace adze;
using llvm::StringRef;

namespace {
/// An architecture that artifacts can be made for: the one that the compiler runs on.
struct Architecture {
  const char *triple, *base;
  llvm::ArrayRef<const char *> features;
};
} // namespace

static Architecture architecture() {
#if defined(__aarch64__)
  return {"aarch64-linux-gnu", "generic", llvm::ArrayRef(kAArch64FeatureNames, ADZE_AARCH64_FEATURES)};
#else
  return {"x86_64-linux-gnu", "x86-64", llvm::ArrayRef(kX86FeatureNames, ADZE_X86_FEATURES)};
#endif
}

/// Keeps LLVM's code generator from hoisting constants out of loops. It hoists those of an epilogue over the loop of a
/// contraction before it, whose accumulators then spill; loops of ours have been through LICM on LLVM IR already. (The
/// option disable-machine-licm would not last: each call of the linker resets all options of LLVM.)
static void leaveConstantsInLoops() {
  static const llvm::RegisterTargetPassConfigCallback disable(
      [](llvm::TargetMachine &, llvm::PassManagerBase &, llvm::TargetPassConfig *passes) {
        passes->disablePass(&llvm::EarlyMachineLICMID);
      });
}

static const llvm::Target *lookUp(StringRef triple, std::string &error) {
  static const bool initialised = [] {
    llvm::InitializeNativeTarget();
    llvm::InitializeNativeTargetAsmPrinter();
    leaveConstantsInLoops();
    return true;
  }();
  (void)initialised;
  return llvm::TargetRegistry::lookupTarget(llvm::Triple(triple), error);
}

bool CpuMachine::has(StringRef feature) const {
  for (StringRef entry : llvm::split(features, ','))
    if (entry.drop_front(entry.empty() ? 0 : 1) == feature)
      return true;
  return false;
}

StringRef CpuMachine::dotInstruction() const {
  if ((has("avx512vnni") && has("avx512vl")) || (has("avxvnni") && vectorBits <= 256))
    return "vpdpbusd";
  return StringRef(triple).starts_with("x86_64") ? "pmaddwd" : "";
}

/// What LLVM's description of a CPU, or the operating system for "native", says it has.
static bool hasFeature(const llvm::MCSubtargetInfo &cpu, const llvm::StringMap<bool> *native, StringRef feature) {
  return native ? native->lookup(feature) : cpu.checkFeatures(("+" + feature).str());
}

static void findFacts(CpuMachine &machine) {
  bool wide = machine.has("avx512f") && machine.has("avx512vl") && machine.has("avx512bw") && machine.has("avx512dq");
  bool arm = machine.has("neon");
  machine.vectorBits = wide ? 512 : machine.has("avx2") ? 256 : 128;
  machine.vectorRegisters = wide || arm ? 32 : 16;
  machine.fma = machine.has("fma") || arm;
  machine.f16Convert = machine.has("f16c") || arm;
  machine.dotI8 = machine.has("avx512vnni") || machine.has("avxvnni") || machine.has("dotprod");
  machine.dotBf16 = machine.has("avx512bf16") || machine.has("bf16");
}

std::optional<CpuMachine> CpuMachine::find(StringRef name, std::string &error) {
  Architecture arch = architecture();
  const llvm::Target *target = lookUp(arch.triple, error);
  if (!target)
    return std::nullopt;
  bool isNative = name == "native";
  llvm::StringMap<bool> native;
  if (isNative)
    native = llvm::sys::getHostCPUFeatures();
  CpuMachine machine;
  machine.triple = arch.triple;
  machine.base = arch.base;
  machine.tune = isNative ? llvm::sys::getHostCPUName().str() : name.str();
  llvm::Triple triple(arch.triple);
  std::unique_ptr<llvm::MCSubtargetInfo> cpu(target->createMCSubtargetInfo(triple, arch.base, ""));
  if (!cpu->isCPUStringValid(machine.tune)) {
    error = "CPU '" + name.str() + "' is not known for " + machine.triple +
            "; expected native, a level such as x86-64-v3, or a CPU's name by LLVM";
    return std::nullopt;
  }
  cpu.reset(target->createMCSubtargetInfo(triple, machine.tune, ""));
  machine.featureBits = 0;
  for (auto [bit, feature] : llvm::enumerate(arch.features)) {
    if (!hasFeature(*cpu, isNative ? &native : nullptr, feature))
      continue;
    machine.featureBits |= uint64_t(1) << bit;
    machine.features += (machine.features.empty() ? "+" : ",+") + std::string(feature);
  }
  findFacts(machine);
  return machine;
}

namespace {
/// Machines that nobody uses now. One takes about a millisecond to make: tables of what is legal, for each CPU.
struct IdleMachines {
  static IdleMachines &get() {
    static IdleMachines machines;
    return machines;
  }
  std::unique_ptr<llvm::TargetMachine> take(const std::string &key) {
    std::lock_guard<std::mutex> guard(lock);
    auto found = byKey.find(key);
    if (found == byKey.end() || found->second.empty())
      return nullptr;
    auto machine = std::move(found->second.back());
    found->second.pop_back();
    return machine;
  }
  void put(const std::string &key, std::unique_ptr<llvm::TargetMachine> machine) {
    std::lock_guard<std::mutex> guard(lock);
    byKey[key].push_back(std::move(machine));
  }

private:
  std::mutex lock;
  std::map<std::string, std::vector<std::unique_ptr<llvm::TargetMachine>>> byKey;
};
} // namespace

void CpuMachine::GiveBack::operator()(llvm::TargetMachine *machine) const {
  IdleMachines::get().put(key, std::unique_ptr<llvm::TargetMachine>(machine));
}

CpuMachine::Borrowed CpuMachine::borrow(llvm::CodeGenOptLevel level) const {
  std::string key = triple + " " + base + " " + features + " " + std::to_string(int(level));
  auto machine = IdleMachines::get().take(key);
  if (!machine) {
    std::string error;
    const llvm::Target *target = lookUp(triple, error);
    llvm::TargetOptions options;
    options.AllowFPOpFusion = llvm::FPOpFusion::Standard;
    options.FunctionSections = true;
    machine.reset(target->createTargetMachine(llvm::Triple(triple), base, features, options, llvm::Reloc::PIC_,
                                              std::nullopt, level));
  }
  return Borrowed(machine.release(), GiveBack{std::move(key)});
}
