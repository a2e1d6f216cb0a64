// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Runs recorded as graphs of the driver and launched as one.
//
// A run is recorded if its sizes, and the addresses on the device that the caller gave, are those of the run before it
// on the same exec, and that run was straight: its program did all its work on the device and neither read inputs nor
// results. What such a program does follows from its key alone, so a launch of the graph stands for all of it.
// Inputs and outputs of the host go through pinned memory of the exec, whose addresses stay. Any run of another key
// drops the graph, since it may move the arenas and writes to the memory that the graph's copies use.
#include "runtime/device/state.h"

#include "runtime/error.h"
#include "runtime/strided.h"
#include "runtime/tensor.h"

#include <stdlib.h>
#include <string.h>

bool adze_graph_init(adze_exec_graph *graph, const adze_model_info *info) {
  size_t values = (size_t)info->num_outputs;
  for (int32_t i = 0; i < info->num_inputs; ++i)
    values += 2 + 2 * (size_t)info->inputs[i].rank;
  graph->key_values = values;
  graph->key = calloc(2 * values + 1, sizeof *graph->key);
  graph->last = graph->key ? graph->key + values : NULL;
  return graph->key != NULL;
}

/// What the work of a straight run follows from.
static void write_key(const adze_exec *exec, int64_t *key) {
  const adze_model_info *info = &exec->model->program->info;
  for (int32_t i = 0; i < info->num_inputs; ++i) {
    const adze_tensor *tensor = exec->inputs[i].given;
    bool on_device = tensor->place == ADZE_ON_DEVICE;
    *key++ = on_device;
    *key++ = on_device ? (int64_t)(uintptr_t)tensor->data : 0;
    int64_t contiguous = 1;
    for (int32_t d = tensor->rank - 1; d >= 0; --d) {
      *key++ = tensor->shape[d];
      *key++ = on_device && tensor->strides ? tensor->strides[d] : contiguous;
      contiguous = (int64_t)((uint64_t)contiguous * (uint64_t)tensor->shape[d]);
    }
  }
  for (int32_t i = 0; i < info->num_outputs; ++i)
    *key++ = exec->outputs[i].given->place;
}

void adze_graph_drop(adze_exec *exec) {
  adze_model_device *own = exec->model->device;
  adze_exec_graph *graph = &exec->device->graph;
  if (graph->graph)
    own->driver->destroy_graph(own->device, graph->graph);
  graph->graph = NULL;
}

bool adze_graph_fits(adze_exec *exec) {
  const adze_model *model = exec->model;
  adze_exec_graph *graph = &exec->device->graph;
  if (model->no_graphs || model->profile || graph->given_up)
    return false;
  write_key(exec, graph->key);
  bool same = memcmp(graph->key, graph->last, graph->key_values * sizeof *graph->key) == 0;
  graph->straight = graph->straight && same;
  if (!same)
    adze_graph_drop(exec);
  memcpy(graph->last, graph->key, graph->key_values * sizeof *graph->key);
  return graph->graph != NULL;
}

bool adze_graph_is_due(const adze_exec *exec) {
  const adze_exec_graph *graph = &exec->device->graph;
  return !exec->model->no_graphs && !exec->model->profile && !graph->given_up && graph->straight;
}

/// Puts all of the run in the stream, which records it. False: failed.
static bool record(adze_exec *exec, int32_t (*program)(adze_exec *exec)) {
  adze_model_device *own = exec->model->device;
  adze_exec_device *share = exec->device;
  adze_error error;
  if (own->driver->zero(own->device, share->stream, share->failure, sizeof *share->failure, &error) != ADZE_OK) {
    adze_device_failed(exec, &error);
    return false;
  }
  if (program(exec) != 0 || exec->error.status != ADZE_OK)
    return false;
  if (!exec->straight)
    adze_exec_fail(exec, ADZE_INTERNAL, "the program does other things than in the run before");
  return exec->error.status == ADZE_OK && adze_device_read_word(exec) == ADZE_OK;
}

/// Launches the graph of this run.
static adze_status launch(adze_exec *exec) {
  adze_model_device *own = exec->model->device;
  adze_exec_device *share = exec->device;
  adze_error error;
  share->busy = share->unread = share->graph.has_word = true;
  if (own->driver->launch_graph(own->device, share->stream, share->graph.graph, &error) != ADZE_OK)
    adze_device_failed(exec, &error);
  return exec->error.status;
}

/// No graph is made of this exec's runs any more, and why.
static void give_up(adze_exec *exec, const char *why) {
  adze_model *model = exec->model;
  exec->device->graph.given_up = true;
  adze_graph_drop(exec);
  if (!model->log)
    return;
  adze_error text;
  adze_fail(&text, ADZE_OK, "kernels are launched one by one, since a run cannot be made a graph: %s", why);
  model->log(model->log_user, 1, text.message);
}

bool adze_graph_record(adze_exec *exec, int32_t (*program)(adze_exec *exec)) {
  adze_model_device *own = exec->model->device;
  adze_exec_device *share = exec->device;
  adze_error error;
  if (own->driver->begin_capture(own->device, share->stream, &error) != ADZE_OK) {
    give_up(exec, error.message);
    return false;
  }
  share->graph.recording = true;
  bool recorded = record(exec, program);
  share->graph.recording = false;
  share->busy = false;
  if (own->driver->end_capture(own->device, share->stream, recorded ? &share->graph.graph : NULL, &error) != ADZE_OK) {
    give_up(exec, recorded ? error.message : exec->error.message);
    return false;
  }
  if (recorded ? launch(exec) == ADZE_OK : exec->error.status == ADZE_CANCELLED)
    return true;
  give_up(exec, exec->error.message);
  return false;
}

adze_status adze_graph_replay(adze_exec *exec) {
  const adze_model_info *info = &exec->model->program->info;
  adze_exec_device *share = exec->device;
  exec->straight = true;
  share->waited = false;
  if (adze_exec_check(exec) != ADZE_OK)
    return exec->error.status;
  for (int32_t i = 0; i < info->num_inputs; ++i) {
    const adze_exec_input *input = &exec->inputs[i];
    const adze_tensor *given = input->given;
    if (input->in_pinned)
      adze_copy_strided(input->pinned.data, NULL, given->data, given->strides, given->rank, given->shape,
                        adze_dtype_bytes(given->dtype));
  }
  return launch(exec);
}
