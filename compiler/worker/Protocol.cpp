// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "compiler/worker/Protocol.h"

#include "compiler/worker/Json.h"

using nlohmann::json;

namespace adze {

NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(CompileProgress, stage, kernel, ends, done, total)

static void to_json(json &j, const CompileOptions &o) {
  j = {{"modelPath", o.modelPath},
       {"baseDirectory", o.baseDirectory},
       {"outputPath", o.outputPath},
       {"weightsPath", o.weightsPath},
       {"dims", o.dims},
       {"target", o.target},
       {"processor", o.cpu},
       {"optLevel", o.optLevel},
       {"allow", o.allow},
       {"jobs", o.jobs},
       {"emit", o.emit},
       {"imageForm", o.imageForm},
       {"assemble", o.assemble},
       {"report", o.report},
       {"reportFor", o.reportFor},
       {"stopAfter", o.stopAfter},
       {"startAt", o.startAt},
       {"exposeValues", o.exposeValues},
       {"writeWeights", o.writeWeights}};
}

static void from_json(const json &j, CompileOptions &o) {
  j.at("modelPath").get_to(o.modelPath);
  j.at("baseDirectory").get_to(o.baseDirectory);
  j.at("outputPath").get_to(o.outputPath);
  j.at("weightsPath").get_to(o.weightsPath);
  j.at("dims").get_to(o.dims);
  j.at("target").get_to(o.target);
  j.at("processor").get_to(o.cpu);
  j.at("optLevel").get_to(o.optLevel);
  j.at("allow").get_to(o.allow);
  j.at("jobs").get_to(o.jobs);
  j.at("emit").get_to(o.emit);
  j.at("imageForm").get_to(o.imageForm);
  j.at("assemble").get_to(o.assemble);
  j.at("report").get_to(o.report);
  j.at("reportFor").get_to(o.reportFor);
  j.at("stopAfter").get_to(o.stopAfter);
  j.at("startAt").get_to(o.startAt);
  j.at("exposeValues").get_to(o.exposeValues);
  j.at("writeWeights").get_to(o.writeWeights);
}

std::string encode(const Request &request) {
  return pack({{"kind", request.kind},
               {"options", request.options},
               {"attached", request.modelAttached},
               {"private", request.outputIsPrivate},
               {"stage", request.stage}});
}

bool decode(const std::string &bytes, Request &request) {
  return unpack(bytes, [&](const json &j) {
    j.at("kind").get_to(request.kind);
    j.at("options").get_to(request.options);
    j.at("attached").get_to(request.modelAttached);
    j.at("private").get_to(request.outputIsPrivate);
    j.at("stage").get_to(request.stage);
  });
}

std::string encode(const Reply &reply) {
  json j = {{"kind", reply.kind}};
  if (reply.kind == Reply::Kind::Progress)
    j["progress"] = reply.progress;
  if (reply.kind == Reply::Kind::Names)
    j["names"] = reply.names;
  if (reply.kind == Reply::Kind::Result)
    j["result"] = {{"ok", reply.result.ok},
                   {"diagnostics", reply.result.diagnostics},
                   {"summary", reply.result.summary},
                   {"report", reply.result.report},
                   {"externalFiles", reply.result.externalFiles}};
  return pack(j);
}

bool decode(const std::string &bytes, Reply &reply) {
  return unpack(bytes, [&](const json &j) {
    j.at("kind").get_to(reply.kind);
    if (reply.kind == Reply::Kind::Progress)
      j.at("progress").get_to(reply.progress);
    if (reply.kind == Reply::Kind::Names)
      j.at("names").get_to(reply.names);
    if (reply.kind == Reply::Kind::Result) {
      const json &result = j.at("result");
      result.at("ok").get_to(reply.result.ok);
      result.at("diagnostics").get_to(reply.result.diagnostics);
      result.at("summary").get_to(reply.result.summary);
      result.at("report").get_to(reply.result.report);
      result.at("externalFiles").get_to(reply.result.externalFiles);
    }
  });
}

} // namespace adze
