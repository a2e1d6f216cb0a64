// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Streams and events. Work is done when somebody waits for it, and no sooner.
#include "test/sim/cuda/Driver.h"

#include <algorithm>

using namespace adze::sim;

/// Two handles that mean streams which are always there; that of each thread is not played.
enum : uintptr_t { kLegacyStream = 1 };

Result adze::sim::checkNotRecording(Context &context, const char *function) {
  enum { kGlobal = 0, kThreadLocal = 1 };
  for (const auto &stream : context.streams) {
    bool ours = stream->recorder == std::this_thread::get_id();
    if (!stream->recording || (stream->mode != kGlobal && !(stream->mode == kThreadLocal && ours)))
      continue;
    stream->spoilt = true;
    report("misuse", std::string(function) + ": called while a stream is being recorded");
    return kStreamCaptureUnsupported;
  }
  return kSuccess;
}

Stream *adze::sim::findStream(Context &context, void *handle, const char *function) {
  if (!handle || handle == reinterpret_cast<void *>(kLegacyStream))
    return context.streams.front().get();
  for (const auto &stream : context.streams)
    if (stream.get() == handle && !stream->destroyed)
      return stream.get();
  report("misuse", std::string(function) + ": not a stream of the current context");
  return nullptr;
}

/// Makes `run` wait for what is before it in `other` now.
static Action after(Stream &other, Action run) {
  uint64_t last = other.given;
  return [&other, last, run = std::move(run)]() -> Result {
    if (Result failed = drain(other, last))
      return failed;
    return run();
  };
}

void adze::sim::give(Stream &stream, std::string what, Recipe recipe) {
  if (stream.recording) {
    stream.recording->work.push_back({std::move(what), std::move(recipe)});
    return;
  }
  Action run = recipe();
  Context &context = *stream.context;
  Stream &shared = *context.streams.front();
  if (&stream == &shared) {
    for (size_t i = 1; i < context.streams.size(); ++i)
      if (context.streams[i]->blocking)
        run = after(*context.streams[i], std::move(run));
  } else if (stream.blocking) {
    run = after(shared, std::move(run));
  }
  stream.queue.push_back({++stream.given, std::move(what), std::move(run)});
}

Result adze::sim::drain(Stream &stream, uint64_t last) {
  Context &context = *stream.context;
  while (!stream.queue.empty() && stream.queue.front().number <= last) {
    Work work = std::move(stream.queue.front());
    stream.queue.pop_front();
    if (context.lost == kSuccess)
      if (Result failed = work.run())
        context.lost = failed;
    stream.done = work.number;
  }
  return context.lost;
}

Result adze::sim::drainAll(Context &context) {
  for (size_t i = 0; i < context.streams.size(); ++i)
    drain(*context.streams[i]);
  return context.lost;
}

/// A call that waits and is made to fail: what it was to wait for is never done.
static Result waitOrDrop(const char *function, void *handle) {
  if (isForked())
    return kNotInitialized;
  std::lock_guard<std::mutex> guard(state().lock);
  Result failed = kSuccess, injected = countCall(function);
  Context *context = requireContext(function, failed);
  if (!context)
    return failed;
  Stream *stream = findStream(*context, handle, function);
  if (!stream)
    return kInvalidHandle;
  if (Result forbidden = checkNotRecording(*context, function))
    return forbidden;
  if (injected) {
    loseIfFatal(injected);
    stream->done = stream->given;
    stream->queue.clear();
    return injected;
  }
  if (stream == context->streams.front().get())
    for (size_t i = 1; i < context->streams.size(); ++i)
      if (context->streams[i]->blocking)
        drain(*context->streams[i]);
  return drain(*stream);
}

ADZE_SIM_ENTRY int cuStreamSynchronize(void *handle) { return waitOrDrop("cuStreamSynchronize", handle); }

ADZE_SIM_ENTRY int cuStreamCreate(Stream **result, unsigned flags) {
  return enterIn("cuStreamCreate", false, [&](Context &context) {
    context.streams.push_back(std::make_unique<Stream>());
    Stream &stream = *context.streams.back();
    stream.context = &context;
    stream.blocking = (flags & 1) == 0;
    *result = &stream;
    return kSuccess;
  });
}

ADZE_SIM_ENTRY int cuStreamDestroy_v2(void *handle) {
  return enterIn("cuStreamDestroy_v2", true, [&](Context &context) {
    Stream *stream = findStream(context, handle, "cuStreamDestroy");
    if (!stream || !handle)
      return kInvalidHandle;
    if (stream->recording)
      report("misuse", "cuStreamDestroy: the stream is being recorded");
    stream->destroyed = true; // its work goes on
    return kSuccess;
  });
}

