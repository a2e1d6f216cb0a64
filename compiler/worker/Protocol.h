// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// What a client and a worker say to each other: one request, then replies that end with Result or Names. JSON values
// in their binary form (CBOR), since paths and node names are bytes and need not be UTF-8.
#pragma once
#include "compiler/Api.h"

namespace adze {

struct Request {
  enum class Kind {
    Compile,
    Stages,
    Files,    ///< that the compiler consists of
    Tools,    ///< files of others that take part in assembling for the options' target
    Reproduce ///< the options' compilation ended a worker in `stage`; the result's one diagnostic says what is left
  } kind = Kind::Compile;
  CompileOptions options; ///< a model given as bytes travels as a descriptor of a file in memory
  bool modelAttached = false;
  bool outputIsPrivate = false; ///< the output's folder was made for it: to be removed if the client is gone
  std::string stage;
};

struct Reply {
  enum class Kind {
    Started, ///< the request was read: from here on the worker's death is the request's fault
    Progress,
    Result,
    Names ///< of stages or files
  } kind = Kind::Started;
  CompileProgress progress;
  CompileResult result; ///< its descriptors stay empty
  std::vector<std::string> names;
};

std::string encode(const Request &request);
std::string encode(const Reply &reply);
/// False: not what encode writes; the second argument is then unspecified.
bool decode(const std::string &bytes, Request &request);
bool decode(const std::string &bytes, Reply &reply);

} // namespace adze
