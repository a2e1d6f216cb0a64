// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// All that tools/ and python/ may include from the compiler: compiles models in the compiler's worker process.
// Plain C++17; neither MLIR nor LLVM enters the process that includes it.
#pragma once
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace adze {

enum class Severity { Error, Warning, Remark };

/// What the compiler says of a model.
struct Diagnostic {
  Severity severity = Severity::Error;
  std::string message; ///< without node, operator and severity
  std::string node;    ///< name of the ONNX node, or empty
  std::string op;      ///< its operator, with the domain where that is not ONNX's own, or empty
  int64_t opset = -1;  ///< of the operator, or -1
  std::string types;   ///< of the node's inputs, or empty
  std::string stage;   ///< where in the compiler it was found, or empty
};

/// "node 'conv1' (Conv, opset 13): message" without the severity, and if types are known a second line "  inputs: ...".
std::string toString(const Diagnostic &diagnostic);

/// "error", "warning" or "remark".
const char *toString(Severity severity);

/// What a compilation writes.
enum class Emit {
  Artifact, ///< the self-contained shared library
  Nothing,  ///< only checks that all of the model compiles
  Object,   ///< a relocatable object: the code of the artifact
  LLVM,     ///< LLVM IR as text
  Asm,      ///< assembly
  Images,   ///< the code of a device's kernels: a file for each machine in the folder `outputPath`, in `imageForm`
  MLIR      ///< MLIR as text: after `stopAfter`, else after the last stage
};

/// Whether and where compiled models are kept for the next time.
struct CachePolicy {
  bool use = false;
  std::string folder; ///< empty: the user's: ADZE_CACHE_DIR, else XDG_CACHE_HOME/adze, else ~/.cache/adze
};

/// What a user may allow, by word:
///   "tf32": f32 products by units that read the first 10 bits of a mantissa;
///   "bf16x3": f32 products as three of bf16, which have 16 bits of a mantissa. Operands are finite then.
std::vector<std::string> allowances();

/// What to compile, and how.
struct CompileOptions {
  std::string modelPath;       ///< the file of the model; empty: the model is `modelBytes`
  std::string_view modelBytes; ///< the caller's, during the call
  std::string baseDirectory;   ///< of external data where the model is `modelBytes`; empty: external data is an error
  std::string outputPath;      ///< replaced at the end, in one step; empty: CompileResult::descriptor
  std::string weightsPath;     ///< a file for the weights, apart from the artifact `outputPath`; empty: they are in it
  std::vector<std::pair<std::string, int64_t>> dims; ///< pinned dimensions, by name
  std::string target;                                ///< a word of ADZE_TARGETS; empty: the host's
  std::string cpu = "native";                        ///< "native", an x86-64 level or a CPU's name as LLVM knows it
  int optLevel = 2;                                  ///< 0: the numeric reference route; 2
  std::vector<std::string> allow;                    ///< what results may lose: words of allowances()
  int jobs = 0;                                      ///< threads of the compiler; 0: all CPUs
  Emit emit = Emit::Artifact;
  std::string imageForm; ///< a form of the target's
  bool report = false;   ///< on what a device's kernels ask of it: CompileResult::report
  std::string
      reportFor; ///< a piece of hardware, by a name of the target's; empty: the first that it knows and that fits
  bool assemble = false; ///< the artifact also has what tools of the device's vendor make of its images
  std::string stopAfter; ///< the last stage to run (stageNames); its MLIR is written
  std::string startAt;   ///< the first stage to run; the model is then MLIR text as `stopAfter` of the one before wrote
  bool exposeValues = false; ///< each named value of the model's graph becomes an output, after the model's own
  bool writeWeights =
      true;          ///< MLIR text: the bytes of the weights go to `outputPath`.weights, where startAt finds them
  CachePolicy cache; ///< of artifacts without outputPath that are compiled from a model; others are not kept
};

/// A kernel that the host runs although the target is a device.
struct HostKernel {
  std::string kernel, nodes, operators; ///< its name, and what it computes: names, separated by ';'
  std::string reason;
};

/// "k7 (NonMaxSuppression 'nms'): reason".
std::string toString(const HostKernel &kernel);

/// Figures of a compilation; -1 where not known.
struct CompileSummary {
  int64_t kernels = -1;
  int64_t codeBytes = -1;
  int64_t weightBytes = -1;
  int64_t peakArenaBytes = -1;       ///< of the host's memory between kernels; known where all sizes are
  int64_t peakDeviceArenaBytes = -1; ///< of a device's; 0 where there is none
  double seconds = 0;
  std::vector<HostKernel> hostKernels; ///< of a device's target: those that the device does not run
};

/// A file descriptor that is closed with its owner.
class Descriptor {
public:
  explicit Descriptor(int fd = -1) : fd(fd) {}
  Descriptor(Descriptor &&other) noexcept : fd(other.release()) {}
  Descriptor &operator=(Descriptor &&other) noexcept {
    std::swap(fd, other.fd);
    return *this;
  }
  ~Descriptor();
  /// The descriptor, or -1; still owned.
  int get() const { return fd; }
  /// The descriptor, or -1; no longer owned.
  int release() { return std::exchange(fd, -1); }

private:
  int fd;
};

/// How a compilation ended.
struct CompileResult {
  bool ok = false;
  bool cancelled = false;              ///< Callbacks::cancelled ended it
  std::vector<Diagnostic> diagnostics; ///< at least one error if not ok
  CompileSummary summary;              ///< if ok
  Descriptor descriptor;               ///< if ok and without outputPath: the output
  Descriptor weights;                  ///< the weights, where they are apart from the artifact: as the cache keeps them
  std::string report;                  ///< if it was asked for: JSON text, see the target's README
  bool cached = false;                 ///< nothing was compiled: the cache had it
  std::vector<std::string> externalFiles; ///< files beside the model with weights of it, as the model names them
};

/// Where a compilation is.
struct CompileProgress {
  std::string stage;
  std::string kernel; ///< the kernel that begins or ends; empty: the stage begins
  bool ends = false;  ///< the kernel ends
  int64_t done = 0;   ///< kernels done
  int64_t total = 0;  ///< kernels of the model; 0: not known yet
};

/// Called on the thread that compiles; both may be empty.
struct Callbacks {
  std::function<void(const CompileProgress &)> progress;
  std::function<bool()> cancelled; ///< asked ten times a second; true: the compilation is ended
};

/// Compiles in a worker process. Whatever the model does to the compiler, this process lives: the worker's death is a
/// diagnostic. Workers are started when needed, kept for the next call, and end with this process. Any number of
/// threads may call it. The worker's program is the environment's ADZE_WORKER, or lies beside this program or library:
/// `adze` or `bin/adze`.
CompileResult compile(const CompileOptions &options, const Callbacks &callbacks = {});

/// One model in the cache.
struct CachedModel {
  std::string model; ///< its path when it was compiled; empty: it was given as bytes
  std::vector<std::pair<std::string, int64_t>> dims;
  std::string target, cpu;
  int optLevel = 0;
  int64_t codeBytes = 0, weightBytes = 0;
  bool sharesWeights = false; ///< other models in the cache have the same weights, stored once
  int64_t lastUsed = 0;       ///< seconds since 1970
};

/// What is in a cache.
struct CacheContents {
  std::string folder;
  std::vector<CachedModel> models; ///< the latest used first
  int64_t bytes = 0;               ///< of all of them
  int64_t limit = 0;               ///< ADZE_CACHE_SIZE, or 10 GB and a tenth of the free space, whichever is less
};

/// Looks into the cache of `policy`. False, with the reason in `why`, for a folder that cannot be used.
bool readCache(const CachePolicy &policy, CacheContents &contents, std::string &why);

/// Removes all models from the cache. False, with the reason in `why`, if it cannot be used.
bool clearCache(const CachePolicy &policy, std::string &why);

/// The names that stopAfter and startAt take, in order; asked of a worker. Empty if none can be started.
std::vector<std::string> stageNames();

/// Serves compilations on a connected socket until it is closed: what a worker process does. Answers its exit status.
/// In the library AdzeCompiler only, with which LLVM is linked.
int runWorker(int socket);

/// The version of Adze, as in "0.1.0".
const char *version();

} // namespace adze