ADZE_SIM_ENTRY int cuStreamQuery(void *handle) {
  return enterIn("cuStreamQuery", false, [&](Context &context) -> Result {
    Stream *stream = findStream(context, handle, "cuStreamQuery");
    if (!stream)
      return kInvalidHandle;
    if (Result forbidden = checkNotRecording(context, "cuStreamQuery"))
      return forbidden;
    if (stream->queue.empty())
      return kSuccess;
    Result failed = drain(*stream, stream->queue.front().number); // so that polling comes to an end
    return failed ? failed : kNotReady;
  });
}

static Event *findEvent(Context &context, void *handle, const char *function) {
  for (const auto &event : context.events)
    if (event.get() == handle && !event->destroyed)
      return event.get();
  report("misuse", std::string(function) + ": not an event of the current context");
  return nullptr;
}

ADZE_SIM_ENTRY int cuEventCreate(Event **result, unsigned) {
  return enterIn("cuEventCreate", false, [&](Context &context) {
    context.events.push_back(std::make_unique<Event>());
    context.events.back()->context = &context;
    *result = context.events.back().get();
    return kSuccess;
  });
}

ADZE_SIM_ENTRY int cuEventDestroy_v2(void *handle) {
  return enterIn("cuEventDestroy_v2", true, [&](Context &context) {
    Event *event = findEvent(context, handle, "cuEventDestroy");
    if (event)
      event->destroyed = true;
    return event ? kSuccess : kInvalidHandle;
  });
}

ADZE_SIM_ENTRY int cuEventRecord(void *handle, void *streamHandle) {
  return enterIn("cuEventRecord", false, [&](Context &context) {
    Event *event = findEvent(context, handle, "cuEventRecord");
    Stream *stream = findStream(context, streamHandle, "cuEventRecord");
    if (!event || !stream)
      return kInvalidHandle;
    if (stream->recording) { // forks of recordings are not played
      stream->spoilt = true;
      return kStreamCaptureUnsupported;
    }
    give(*stream, "an event", [] { return [] { return kSuccess; }; });
    event->stream = stream;
    event->number = stream->given;
    return kSuccess;
  });
}

ADZE_SIM_ENTRY int cuStreamWaitEvent(void *streamHandle, void *handle, unsigned) {
  return enterIn("cuStreamWaitEvent", false, [&](Context &context) {
    Event *event = findEvent(context, handle, "cuStreamWaitEvent");
    Stream *stream = findStream(context, streamHandle, "cuStreamWaitEvent");
    if (!event || !stream)
      return kInvalidHandle;
    if (stream->recording) {
      stream->spoilt = true;
      return kStreamCaptureUnsupported;
    }
    Stream *other = event->stream;
    uint64_t last = event->number;
    if (other)
      give(*stream, "a wait", [other, last] { return [other, last] { return drain(*other, last); }; });
    return kSuccess;
  });
}

ADZE_SIM_ENTRY int cuEventSynchronize(void *handle) {
  return enterIn("cuEventSynchronize", false, [&](Context &context) -> Result {
    Event *event = findEvent(context, handle, "cuEventSynchronize");
    if (!event)
      return kInvalidHandle;
    if (Result forbidden = checkNotRecording(context, "cuEventSynchronize"))
      return forbidden;
    return event->stream ? drain(*event->stream, event->number) : Result(kSuccess);
  });
}

ADZE_SIM_ENTRY int cuEventQuery(void *handle) {
  return enterIn("cuEventQuery", false, [&](Context &context) -> Result {
    Event *event = findEvent(context, handle, "cuEventQuery");
    if (!event)
      return kInvalidHandle;
    if (!event->stream || event->stream->done >= event->number)
      return kSuccess;
    Result failed = drain(*event->stream, event->stream->done + 1);
    return failed ? failed : kNotReady;
  });
}

ADZE_SIM_ENTRY int cuEventElapsedTime(float *milliseconds, void *begin, void *end) {
  return enterIn("cuEventElapsedTime", false, [&](Context &context) {
    Event *first = findEvent(context, begin, "cuEventElapsedTime"),
          *last = findEvent(context, end, "cuEventElapsedTime");
    if (!first || !last || !first->stream || !last->stream)
      return kInvalidHandle;
    if (first->stream->done < first->number || last->stream->done < last->number)
      return kNotReady;
    *milliseconds = 1; // time is not played
    return kSuccess;
  });
}
