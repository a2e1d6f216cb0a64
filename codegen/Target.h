// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// What a target is to the rest of the compiler. A target is one folder of codegen/, registered by its word in
// ADZE_TARGETS.
#pragma once
#include "mlir/IR/BuiltinAttributes.h"
#include "mlir/IR/BuiltinOps.h"
#include "passes/host/Program.h"
#include "llvm/ADT/SmallVector.h"
#include <array>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace adze {

/// How a target compiles.
struct EmitOptions {
  /// The reference route (-O0): kernels are plain scalar loops, and compile time counts more than theirs.
  bool reference = false;
  enum class Form { Object, Llvm, Assembly };
  /// What comes out: an object file, or text to look at.
  Form form = Form::Object;
};

/// An object file, or text.
using Emitted = llvm::SmallVector<char, 0>;

/// The module attribute that holds Target::facts(). Passes read it, and never ask which target it is.
constexpr llvm::StringLiteral kTargetAttr = "adze.target";

/// The module attribute that holds DeviceTarget::deviceFacts(), where a device runs kernels.
constexpr llvm::StringLiteral kDeviceFactsAttr = "adze.device_facts";

/// Code of all kernels of a device, for one machine.
struct DeviceImage {
  std::string machine; ///< as the target names it
  std::string form;    ///< as the device's driver calls it
  Emitted code;
};

/// What an artifact has for a device.
struct DeviceCode {
  std::vector<DeviceImage> images; ///< none: no kernel is the device's
  std::string driverSymbol;        ///< of the runtime's driver: an adze_device_driver of runtime/abi.h
};

/// What is said of a device's kernels before any has run, for one piece of hardware; collected while they are compiled.
class DeviceReport {
public:
  virtual ~DeviceReport() = default;
  /// Learns what there is to see after a stage: kernels and launches (placed), bodies and grids (loops).
  virtual void learn(mlir::ModuleOp module) = 0;
  /// Learns of the images, which are texts.
  virtual mlir::LogicalResult learnImages(llvm::ArrayRef<DeviceImage> texts, mlir::Location loc) = 0;
  /// The report, as JSON text: an object whose list `kernels` has one object a kernel.
  virtual std::string write() const = 0;
};

class DeviceTarget;

class Target {
public:
  virtual ~Target() = default;
  /// The same, if it is a device beside the host.
  virtual const DeviceTarget *asDevice() const { return nullptr; }
  /// The word in ADZE_TARGETS.
  virtual llvm::StringRef name() const = 0;

  /// What passes may know of the machine:
  ///   vector_bits        : i64   width of a vector register
  ///   vector_registers   : i64   how many of them
  ///   fma                : bool  a * b + c in one instruction, rounded once
  ///   f16_convert        : bool  f16 <-> f32 in vector instructions
  ///   dot_i8, dot_bf16   : bool  four (two) products of neighbours added to an i32 (f32) in one instruction
  virtual mlir::DictionaryAttr facts(mlir::MLIRContext &context) const = 0;

  /// The machine by name and in full, for the artifact's metadata: never "native".
  virtual std::string machine() const = 0;

  /// Loads the dialects that compileKernel makes ops of. Called before it, since several threads cannot load into one
  /// context.
  virtual void loadDialects(mlir::MLIRContext &context) const = 0;

  /// Compiles one kernel. Comes in: a module with the body alone, in scf, arith, math, vector and memref:
  ///
  ///   func.func private @k(%begin: index, %end: index, %site: index, %n: index, %x: memref<?xf32>, %y: memref<?xf32>,
  ///                        %scratch: memref<?xi8>, %error: memref<?xi64>) attributes {adze.kernel} { ... }
  ///
  /// Goes out: an object that defines the hidden symbol kernelSymbol("k"), of the type that the launch service calls
  /// (on a CPU: adze_kernel_fn of runtime/abi.h). May be called from several threads with different modules of one
  /// context.
  virtual mlir::FailureOr<Emitted> compileKernel(mlir::ModuleOp kernel, const EmitOptions &options) const = 0;
};

