// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "compiler/worker/Output.h"

#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <filesystem>

using namespace adze;
namespace fs = std::filesystem;

bool PrivateFile::create(CompileResult &failure) {
  std::error_code wrong;
  fs::path base = fs::temp_directory_path(wrong);
  std::string pattern = (wrong ? fs::path("/tmp") : base) / "adze-XXXXXX";
  if (mkdtemp(pattern.data())) { // made with mode 0700
    folder = pattern;
    return true;
  }
  Diagnostic d;
  d.message = "cannot make a temporary folder '" + pattern + "': " + strerrordesc_np(errno);
  failure.diagnostics.push_back(d);
  return false;
}

PrivateFile::~PrivateFile() {
  std::error_code ignored;
  if (!folder.empty())
    fs::remove_all(folder, ignored); // also what a worker left that died
}

Descriptor PrivateFile::open() const { return Descriptor(::open(path().c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW)); }
