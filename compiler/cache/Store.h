// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The cache's folder: whole entries, each in a folder of its own that appears and disappears in one step.
#pragma once
#include "compiler/cache/Records.h"

#include <memory>

namespace adze {

/// What an entry says of itself.
struct EntryInfo {
  std::string model; ///< its path, or empty
  std::vector<std::pair<std::string, int64_t>> dims;
  std::string target, cpu;
  int optLevel = 0;
  CompileSummary summary;
  std::vector<Diagnostic> diagnostics; ///< warnings and remarks of the compilation
  std::string boot;                    ///< since when its files are known to be whole: a start of the system
};

/// An entry that was found, open.
struct Entry {
  Descriptor code, weights; ///< weights: -1 if it has none
  EntryInfo info;
};

/// A new entry in the making: a folder that nobody else looks into, removed with the object unless it was published.
class Staging {
public:
  Staging(int temporaries, std::string name, std::string path, Descriptor folder)
      : temporaries(temporaries), name(std::move(name)), path(std::move(path)), folder(std::move(folder)) {}
  Staging(const Staging &) = delete;
  ~Staging();
  /// Where the compiler writes.
  std::string codePath() const { return path + "/code.so"; }
  std::string weightsPath() const { return path + "/weights"; }

private:
  friend class Store;
  int temporaries;
  std::string name, path;
  Descriptor folder; ///< locked as long as this process works on it
  bool published = false;
};

class Store {
public:
  /// Opens the cache in `folder` (empty: the user's) and removes what dead processes left. Null, with the reason in
  /// `why`, if it cannot be used; without a reason if the user wants none (ADZE_CACHE_SIZE is 0).
  static std::unique_ptr<Store> open(const std::string &folder, std::string &why);

  const Records &records() const { return known; }

  /// The entry under `key`, checked and from now on the last used; nothing if there is none. One that is not as it was
  /// written is removed.
  std::optional<Entry> find(const std::string &key);

  /// Begins an entry; null, with the reason in `why`, if that is not possible.
  std::unique_ptr<Staging> stage(std::string &why);

  /// What lies in `staging`, open, and published under `key` if there is one. Weights that another entry has are
  /// shared; an entry that is there already stays. Makes room by removing those not used for longest. Nothing if it is
  /// not whole. An entry that cannot be published, or is larger than the cache may be, is answered all the same.
  std::optional<Entry> publish(Staging &staging, const std::optional<std::string> &key, EntryInfo info);

  /// Looks into it.
  CacheContents contents() const;

  /// Removes all entries and records.
  void clear();

private:
  struct Listed;
  Store() = default;
  void sweep();
  std::vector<Listed> list() const;
  void makeRoom();
  void remove(const std::string &key);
  void dropUnusedWeights();
  void shareWeights(Staging &staging, const std::string &digest);

  std::string path;
  Descriptor folder, entries, weights, temporaries, recordsFolder;
  Records known{-1};
  int64_t limit = 0;
};

} // namespace adze
