// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Streams recorded as graphs, and launches of graphs: the same work again, with what its memory holds then.
#include "test/sim/cuda/Driver.h"

using namespace adze::sim;

/// What a handle means among those that are still there; null, and reported: nothing.
template <typename Kind>
static Kind *find(const std::vector<std::unique_ptr<Kind>> &all, void *handle, const char *function) {
  for (const auto &one : all)
    if (one.get() == handle && !one->destroyed)
      return one.get();
  report("misuse", std::string(function) + ": not a graph of the current context");
  return nullptr;
}

ADZE_SIM_ENTRY int cuStreamBeginCapture_v2(void *handle, int mode) {
  return enterIn("cuStreamBeginCapture_v2", false, [&](Context &context) -> Result {
    Stream *stream = findStream(context, handle, "cuStreamBeginCapture");
    if (!stream)
      return kInvalidHandle;
    if (stream == context.streams.front().get() || stream->recording || mode < 0 || mode > 2) {
      report("misuse", "cuStreamBeginCapture: this stream cannot be recorded now");
      return kStreamCaptureUnsupported;
    }
    context.graphs.push_back(std::make_unique<Graph>());
    stream->recording = context.graphs.back().get();
    stream->recording->context = &context;
    stream->mode = mode;
    stream->recorder = std::this_thread::get_id();
    stream->spoilt = false;
    return kSuccess;
  });
}

ADZE_SIM_ENTRY int cuStreamIsCapturing(void *handle, int *status) {
  return enterIn("cuStreamIsCapturing", false, [&](Context &context) -> Result {
    Stream *stream = findStream(context, handle, "cuStreamIsCapturing");
    if (stream)
      *status = !stream->recording ? 0 : stream->spoilt ? 2 : 1;
    return stream ? kSuccess : kInvalidHandle;
  });
}

/// A call that ends a recording and is made to fail has ended it all the same.
static void abandon(void *handle) {
  std::lock_guard<std::mutex> guard(state().lock);
  if (Context *context = currentContext())
    for (const auto &stream : context->streams)
      if (stream.get() == handle && stream->recording) {
        stream->recording->destroyed = true;
        stream->recording = nullptr;
      }
}

ADZE_SIM_ENTRY int cuStreamEndCapture(void *handle, Graph **result) {
  *result = nullptr;
  bool entered = false;
  int answer = enterIn("cuStreamEndCapture", true, [&](Context &context) -> Result {
    entered = true;
    Stream *stream = findStream(context, handle, "cuStreamEndCapture");
    if (!stream)
      return kInvalidHandle;
    if (!stream->recording || (stream->mode != 2 && stream->recorder != std::this_thread::get_id())) {
      report("misuse", "cuStreamEndCapture: this thread does not record the stream");
      return kInvalidValue;
    }
    Graph *graph = stream->recording;
    stream->recording = nullptr;
    if (stream->spoilt) {
      graph->destroyed = true;
      return kStreamCaptureInvalidated;
    }
    *result = graph;
    return kSuccess;
  });
  if (!entered && !isForked())
    abandon(handle);
  return answer;
}

ADZE_SIM_ENTRY int cuGraphInstantiateWithFlags(ReadyGraph **result, void *handle, unsigned long long) {
  *result = nullptr;
  return enterIn("cuGraphInstantiateWithFlags", false, [&](Context &context) -> Result {
    Graph *graph = find(context.graphs, handle, "cuGraphInstantiate");
    if (!graph)
      return kInvalidHandle;
    context.readyGraphs.push_back(std::make_unique<ReadyGraph>());
    *result = context.readyGraphs.back().get();
    (*result)->context = &context;
    (*result)->work = graph->work;
    return kSuccess;
  });
}

ADZE_SIM_ENTRY int cuGraphDestroy(void *handle) {
  return enterIn("cuGraphDestroy", true, [&](Context &context) -> Result {
    Graph *graph = find(context.graphs, handle, "cuGraphDestroy");
    if (!graph)
      return kInvalidHandle;
    graph->destroyed = true;
    graph->work.clear();
    return kSuccess;
  });
}

ADZE_SIM_ENTRY int cuGraphLaunch(void *handle, void *streamHandle) {
  return enterIn("cuGraphLaunch", false, [&](Context &context) -> Result {
    ReadyGraph *graph = find(context.readyGraphs, handle, "cuGraphLaunch");
    Stream *stream = findStream(context, streamHandle, "cuGraphLaunch");
    if (!graph || !stream)
      return kInvalidHandle;
    for (const Recorded &work : graph->work)
      give(*stream, work.what, work.recipe);
    graph->stream = stream;
    graph->number = stream->given;
    return kSuccess;
  });
}

ADZE_SIM_ENTRY int cuGraphExecDestroy(void *handle) {
  return enterIn("cuGraphExecDestroy", true, [&](Context &context) -> Result {
    ReadyGraph *graph = find(context.readyGraphs, handle, "cuGraphExecDestroy");
    if (!graph)
      return kInvalidHandle;
    if (graph->stream && graph->stream->done < graph->number && context.lost == kSuccess)
      report("misuse", "cuGraphExecDestroy: a launch of the graph is not done");
    graph->destroyed = true;
    graph->work.clear();
    return kSuccess;
  });
}
