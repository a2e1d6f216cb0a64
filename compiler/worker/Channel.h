// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Messages with a length, and now and then a file descriptor, over a connected Unix socket.
#pragma once
#include "compiler/Api.h"

namespace adze {

class Channel {
public:
  /// Owns the socket from here on.
  explicit Channel(Descriptor socket) : socket(std::move(socket)) {}

  /// Sends one message, and a copy of `descriptor` with it unless that is -1. False: the other end is gone.
  bool send(const std::string &message, int descriptor = -1);

  enum class Received { Message, Nothing, Closed };
  /// Waits up to `timeoutMs` (-1: without end) for one message. `descriptor` is what came with it, or -1. Closed also
  /// after bytes that are no message.
  Received receive(std::string &message, Descriptor &descriptor, int timeoutMs);

  int fd() const { return socket.get(); }

private:
  Descriptor socket;
  std::string buffer;  ///< bytes that came after the last message
  Descriptor withNext; ///< the descriptor that came with them

  bool takeMessage(std::string &message, bool &bad);
  Received readSome();
};

} // namespace adze
