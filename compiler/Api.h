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

/// "node 'conv1' (Conv, opset 13): message", without the severity.
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
  MLIR      ///< MLIR as text: after `stopAfter`, else after the last stage
};

/// What to compile, and how.
struct CompileOptions {
  std::string modelPath;       ///< the file of the model; empty: the model is `modelBytes`
  std::string_view modelBytes; ///< the caller's, during the call
  std::string baseDirectory;   ///< of external data where the model is `modelBytes`; empty: external data is an error
  std::string outputPath;      ///< replaced at the end, in one step; empty: CompileResult::descriptor
  std::vector<std::pair<std::string, int64_t>> dims; ///< pinned dimensions, by name
  std::string target;                                ///< a word of ADZE_TARGETS; empty: the host's
  std::string cpu = "native";                        ///< "native", an x86-64 level or a CPU's name as LLVM knows it
  int optLevel = 2;                                  ///< 0: the numeric reference route; 2
  int jobs = 0;                                      ///< threads of the compiler; 0: all CPUs
  Emit emit = Emit::Artifact;
  std::string stopAfter; ///< the last stage to run (stageNames); its MLIR is written
  std::string startAt;   ///< the first stage to run; the model is then MLIR text as `stopAfter` of the one before wrote
  bool exposeValues = false; ///< each named value of the model's graph becomes an output, after the model's own
  bool writeWeights =
      true; ///< MLIR text: the bytes of the weights go to `outputPath`.weights, where startAt finds them
};

/// Figures of a compilation; -1 where not known.
struct CompileSummary {
  int64_t kernels = -1;
  int64_t codeBytes = -1;
  int64_t weightBytes = -1;
  int64_t peakArenaBytes = -1; ///< of the memory between kernels; known where all sizes are
  double seconds = 0;
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
  Descriptor descriptor;               ///< if ok and without outputPath: the output, a file without a name
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

/// The names that stopAfter and startAt take, in order; asked of a worker. Empty if none can be started.
std::vector<std::string> stageNames();

/// Serves compilations on a connected socket until it is closed: what a worker process does. Answers its exit status.
/// In the library AdzeCompiler only, with which LLVM is linked.
int runWorker(int socket);

/// The version of Adze, as in "0.1.0".
const char *version();

} // namespace adze
