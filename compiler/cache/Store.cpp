// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "compiler/cache/Store.h"

#include "compiler/cache/Folder.h"
#include "compiler/worker/Json.h"
#include "runtime/loader/loader.h"
#include "runtime/loader/write.h"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <map>
#include <random>
#include <set>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

namespace adze {

NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(EntryInfo, model, dims, target, cpu, optLevel, summary, diagnostics, boot)

namespace {

constexpr const char *kCode = "code.so", *kWeights = "weights", *kInfo = "info";
constexpr size_t kMostRecords = 4096;
constexpr int64_t kLargest = 10000000000;

/// Held while temporaries are made or swept and while entries come and go: briefly, but never across a compilation.
class Lock {
public:
  explicit Lock(int folder) : file(openat(folder, "lock", O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600)) {
    while (file.get() >= 0 && flock(file.get(), LOCK_EX) != 0 && errno == EINTR)
      ;
  }
  // Not by closing alone: a fork may have the descriptor too.
  ~Lock() { flock(file.get(), LOCK_UN); }

private:
  Descriptor file;
};

Descriptor openFile(int folder, const char *name) {
  return Descriptor(openat(folder, name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC));
}

std::string pathOf(const Descriptor &file) { return "/proc/self/fd/" + std::to_string(file.get()); }

/// What lies in an entry's folder, checked; nothing if it is not whole. `digest`: of its weights.
std::optional<Entry> openEntry(int folder, bool withInfo, std::string *digest = nullptr) {
  Entry entry{openFile(folder, kCode), openFile(folder, kWeights), {}};
  uint8_t bytes[16];
  if (entry.code.get() < 0 || adze_check(pathOf(entry.code).c_str(), entry.weights.get(), bytes, nullptr) != ADZE_OK)
    return std::nullopt;
  if (digest)
    for (uint8_t byte : bytes)
      for (int shift : {4, 0})
        *digest += "0123456789abcdef"[byte >> shift & 15];
  if (!withInfo)
    return entry;
  Descriptor info = openFile(folder, kInfo);
  auto read = [&](const nlohmann::json &value) { value.get_to(entry.info); };
  if (info.get() < 0 || !unpack(readAll(info.get()), read))
    return std::nullopt;
  return entry;
}

/// Names this start of the system.
std::string currentBoot() {
  Descriptor file(open("/proc/sys/kernel/random/boot_id", O_RDONLY | O_CLOEXEC));
  return readAll(file.get());
}

bool writeInfo(int folder, const char *name, const EntryInfo &info) {
  Descriptor file(openat(folder, name, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0600));
  std::string bytes = pack(info);
  return file.get() >= 0 && adze_write_all(file.get(), bytes.data(), bytes.size());
}

/// Entries are not forced to the disk, which would take longer than compiling: weights that were written before the
/// system was last started may have been lost with it, so they are read once. False: they are not whole.
bool survived(int folder, Entry &entry) {
  std::string boot = currentBoot();
  if (entry.info.boot == boot)
    return true;
  if (adze_verify_apart(pathOf(entry.code).c_str(), entry.weights.get(), nullptr) != ADZE_OK)
    return false;
  entry.info.boot = boot;
  if (writeInfo(folder, "info.new", entry.info))
    (void)!renameat(folder, "info.new", folder, kInfo);
  return true;
}

/// Reads "500M" and the like; -1 if it is no size.
int64_t parseSize(const std::string &text) {
  const std::string units = "KMGT";
  char *end = nullptr;
  errno = 0;
  double value = strtod(text.c_str(), &end);
  size_t unit = *end ? units.find(*end) : std::string::npos;
  for (size_t i = 0; unit != std::string::npos && i <= unit; ++i)
    value *= 1000;
  end += unit != std::string::npos;
  end += unit != std::string::npos && *end == 'B';
  return end == text.c_str() || *end || errno || !(value >= 0 && value < 9e18) ? -1 : static_cast<int64_t>(value);
}

/// Whether two open files of one size hold the same bytes.
bool sameBytes(int a, int b) {
  constexpr size_t kChunk = size_t(1) << 20;
  std::vector<char> left(kChunk), right(kChunk);
  for (off_t at = 0;;) {
    ssize_t got = pread(a, left.data(), kChunk, at);
    if (got <= 0)
      return got == 0;
    for (ssize_t done = 0; done < got;) {
      ssize_t more = pread(b, right.data() + done, static_cast<size_t>(got - done), at + done);
      if (more <= 0)
        return false;
      done += more;
    }
    if (memcmp(left.data(), right.data(), static_cast<size_t>(got)) != 0)
      return false;
    at += got;
  }
}

} // namespace

Staging::~Staging() {
  if (!published && !removeFolder(temporaries, name))
    removeFolder(temporaries, name); // a worker that was just killed may have made one more file
  flock(folder.get(), LOCK_UN);
}

std::unique_ptr<Store> Store::open(const std::string &folder, std::string &why) {
  std::unique_ptr<Store> store(new Store);
  const char *size = getenv("ADZE_CACHE_SIZE");
  store->limit = size ? parseSize(size) : -1;
  if (store->limit == 0)
    return nullptr;
  if (size && store->limit < 0) {
    why = "ADZE_CACHE_SIZE is '" + std::string(size) + "', expected bytes, as in 500M or 20G, or 0 for no cache";
    return nullptr;
  }
  store->path = folder.empty() ? userCacheFolder() : folder;
  store->folder = openPrivateFolder(store->path, why);
  if (store->folder.get() < 0)
    return nullptr;
  const std::pair<const char *, Descriptor *> parts[] = {{"entries", &store->entries},
                                                         {"weights", &store->weights},
                                                         {"temporary", &store->temporaries},
                                                         {"records", &store->recordsFolder}};
  for (auto [name, descriptor] : parts)
    if ((*descriptor = openFolderIn(store->folder.get(), name, why)).get() < 0)
      return nullptr;
  store->known = Records(store->recordsFolder.get());
  store->sweep();
  return store;
}

void Store::sweep() {
  std::vector<std::string> names = namesIn(temporaries.get());
  if (names.empty())
    return;
  Lock lock(folder.get());
  for (const std::string &name : names) {
    Descriptor left(openat(temporaries.get(), name.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
    if (left.get() >= 0 && flock(left.get(), LOCK_EX | LOCK_NB) == 0)
      removeFolder(temporaries.get(), name);
  }
  dropUnusedWeights();
}

std::optional<Entry> Store::find(const std::string &key) {
  Descriptor place(openat(entries.get(), key.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
  if (place.get() < 0)
    return std::nullopt;
  auto entry = openEntry(place.get(), /*withInfo=*/true);
  if (entry && !survived(place.get(), *entry))
    entry.reset();
  if (!entry) {
    Lock lock(folder.get());
    remove(key);
    dropUnusedWeights();
  } else {
    utimensat(place.get(), kInfo, nullptr, 0); // now
  }
  return entry;
}

std::unique_ptr<Staging> Store::stage(std::string &why) {
  Lock lock(folder.get());
  std::string name = std::to_string(getpid()) + "-" + std::to_string(std::random_device()());
  Descriptor made = openFolderIn(temporaries.get(), name, why);
  if (made.get() < 0)
    return nullptr;
  if (flock(made.get(), LOCK_EX | LOCK_NB) != 0) {
    why = "cannot lock the folder '" + path + "': " + strerrordesc_np(errno);
    removeFolder(temporaries.get(), name);
    return nullptr;
  }
  return std::make_unique<Staging>(temporaries.get(), name, path + "/temporary/" + name, std::move(made));
}

/// Makes the staged weights the same file as those that the cache has by this digest, or has them known by it.
void Store::shareWeights(Staging &staging, const std::string &digest) {
  // Comparing takes long, and so is done without the lock: what another process put there meanwhile is compared again.
  for (int attempt = 0; attempt < 4; ++attempt) {
    Descriptor ours = openFile(staging.folder.get(), kWeights), theirs = openFile(weights.get(), digest.c_str());
    struct stat mine, other = {}, now;
    bool same = theirs.get() >= 0 && fstat(ours.get(), &mine) == 0 && fstat(theirs.get(), &other) == 0 &&
                mine.st_size == other.st_size && sameBytes(ours.get(), theirs.get());
    Lock lock(folder.get());
    bool there = fstatat(weights.get(), digest.c_str(), &now, AT_SYMLINK_NOFOLLOW) == 0;
    if (there && (theirs.get() < 0 || now.st_ino != other.st_ino))
      continue;
    if (there && same) {
      if (linkat(weights.get(), digest.c_str(), staging.folder.get(), "shared", 0) == 0)
        renameat(staging.folder.get(), "shared", staging.folder.get(), kWeights);
      return;
    }
    if (there) // of other content: its entries keep it
      unlinkat(weights.get(), digest.c_str(), 0);
    (void)!linkat(staging.folder.get(), kWeights, weights.get(), digest.c_str(), 0); // else it is not shared
    return;
  }
}

std::optional<Entry> Store::publish(Staging &staging, const std::optional<std::string> &key, EntryInfo info) {
  std::string digest;
  auto entry = openEntry(staging.folder.get(), /*withInfo=*/false, &digest);
  if (!entry)
    return std::nullopt;
  struct stat code, data = {};
  bool sized =
      fstat(entry->code.get(), &code) == 0 && (entry->weights.get() < 0 || fstat(entry->weights.get(), &data) == 0);
  info.boot = currentBoot();
  entry->info = info;
  if (!key || !sized || code.st_size + data.st_size > contents().limit)
    return entry;
  if (!writeInfo(staging.folder.get(), kInfo, info))
    return entry;
  if (entry->weights.get() >= 0) {
    shareWeights(staging, digest);
    entry->weights = openFile(staging.folder.get(), kWeights);
  }
  Lock lock(folder.get());
  staging.published =
      renameat(temporaries.get(), staging.name.c_str(), entries.get(), key->c_str()) == 0; // fails where there is one
  makeRoom();
  return entry;
}

/// An entry's files.
struct Store::Listed {
  std::string key;
  struct stat code = {}, weights = {};
  timespec used = {};
};

std::vector<Store::Listed> Store::list() const {
  std::vector<Listed> listed;
  for (const std::string &key : namesIn(entries.get())) {
    Listed entry{key};
    struct stat info;
    fstatat(entries.get(), (key + "/" + kCode).c_str(), &entry.code, AT_SYMLINK_NOFOLLOW);
    fstatat(entries.get(), (key + "/" + kWeights).c_str(), &entry.weights, AT_SYMLINK_NOFOLLOW);
    if (fstatat(entries.get(), (key + "/" + kInfo).c_str(), &info, AT_SYMLINK_NOFOLLOW) == 0)
      entry.used = info.st_mtim;
    listed.push_back(entry);
  }
  std::sort(listed.begin(), listed.end(), [](const Listed &a, const Listed &b) {
    return std::pair(a.used.tv_sec, a.used.tv_nsec) > std::pair(b.used.tv_sec, b.used.tv_nsec);
  });
  return listed;
}

CacheContents Store::contents() const {
  CacheContents contents;
  contents.folder = path;
  std::map<ino_t, int> uses;
  std::vector<Listed> listed = list();
  for (const Listed &entry : listed)
    if (entry.weights.st_size > 0 && uses[entry.weights.st_ino]++ == 0)
      contents.bytes += entry.weights.st_size;
  for (const Listed &entry : listed) {
    contents.bytes += entry.code.st_size;
    Descriptor file = openFile(entries.get(), (entry.key + "/" + kInfo).c_str());
    EntryInfo info;
    unpack(readAll(file.get()), [&](const nlohmann::json &value) { value.get_to(info); });
    CachedModel model{info.model, info.dims, info.target, info.cpu, info.optLevel};
    model.codeBytes = entry.code.st_size;
    model.weightBytes = entry.weights.st_size;
    model.sharesWeights = entry.weights.st_size > 0 && uses[entry.weights.st_ino] > 1;
    model.lastUsed = entry.used.tv_sec;
    contents.models.push_back(model);
  }
  contents.limit = limit;
  struct statvfs disk;
  if (limit < 0 && fstatvfs(folder.get(), &disk) == 0) {
    double free = static_cast<double>(disk.f_bavail) * static_cast<double>(disk.f_frsize);
    contents.limit = std::min<int64_t>(kLargest, static_cast<int64_t>(free / 10) + contents.bytes);
  }
  return contents;
}

/// Under the lock. The entry used last stays: what is larger than the cache is not published.
void Store::makeRoom() {
  known.trim(kMostRecords);
  CacheContents held = contents();
  std::vector<Listed> listed = list();
  std::map<ino_t, int> uses;
  for (const Listed &entry : listed)
    ++uses[entry.weights.st_ino];
  for (size_t i = listed.size(); i-- > 1 && held.bytes > held.limit;) {
    held.bytes -= listed[i].code.st_size + (--uses[listed[i].weights.st_ino] == 0 ? listed[i].weights.st_size : 0);
    remove(listed[i].key);
  }
  dropUnusedWeights();
}

/// Under the lock. First out of sight, in one step; a kill after it leaves what the next sweep takes.
void Store::remove(const std::string &key) {
  std::string name = "old-" + std::to_string(std::random_device()()) + "-" + key;
  if (renameat(entries.get(), key.c_str(), temporaries.get(), name.c_str()) == 0)
    removeFolder(temporaries.get(), name);
}

/// Under the lock: weights that no entry refers to any more.
void Store::dropUnusedWeights() {
  struct stat info;
  for (const std::string &name : namesIn(weights.get()))
    if (fstatat(weights.get(), name.c_str(), &info, AT_SYMLINK_NOFOLLOW) == 0 && info.st_nlink == 1)
      unlinkat(weights.get(), name.c_str(), 0);
}

void Store::clear() {
  Lock lock(folder.get());
  for (const std::string &key : namesIn(entries.get()))
    remove(key);
  dropUnusedWeights();
  known.trim(0);
}

} // namespace adze
