// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// One worker process, as its client sees it.
#pragma once
#include "compiler/worker/Channel.h"

#include <memory>
#include <sys/types.h>

namespace adze {

class WorkerProcess {
public:
  /// Starts a worker; null, with the reason in `why`, if that is not possible.
  static std::unique_ptr<WorkerProcess> start(std::string &why);

  /// Ends the worker, unless this process is a fork of the one that started it.
  ~WorkerProcess();

  /// False once it has ended, or in a fork of the process that started it.
  bool usable();

  /// Kills it at once.
  void kill();

  /// After the channel was closed: waits for the end, and says how it ended, with its last words.
  std::string causeOfDeath();

  /// Forgets what the worker has written to its standard error.
  void clearLastWords();

  Channel channel;

private:
  WorkerProcess(Descriptor socket, Descriptor standardError, pid_t pid);
  bool ended(bool wait);

  Descriptor words; ///< the worker's standard error: a file in memory
  pid_t pid, owner;
  bool reaped = false;
  int status = -1; ///< of waitpid; -1: not known
};

/// The program of the worker: the environment's ADZE_WORKER, or the `adze` that lies beside this program or library.
/// Empty, with the reason in `why`: there is none.
std::string findWorker(std::string &why);

} // namespace adze
