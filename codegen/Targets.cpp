// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The registry: ADZE_TARGET(word) of Targets.inc, made by CMake from ADZE_TARGETS.
#include "codegen/Target.h"
#include "mlir/Target/LLVMIR/Dialect/Builtin/BuiltinToLLVMIRTranslation.h"
#include "mlir/Target/LLVMIR/Dialect/LLVMIR/LLVMToLLVMIRTranslation.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringExtras.h"

namespace adze {

#define ADZE_TARGET(ID) std::unique_ptr<Target> create_##ID##_target(llvm::StringRef machine, std::string &error);
#include "codegen/Targets.inc"

#define ADZE_TARGET(ID) void register_##ID##_passes();
#include "codegen/Targets.inc"

#define ADZE_TARGET(ID) void register_##ID##_emission(mlir::DialectRegistry &registry);
#include "codegen/Targets.inc"

void registerEmission(mlir::DialectRegistry &registry) {
  mlir::registerBuiltinDialectTranslation(registry);
  mlir::registerLLVMDialectTranslation(registry);
#define ADZE_TARGET(ID) register_##ID##_emission(registry);
#include "codegen/Targets.inc"
}

void registerTargetPasses() {
#define ADZE_TARGET(ID) register_##ID##_passes();
#include "codegen/Targets.inc"
}

static constexpr llvm::StringLiteral kNames[] = {
#define ADZE_TARGET(ID) #ID,
#include "codegen/Targets.inc"
};

llvm::ArrayRef<llvm::StringLiteral> targetNames() { return kNames; }

std::unique_ptr<Target> createTarget(llvm::StringRef name, llvm::StringRef machine, std::string &error) {
#define ADZE_TARGET(ID)                                                                                                \
  if (name == #ID)                                                                                                     \
    return create_##ID##_target(machine, error);
#include "codegen/Targets.inc"
  error = "target '" + name.str() + "' is not one of this build's: " + llvm::join(targetNames(), ", ");
  return nullptr;
}

std::optional<Targets> createTargets(llvm::StringRef text, llvm::StringRef cpu, std::string &error) {
  auto [name, machines] = text.split(':');
  Targets targets;
  targets.host = createHostTarget(cpu, error);
  if (!targets.host)
    return std::nullopt;
  bool isHost = name.empty() || name == targets.host->name();
  if (isHost && !machines.empty()) {
    error = "target '" + text.str() + "': the host's machine is an option of its own";
    return std::nullopt;
  }
  if (isHost)
    return targets;
  targets.other = createTarget(name, machines.empty() ? "native" : machines, error);
  return targets.other ? std::optional(std::move(targets)) : std::nullopt;
}

} // namespace adze
