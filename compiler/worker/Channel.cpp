// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "compiler/worker/Channel.h"

#include <cerrno>
#include <chrono>
#include <cstring>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

using namespace adze;

namespace {
constexpr size_t kHeader = sizeof(uint32_t), kMaxMessage = 1u << 28;
} // namespace

Descriptor::~Descriptor() {
  if (fd >= 0)
    ::close(fd);
}

bool Channel::send(const std::string &message, int descriptor) {
  if (message.size() > kMaxMessage)
    return false;
  uint32_t size = static_cast<uint32_t>(message.size());
  std::string bytes(reinterpret_cast<const char *>(&size), kHeader);
  bytes += message;
  for (size_t sent = 0; sent < bytes.size();) {
    iovec part{bytes.data() + sent, bytes.size() - sent};
    msghdr header{};
    header.msg_iov = &part;
    header.msg_iovlen = 1;
    alignas(cmsghdr) char control[CMSG_SPACE(sizeof(int))] = {};
    if (descriptor >= 0 && sent == 0) {
      header.msg_control = control;
      header.msg_controllen = sizeof control;
      cmsghdr *item = CMSG_FIRSTHDR(&header);
      item->cmsg_level = SOL_SOCKET;
      item->cmsg_type = SCM_RIGHTS;
      item->cmsg_len = CMSG_LEN(sizeof(int));
      memcpy(CMSG_DATA(item), &descriptor, sizeof(int));
    }
    ssize_t now = sendmsg(socket.get(), &header, MSG_NOSIGNAL);
    if (now < 0 && errno == EINTR)
      continue;
    if (now <= 0)
      return false;
    sent += static_cast<size_t>(now);
  }
  return true;
}

bool Channel::takeMessage(std::string &message, bool &bad) {
  if (buffer.size() < kHeader)
    return false;
  uint32_t size;
  memcpy(&size, buffer.data(), kHeader);
  bad = size > kMaxMessage;
  if (bad || buffer.size() < kHeader + size)
    return false;
  message = buffer.substr(kHeader, size);
  buffer.erase(0, kHeader + size);
  return true;
}

Channel::Received Channel::readSome() {
  char bytes[1 << 16];
  iovec part{bytes, sizeof bytes};
  alignas(cmsghdr) char control[CMSG_SPACE(sizeof(int))];
  msghdr header{};
  header.msg_iov = &part;
  header.msg_iovlen = 1;
  header.msg_control = control;
  header.msg_controllen = sizeof control;
  ssize_t got = recvmsg(socket.get(), &header, MSG_CMSG_CLOEXEC);
  if (got < 0 && errno == EINTR)
    return Received::Nothing;
  if (got <= 0)
    return Received::Closed;
  for (cmsghdr *item = CMSG_FIRSTHDR(&header); item; item = CMSG_NXTHDR(&header, item))
    if (item->cmsg_level == SOL_SOCKET && item->cmsg_type == SCM_RIGHTS) {
      int fd;
      memcpy(&fd, CMSG_DATA(item), sizeof fd);
      withNext = Descriptor(fd);
    }
  buffer.append(bytes, static_cast<size_t>(got));
  return Received::Message;
}

Channel::Received Channel::receive(std::string &message, Descriptor &descriptor, int timeoutMs) {
  using Clock = std::chrono::steady_clock;
  auto end = Clock::now() + std::chrono::milliseconds(timeoutMs);
  for (bool bad = false;;) {
    if (takeMessage(message, bad)) {
      descriptor = Descriptor(withNext.release());
      return Received::Message;
    }
    if (bad)
      return Received::Closed;
    int left = -1;
    if (timeoutMs >= 0)
      left = static_cast<int>(std::chrono::duration_cast<std::chrono::milliseconds>(end - Clock::now()).count());
    if (timeoutMs >= 0 && left < 0)
      left = 0;
    pollfd wait{socket.get(), POLLIN, 0};
    int ready = poll(&wait, 1, left);
    if (ready < 0 && errno != EINTR)
      return Received::Closed;
    if (ready == 0)
      return Received::Nothing;
    if (ready > 0 && readSome() == Received::Closed)
      return Received::Closed;
  }
}
