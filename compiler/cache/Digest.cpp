// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "compiler/cache/Digest.h"

#include <algorithm>
#include <array>
#include <atomic>
#include <cerrno>
#include <cstring>
#include <functional>
#include <thread>
#include <unistd.h>
#include <vector>

namespace {

constexpr size_t kBlock = 128, kDigest = 32, kPiece = size_t(1) << 20;
using Digest = std::array<uint8_t, kDigest>;

constexpr uint64_t kStart[8] = {0x6a09e667f3bcc908, 0xbb67ae8584caa73b, 0x3c6ef372fe94f82b, 0xa54ff53a5f1d36f1,
                                0x510e527fade682d1, 0x9b05688c2b3e6c1f, 0x1f83d9abfb41bd6b, 0x5be0cd19137e2179};
constexpr uint8_t kOrder[10][16] = {
    {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15}, {14, 10, 4, 8, 9, 15, 13, 6, 1, 12, 0, 2, 11, 7, 5, 3},
    {11, 8, 12, 0, 5, 2, 15, 13, 10, 14, 3, 6, 7, 1, 9, 4}, {7, 9, 3, 1, 13, 12, 11, 14, 2, 6, 5, 10, 4, 0, 15, 8},
    {9, 0, 5, 7, 2, 4, 10, 15, 14, 1, 11, 12, 6, 8, 3, 13}, {2, 12, 6, 10, 0, 11, 8, 3, 4, 13, 7, 5, 15, 14, 1, 9},
    {12, 5, 1, 15, 14, 13, 4, 10, 0, 7, 6, 3, 9, 2, 8, 11}, {13, 11, 7, 14, 12, 1, 3, 9, 5, 0, 15, 4, 8, 6, 2, 10},
    {6, 15, 14, 9, 11, 3, 0, 8, 12, 2, 13, 7, 1, 4, 10, 5}, {10, 2, 8, 4, 7, 6, 1, 5, 15, 11, 9, 14, 3, 12, 13, 0}};

uint64_t rotate(uint64_t value, unsigned by) { return value >> by | value << (64 - by); }

void mix(uint64_t &a, uint64_t &b, uint64_t &c, uint64_t &d, uint64_t x, uint64_t y) {
  a += b + x;
  d = rotate(d ^ a, 32);
  c += d;
  b = rotate(b ^ c, 24);
  a += b + y;
  d = rotate(d ^ a, 16);
  c += d;
  b = rotate(b ^ c, 63);
}

/// Takes one block into the state; `length`: bytes so far, this block's included.
void compress(uint64_t state[8], const uint8_t *block, uint64_t length, bool last) {
  uint64_t m[16], v[16];
  memcpy(m, block, kBlock); // little-endian, as all that artifacts run on
  std::copy(state, state + 8, v);
  std::copy(kStart, kStart + 8, v + 8);
  v[12] ^= length;
  v[14] ^= last ? ~uint64_t(0) : 0;
  for (int round = 0; round < 12; ++round) {
    const uint8_t *s = kOrder[round % 10];
    mix(v[0], v[4], v[8], v[12], m[s[0]], m[s[1]]);
    mix(v[1], v[5], v[9], v[13], m[s[2]], m[s[3]]);
    mix(v[2], v[6], v[10], v[14], m[s[4]], m[s[5]]);
    mix(v[3], v[7], v[11], v[15], m[s[6]], m[s[7]]);
    mix(v[0], v[5], v[10], v[15], m[s[8]], m[s[9]]);
    mix(v[1], v[6], v[11], v[12], m[s[10]], m[s[11]]);
    mix(v[2], v[7], v[8], v[13], m[s[12]], m[s[13]]);
    mix(v[3], v[4], v[9], v[14], m[s[14]], m[s[15]]);
  }
  for (int i = 0; i < 8; ++i)
    state[i] ^= v[i] ^ v[i + 8];
}

Digest hash(const char *data, size_t size) {
  uint64_t state[8];
  std::copy(kStart, kStart + 8, state);
  state[0] ^= 0x01010000 ^ kDigest; // no key, one sequence, this length
  const uint8_t *bytes = reinterpret_cast<const uint8_t *>(data);
  size_t done = 0;
  for (; size - done > kBlock; done += kBlock)
    compress(state, bytes + done, done + kBlock, false);
  uint8_t last[kBlock] = {};
  if (size > done)
    memcpy(last, bytes + done, size - done);
  compress(state, last, size, true);
  Digest digest;
  memcpy(digest.data(), state, kDigest);
  return digest;
}

std::string hexadecimal(const Digest &digest) {
  std::string text;
  for (uint8_t byte : digest)
    for (int shift : {4, 0})
      text += "0123456789abcdef"[byte >> shift & 15];
  return text;
}

bool readPiece(int file, char *to, size_t bytes, uint64_t offset) {
  while (bytes > 0) {
    ssize_t got = pread(file, to, bytes, static_cast<off_t>(offset));
    if (got < 0 && errno == EINTR)
      continue;
    if (got <= 0)
      return false;
    to += got;
    offset += static_cast<uint64_t>(got);
    bytes -= static_cast<size_t>(got);
  }
  return true;
}

/// `piece`: the bytes of a piece, by way of the buffer if it likes; null if there are none.
std::optional<std::string>
digestPieces(uint64_t size, const std::function<const char *(char *buffer, uint64_t offset, size_t bytes)> &piece) {
  size_t count = static_cast<size_t>((size + kPiece - 1) / kPiece);
  std::vector<Digest> digests(count);
  std::atomic<size_t> next{0};
  std::atomic<bool> ok{true};
  auto work = [&] {
    std::vector<char> buffer(kPiece);
    for (size_t i; ok && (i = next++) < count;) {
      size_t bytes = static_cast<size_t>(std::min<uint64_t>(kPiece, size - i * kPiece));
      if (const char *data = piece(buffer.data(), i * kPiece, bytes))
        digests[i] = hash(data, bytes);
      else
        ok = false;
    }
  };
  std::vector<std::thread> helpers;
  size_t threads = std::min<size_t>(std::max(1u, std::thread::hardware_concurrency()), count / 4);
  for (size_t i = 1; i < threads; ++i)
    helpers.emplace_back(work);
  work();
  for (std::thread &helper : helpers)
    helper.join();
  if (!ok)
    return std::nullopt;
  std::string all(reinterpret_cast<const char *>(&size), sizeof size);
  for (const Digest &digest : digests)
    all.append(digest.begin(), digest.end());
  return hexadecimal(hash(all.data(), all.size()));
}

} // namespace

std::string adze::blake2b(std::string_view bytes) { return hexadecimal(hash(bytes.data(), bytes.size())); }

std::string adze::digestOf(std::string_view bytes) {
  return *digestPieces(bytes.size(), [&](char *, uint64_t offset, size_t) { return bytes.data() + offset; });
}

std::optional<std::string> adze::digestOf(int file, uint64_t size) {
  return digestPieces(size, [&](char *buffer, uint64_t offset, size_t bytes) {
    return readPiece(file, buffer, bytes, offset) ? buffer : nullptr;
  });
}
