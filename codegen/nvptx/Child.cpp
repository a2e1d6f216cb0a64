// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "codegen/nvptx/Child.h"

#include <cerrno>
#include <csignal>
#include <fcntl.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <thread>
#include <unistd.h>

using namespace adze::nvptx;

/// The child's part; only what may be called in the child of a process with threads.
[[noreturn]] static void become(char *const *arguments, const char *log, pid_t parent) {
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (getppid() != parent)
    _exit(127);
  int out = open(log, O_WRONLY | O_CREAT | O_TRUNC, 0600), in = open("/dev/null", O_RDONLY);
  if (out >= 0 && in >= 0 && dup2(in, 0) == 0 && dup2(out, 1) == 1 && dup2(out, 2) == 2)
    execv(arguments[0], arguments);
  _exit(127);
}

Ended adze::nvptx::runChild(const std::vector<std::string> &command, const std::string &log,
                            std::chrono::milliseconds patience) {
  std::vector<char *> arguments;
  for (const std::string &word : command)
    arguments.push_back(const_cast<char *>(word.c_str()));
  arguments.push_back(nullptr);
  auto end = std::chrono::steady_clock::now() + patience;
  pid_t parent = getpid(), child = fork();
  if (child == 0)
    become(arguments.data(), log.c_str(), parent);
  if (child < 0)
    return Ended::Badly;
  for (auto pause = std::chrono::milliseconds(1);; pause = std::min(2 * pause, std::chrono::milliseconds(20))) {
    int status = 0;
    pid_t done = waitpid(child, &status, WNOHANG);
    if (done == child)
      return WIFEXITED(status) && WEXITSTATUS(status) == 0 ? Ended::Well : Ended::Badly;
    if (done < 0 && errno != EINTR)
      return Ended::Badly;
    if (std::chrono::steady_clock::now() > end) {
      kill(child, SIGKILL);
      waitpid(child, &status, 0);
      return Ended::TooLate;
    }
    std::this_thread::sleep_for(pause);
  }
}
