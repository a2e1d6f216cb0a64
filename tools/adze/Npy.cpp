// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "tools/adze/Npy.h"

#include "runtime/tensor.h"
#include "tools/adze/Files.h"
#include "tools/adze/NpyHeader.h"

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

using namespace adze::tool;

namespace {

constexpr char kMagic[] = "\x93NUMPY";
constexpr size_t kMagicBytes = sizeof kMagic - 1, kMaxHeader = 1 << 16, kAlignment = 64;

/// An open file.
struct File {
  explicit File(int fd) : fd(fd) {}
  ~File() {
    if (fd >= 0)
      close(fd);
  }
  bool read(void *to, size_t bytes) const {
    for (size_t done = 0; done < bytes;) {
      ssize_t got = ::read(fd, static_cast<char *>(to) + done, bytes - done);
      if (got < 0 && errno == EINTR)
        continue;
      if (got <= 0)
        return false;
      done += static_cast<size_t>(got);
    }
    return true;
  }
  int fd;
};

/// Reads magic, version and text; `left` is the size of the file, then what is left of it.
bool readHeader(const File &file, int64_t &left, NpyHeader &header, std::string &error) {
  unsigned char begin[12];
  error = "it is no .npy file";
  if (left < 10 || !file.read(begin, 10) || memcmp(begin, kMagic, kMagicBytes) != 0)
    return false;
  unsigned version = begin[6];
  left -= 10;
  if (version < 1 || version > 3) {
    error = "it has version " + std::to_string(version) + " of the format, expected 1 to 3";
    return false;
  }
  size_t size = begin[8] | begin[9] << 8;
  error = "its header does not end";
  if (version > 1) {
    if (left < 2 || !file.read(begin + 10, 2))
      return false;
    left -= 2;
    size |= size_t(begin[10]) << 16 | size_t(begin[11]) << 24;
  }
  if (size > kMaxHeader || int64_t(size) > left)
    return false;
  std::string text(size, 0);
  if (!file.read(text.data(), size))
    return false;
  left -= int64_t(size);
  return parseNpyHeader(text, header, error);
}

} // namespace

void FreeDeleter::operator()(void *data) const { free(data); }

Bytes adze::tool::allocate(size_t bytes) {
  if (bytes > SIZE_MAX - 2 * kAlignment)
    return nullptr;
  return Bytes(aligned_alloc(kAlignment, (bytes + kAlignment) / kAlignment * kAlignment));
}

bool adze::tool::readNpy(const std::string &path, adze_dtype expected, Tensor &tensor, std::string &error) {
  File file(open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
  struct stat info;
  if (file.fd < 0 || fstat(file.fd, &info) != 0) {
    error = errnoText("be opened");
    return false;
  }
  if (!S_ISREG(info.st_mode)) {
    error = "it is no regular file";
    return false;
  }
  NpyHeader header;
  int64_t left = info.st_size, bytes;
  if (!readHeader(file, left, header, error))
    return false;
  if (!npyDtype(header.descr, expected, tensor.dtype)) {
    error = "its element type '" + header.descr + "' is not supported";
    return false;
  }
  int32_t rank = static_cast<int32_t>(header.shape.size());
  if (!adze_tensor_bytes(rank, header.shape.data(), adze_dtype_bytes(tensor.dtype), &bytes) || bytes != left) {
    error = "it holds " + std::to_string(left) + " bytes of data, which is not what its shape takes";
    return false;
  }
  tensor.shape = header.shape;
  tensor.strides.clear();
  if (header.fortranOrder) {
    // Overflow is impossible where there are elements, and without any strides do not matter.
    tensor.strides.assign(header.shape.size(), 1);
    for (size_t d = 1; d < header.shape.size() && bytes > 0; ++d)
      tensor.strides[d] = tensor.strides[d - 1] * header.shape[d - 1];
  }
  tensor.data = allocate(static_cast<size_t>(bytes));
  if (!tensor.data || !file.read(tensor.data.get(), static_cast<size_t>(bytes))) {
    error = tensor.data ? "it became shorter while it was read" : "no memory for its data";
    return false;
  }
  if (tensor.dtype == ADZE_BOOL)
    for (int64_t i = 0; i < bytes; ++i) {
      char *value = static_cast<char *>(tensor.data.get()) + i;
      *value = *value != 0;
    }
  return true;
}

bool adze::tool::writeNpy(const std::string &path, const Tensor &tensor, std::string &error) {
  std::string text = printNpyHeader({npyDescr(tensor.dtype), false, tensor.shape});
  size_t before = kMagicBytes + 4, total = (before + text.size() + 1 + kAlignment - 1) / kAlignment * kAlignment;
  text.resize(total - before, ' ');
  text.back() = '\n';
  std::string begin(kMagic, kMagicBytes);
  for (size_t byte : {size_t(1), size_t(0), text.size() & 255, text.size() >> 8})
    begin += static_cast<char>(byte);
  int64_t bytes = 0;
  adze_tensor_bytes(static_cast<int32_t>(tensor.shape.size()), tensor.shape.data(), adze_dtype_bytes(tensor.dtype),
                    &bytes);
  const char *data = static_cast<const char *>(tensor.data.get());
  return writeFile(path, {begin, text, {data, static_cast<size_t>(bytes)}}, error);
}
