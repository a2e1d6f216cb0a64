// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// A model's device: opened with the code that suits it, its kernels found, its weights uploaded, once.
#include "runtime/device/state.h"

#include "runtime/error.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static void say(const adze_model *model, const char *format, ...) __attribute__((format(printf, 2, 3)));

static void say(const adze_model *model, const char *format, ...) {
  if (!model->log)
    return;
  char text[ADZE_MESSAGE_BYTES];
  va_list args;
  va_start(args, format);
  adze_format(text, sizeof text, format, args);
  va_end(args);
  model->log(model->log_user, 2, text);
}

static adze_status find_kernels(adze_model *model, adze_error *error) {
  adze_model_device *own = model->device;
  const adze_program *program = model->program;
  own->functions = calloc((size_t)program->info.num_kernels + 1, sizeof *own->functions);
  if (!own->functions)
    return adze_fail(error, ADZE_OUT_OF_MEMORY, "no memory to set up the model");
  for (int32_t i = 0; i < program->info.num_kernels; ++i) {
    const adze_device_kernel *kernel = program->kernels[i].device;
    if (!kernel)
      continue;
    adze_status status = own->driver->find(own->device, kernel, &own->functions[i], error);
    if (status != ADZE_OK)
      return status;
    int32_t parameters = 3 + kernel->num_scalars + kernel->num_buffers;
    if (parameters > own->max_parameters)
      own->max_parameters = parameters;
  }
  return ADZE_OK;
}

enum { kPiece = 8 << 20 };

/// One of the two through which weights are uploaded in turn, so that reading a piece and copying the one before it to
/// the device go on at the same time.
typedef struct lane {
  adze_stream *stream;
  void *pinned;
} lane;

static adze_status open_lane(adze_model_device *own, lane *l, int64_t bytes, adze_error *error) {
  adze_status status = own->driver->make_stream(own->device, &l->stream, error);
  if (status != ADZE_OK)
    l->stream = NULL;
  if (status == ADZE_OK && (status = own->driver->alloc_host(own->device, bytes, &l->pinned, error)) != ADZE_OK)
    l->pinned = NULL;
  return status;
}

static adze_status close_lane(adze_model_device *own, lane *l, adze_error *error) {
  adze_status status = l->stream ? own->driver->wait(own->device, l->stream, error) : ADZE_OK;
  if (l->pinned)
    own->driver->free_host(own->device, l->pinned);
  if (l->stream)
    own->driver->destroy_stream(own->device, l->stream);
  return status;
}

static adze_status upload_pieces(adze_model_device *own, lane *lanes, const char *from, int64_t bytes,
                                 adze_error *error) {
  for (int64_t at = 0, turn = 0; at < bytes; at += kPiece, turn ^= 1) {
    int64_t piece = bytes - at < kPiece ? bytes - at : kPiece;
    lane *l = &lanes[turn];
    adze_status status = l->pinned ? own->driver->wait(own->device, l->stream, error) : open_lane(own, l, piece, error);
    if (status != ADZE_OK)
      return status;
    memcpy(l->pinned, from + at, (size_t)piece);
    status = own->driver->copy_in(own->device, l->stream, (char *)own->weights + at, l->pinned, piece, error);
    if (status != ADZE_OK)
      return status;
  }
  return ADZE_OK;
}

static adze_status upload_weights(adze_model *model, adze_error *error) {
  adze_model_device *own = model->device;
  const adze_device_program *program = model->program->device;
  if (program->weight_bytes <= 0)
    return ADZE_OK;
  adze_error why = {ADZE_OK, ""};
  adze_status status = own->driver->alloc(own->device, program->weight_bytes, &own->weights, &why);
  if (status != ADZE_OK)
    return adze_fail(error, status, "%lld bytes of weights: %s", (long long)program->weight_bytes, why.message);
  lane lanes[2] = {{NULL, NULL}, {NULL, NULL}};
  status = upload_pieces(own, lanes, *program->weights, program->weight_bytes, error);
  for (int i = 0; i < 2; ++i) {
    adze_status closed = close_lane(own, &lanes[i], status == ADZE_OK ? error : NULL);
    status = status == ADZE_OK ? closed : status;
  }
  return status;
}

adze_status adze_device_set_up(adze_model *model, const adze_options *options, adze_error *error) {
  const adze_device_program *program = model->program->device;
  adze_model_device *own = model->device = calloc(1, sizeof *own);
  if (!own)
    return adze_fail(error, ADZE_OUT_OF_MEMORY, "no memory to set up the model");
  own->driver = program->driver;
  own->process = getpid();
  adze_device_request request = {program->images, program->num_images, options->device, model->log, model->log_user};
  adze_status status = own->driver->open(&request, &own->device, &own->facts, error);
  if (status != ADZE_OK)
    return status;
  status = own->driver->enter(own->device, error);
  if (status != ADZE_OK)
    return status;
  status = find_kernels(model, error);
  if (status == ADZE_OK)
    status = upload_weights(model, error);
  own->driver->leave(own->device);
  own->info = (adze_device_info){own->facts.name, own->facts.machine, own->facts.type, own->facts.number};
  const char *graphs = getenv("ADZE_DEVICE_GRAPHS");
  model->no_graphs = model->no_graphs || (graphs && strcmp(graphs, "0") == 0);
  if (status == ADZE_OK)
    say(model, "kernels run on device %s with code for %s", own->facts.name, own->facts.machine);
  return status;
}

void adze_device_tear_down(adze_model *model) {
  adze_model_device *own = model->device;
  if (!own)
    return;
  if (own->device && adze_device_is_ours(model)) {
    if (own->weights && own->driver->enter(own->device, NULL) == ADZE_OK) {
      own->driver->free(own->device, own->weights);
      own->driver->leave(own->device);
    }
    own->driver->close(own->device);
  }
  free(own->functions);
  free(own);
  model->device = NULL;
}

bool adze_device_is_ours(const adze_model *model) { return model->device->process == getpid(); }

const void *adze_rt_device_weights(adze_exec *exec) {
  const void *weights = exec->model->device->weights;
  return weights ? weights : adze_device_run.no_data();
}
