// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Starts workers with nothing of this process but its environment and current folder: no descriptors, no signal mask.
#include "compiler/worker/Process.h"

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <dlfcn.h>
#include <fcntl.h>
#include <spawn.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

using namespace adze;

namespace {

/// The folder of the program or library that this function is linked into.
std::string ownFolder() {
  Dl_info info;
  std::string path;
  if (dladdr(reinterpret_cast<void *>(&ownFolder), &info) && info.dli_fname)
    path = info.dli_fname;
  char *real = realpath("/proc/self/exe", nullptr);
  // The main program's name may be relative to a folder that was left since.
  char *library = path.empty() ? nullptr : realpath(path.c_str(), nullptr);
  path = library ? library : real ? real : "";
  free(library);
  free(real);
  return path.substr(0, path.rfind('/') == std::string::npos ? 0 : path.rfind('/'));
}

/// Attributes and file actions of one posix_spawn.
struct Spawn {
  posix_spawn_file_actions_t actions;
  posix_spawnattr_t attributes;

  Spawn(int socket, int standardError) {
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_adddup2(&actions, socket, 0);
    posix_spawn_file_actions_addopen(&actions, 1, "/dev/null", O_WRONLY, 0);
    posix_spawn_file_actions_adddup2(&actions, standardError, 2);
    posix_spawn_file_actions_addclosefrom_np(&actions, 3);
    posix_spawnattr_init(&attributes);
    sigset_t none, all;
    sigemptyset(&none);
    sigfillset(&all);
    posix_spawnattr_setsigmask(&attributes, &none);
    posix_spawnattr_setsigdefault(&attributes, &all);
    // A group of its own: Ctrl-C is for this process, which ends the worker if it wants to.
    posix_spawnattr_setpgroup(&attributes, 0);
    posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETPGROUP);
  }
  ~Spawn() {
    posix_spawn_file_actions_destroy(&actions);
    posix_spawnattr_destroy(&attributes);
  }
};

/// A descriptor over 2, so that the child's dup2 to 0 and 2 never meets its source.
Descriptor above2(int fd) {
  int copy = fcntl(fd, F_DUPFD_CLOEXEC, 3);
  ::close(fd);
  return Descriptor(copy);
}

} // namespace

std::string adze::findWorker(std::string &why) {
  if (const char *named = getenv("ADZE_WORKER")) {
    if (access(named, X_OK) == 0)
      return named;
    why = std::string("ADZE_WORKER is '") + named + "', which cannot be executed";
    return "";
  }
  std::string folder = ownFolder();
  for (const char *name : {"/bin/adze", "/adze"}) {
    std::string path = folder + name;
    if (access(path.c_str(), X_OK) == 0)
      return path;
  }
  why = "there is no program 'adze' or 'bin/adze' in '" + folder + "'";
  return "";
}

WorkerProcess::WorkerProcess(Descriptor socket, Descriptor standardError, pid_t pid)
    : channel(std::move(socket)), words(std::move(standardError)), pid(pid), owner(getpid()) {}

std::unique_ptr<WorkerProcess> WorkerProcess::start(std::string &why) {
  std::string program = findWorker(why);
  if (program.empty())
    return nullptr;
  int ends[2];
  if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) != 0) {
    why = std::string("cannot make a socket: ") + strerrordesc_np(errno);
    return nullptr;
  }
  Descriptor ours = above2(ends[0]), theirs = above2(ends[1]);
  Descriptor words = above2(memfd_create("adze-worker-stderr", MFD_CLOEXEC));
  if (ours.get() < 0 || theirs.get() < 0 || words.get() < 0 || fcntl(words.get(), F_SETFL, O_APPEND) != 0) {
    why = std::string("cannot make files for it: ") + strerrordesc_np(errno);
    return nullptr;
  }
  Spawn spawn(theirs.get(), words.get());
  const char *arguments[] = {"adze", "worker", nullptr};
  pid_t pid;
  int failed = posix_spawn(&pid, program.c_str(), &spawn.actions, &spawn.attributes,
                           const_cast<char *const *>(arguments), environ);
  if (failed) {
    why = "cannot execute '" + program + "': " + strerrordesc_np(failed);
    return nullptr;
  }
  return std::unique_ptr<WorkerProcess>(new WorkerProcess(std::move(ours), std::move(words), pid));
}

WorkerProcess::~WorkerProcess() {
  if (getpid() == owner && !reaped)
    kill();
}

bool WorkerProcess::ended(bool wait) {
  if (reaped)
    return true;
  pid_t got;
  int how;
  do
    got = waitpid(pid, &how, wait ? 0 : WNOHANG);
  while (got < 0 && errno == EINTR);
  reaped = got != 0; // an error: somebody else has waited for it
  if (got == pid)
    status = how;
  return reaped;
}

bool WorkerProcess::usable() { return getpid() == owner && !ended(false); }

void WorkerProcess::kill() {
  if (!ended(false)) {
    ::kill(pid, SIGKILL);
    ended(true);
  }
}

void WorkerProcess::clearLastWords() { (void)!ftruncate(words.get(), 0); }

std::string WorkerProcess::causeOfDeath() {
  // It closed the channel: it ends by itself, or never will.
  for (int tries = 0; tries < 100 && !ended(false); ++tries)
    usleep(20000);
  kill();
  std::string cause = "ended";
  if (status >= 0 && WIFSIGNALED(status))
    cause = "died of signal " + std::to_string(WTERMSIG(status)) + " (" + sigdescr_np(WTERMSIG(status)) + ")";
  else if (status >= 0 && WIFEXITED(status))
    cause = "ended with status " + std::to_string(WEXITSTATUS(status));
  char text[2048];
  off_t size = lseek(words.get(), 0, SEEK_END), from = std::max<off_t>(0, size - off_t(sizeof text));
  ssize_t got = pread(words.get(), text, sizeof text, from);
  std::string last(text, static_cast<size_t>(std::max<ssize_t>(0, got)));
  last.erase(last.find_last_not_of(" \n\t") + 1);
  return last.empty() ? cause : cause + "; its last words: " + last;
}
