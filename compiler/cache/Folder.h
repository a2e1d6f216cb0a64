// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The user's folder for what Adze keeps, and folders that belong to this user alone.
#pragma once
#include "compiler/Api.h"

namespace adze {

/// ADZE_CACHE_DIR, else XDG_CACHE_HOME/adze, else ~/.cache/adze, else a folder by the user's number among the temporary
/// ones. It need not be there.
std::string userCacheFolder();

/// Makes the folder `path` with mode 0700, where it is not there, and opens it. -1, with the reason in `why`, unless it
/// is a folder and no link, belongs to this user, and nobody else may write into it.
Descriptor openPrivateFolder(const std::string &path, std::string &why);

/// The same for `name` in an open folder.
Descriptor openFolderIn(int folder, const std::string &name, std::string &why);

/// Removes `name`, a folder without folders in it, from an open folder. False if something is left.
bool removeFolder(int folder, const std::string &name);

/// The names in an open folder, without "." and "..".
std::vector<std::string> namesIn(int folder);

/// All of an open file, or what there is of it up to `most` bytes.
std::string readAll(int file, size_t most = size_t(1) << 24);

} // namespace adze