/// The target that runs the host program: always the CPU that the artifact is for.
class HostTarget : public Target {
public:
  /// Compiles the host program. Comes in: a module with adze_main and the grids in the LLVM dialect. Goes out: an
  /// object that defines adze_program_description of runtime/abi.h and all it points to, but for the host's kernels,
  /// the device's driver and the weights.
  virtual mlir::FailureOr<Emitted> compileHost(mlir::ModuleOp module, const host::Program &program,
                                               const DeviceCode &device, llvm::StringRef metadata,
                                               const EmitOptions &options) const = 0;
};

/// A target whose kernels run on a device with a memory of its own, launched by the host program.
class DeviceTarget : public Target {
public:
  const DeviceTarget *asDevice() const override { return this; }

  /// What passes may know of the device, in the target's own words.
  virtual mlir::DictionaryAttr deviceFacts(mlir::MLIRContext &context) const = 0;
  /// Adds passes that set `schedule` on each kernel.func that the device runs, and kernel::kHostReasonAttr on the
  /// others.
  virtual void addSchedule(mlir::OpPassManager &passes, bool reference) const = 0;
  /// Adds passes that turn each kernel.func with a schedule into a function with kernel::kDeviceAttr, and one for its
  /// grid.
  virtual void addLowering(mlir::OpPassManager &passes, bool reference) const = 0;
  /// The machines that images are made for, by the target's own names.
  virtual llvm::ArrayRef<std::string> machines() const = 0;
  /// As compileKernel, for machine number `machine`. The text or code defines kernelName("k").
  virtual mlir::FailureOr<Emitted> compileFor(unsigned machine, mlir::ModuleOp kernel,
                                              const EmitOptions &options) const = 0;
  /// The name of a kernel in its image.
  virtual std::string kernelName(llvm::StringRef kernel) const = 0;
  /// Joins what compileFor gave for one machine.
  virtual mlir::FailureOr<DeviceImage> link(unsigned machine, llvm::ArrayRef<Emitted> kernels,
                                            mlir::Location loc) const = 0;
  /// The forms of images: that of link, then that of assemble.
  virtual std::array<llvm::StringLiteral, 2> imageForms() const = 0;
  /// Code of the image's machine alone, by tools of its vendor. An error at `loc` where they are missing or fail.
  virtual mlir::FailureOr<DeviceImage> assemble(const DeviceImage &image, mlir::Location loc) const = 0;
  /// The files of those tools, as far as there are any.
  virtual std::vector<std::string> tools() const = 0;
  /// A report for the hardware called `name`, or if that is empty for the first that is known and runs what is
  /// compiled. Null, with the reason in `error`, if there is none.
  virtual std::unique_ptr<DeviceReport> report(llvm::StringRef name, std::string &error) const = 0;
  /// The runtime's driver for this device.
  virtual llvm::StringRef driverSymbol() const = 0;
};

/// The symbol that a kernel is linked by.
std::string kernelSymbol(llvm::StringRef kernel);

/// The target of this name for a machine by the target's own naming (for the host: "native", a level such as x86-64-v3,
/// or any CPU that LLVM knows). Null with a reason in `error` if there is none.
std::unique_ptr<Target> createTarget(llvm::StringRef name, llvm::StringRef machine, std::string &error);
/// As createTarget, for the host.
std::unique_ptr<HostTarget> createHostTarget(llvm::StringRef machine, std::string &error);

/// The targets of one compilation.
struct Targets {
  std::unique_ptr<HostTarget> host;
  std::unique_ptr<Target> other; ///< null: the host runs the kernels

  /// The device beside the host, or null.
  const DeviceTarget *device() const { return other ? other->asDevice() : nullptr; }
  /// What compiles the kernels that no device runs.
  const Target &kernels() const { return other && !device() ? *other : *host; }
};
/// The host's CPU, and the target that `text` asks for: its name (empty: the host's), or "name:machine,machine" where
/// the target can be for others than the machine at hand. Nothing, with a reason in `error`, if there is none.
std::optional<Targets> createTargets(llvm::StringRef text, llvm::StringRef cpu, std::string &error);

/// Adds what a context needs for modules to be exported to LLVM IR, by any target.
void registerEmission(mlir::DialectRegistry &registry);
/// Registers the passes of all targets, for adze-opt.
void registerTargetPasses();
/// The targets that this build has.
llvm::ArrayRef<llvm::StringLiteral> targetNames();

} // namespace adze
