// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The life of an exec, and how it records failures.
#define _GNU_SOURCE
#include "runtime/exec.h"

#include "runtime/device.h"
#include "runtime/error.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/// Time between two questions whether to go on, in ns.
enum { kBetweenQuestions = 100000000 };

static size_t count_values(const adze_model *model) {
  const adze_program *program = model->program;
  size_t count = (size_t)model->symbols.count + 1;
  for (int32_t i = 0; i < program->info.num_outputs; ++i)
    count += (size_t)program->info.outputs[i].rank;
  for (int32_t i = 0; i < program->num_plans; ++i)
    count += 2 * (size_t)program->plans[i].num_buffers;
  return count;
}

/// Hands out the pieces of exec->values.
static void divide_values(adze_exec *exec) {
  const adze_program *program = exec->model->program;
  int64_t *next = exec->values;
  exec->symbol_sizes = next;
  next += exec->model->symbols.count;
  for (int32_t i = 0; i < program->info.num_outputs; ++i) {
    exec->outputs[i].shape = next;
    next += program->info.outputs[i].rank;
  }
  for (int32_t i = 0; i < program->num_plans; ++i) {
    exec->plans[i].sizes = next;
    next += program->plans[i].num_buffers;
    exec->plans[i].offsets = next;
    next += program->plans[i].num_buffers;
  }
}

static adze_exec *make(adze_model *model) {
  const adze_program *program = model->program;
  adze_exec *exec = calloc(1, sizeof *exec);
  if (!exec)
    return NULL;
  exec->model = model;
  exec->inputs = calloc((size_t)program->info.num_inputs + 1, sizeof *exec->inputs);
  exec->outputs = calloc((size_t)program->info.num_outputs + 1, sizeof *exec->outputs);
  exec->plans = calloc((size_t)program->num_plans + 1, sizeof *exec->plans);
  exec->values = calloc(count_values(model), sizeof *exec->values);
  if (!exec->inputs || !exec->outputs || !exec->plans || !exec->values) {
    free(exec->inputs);
    free(exec->outputs);
    free(exec->plans);
    free(exec->values);
    free(exec);
    return NULL;
  }
  divide_values(exec);
  return exec;
}

/// A clock of a few milliseconds' steps that takes next to no time to read.
static int64_t coarse_now_ns(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC_COARSE, &now);
  return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

adze_exec *adze_exec_acquire(adze_model *model) {
  pthread_mutex_lock(&model->lock);
  adze_exec *exec = model->idle;
  if (exec)
    model->idle = exec->next;
  pthread_mutex_unlock(&model->lock);
  if (!exec)
    exec = make(model);
  if (!exec)
    return NULL;
  exec->error.status = ADZE_OK;
  exec->error.message[0] = 0;
  if (model->cancelled)
    exec->next_question = coarse_now_ns() + kBetweenQuestions;
  for (int32_t i = 0; i < model->program->info.num_outputs; ++i)
    exec->outputs[i].data = NULL;
  return exec;
}

void adze_exec_release(adze_exec *exec) {
  adze_model *model = exec->model;
  pthread_mutex_lock(&model->lock);
  exec->next = model->idle;
  model->idle = exec;
  pthread_mutex_unlock(&model->lock);
}

void adze_exec_destroy(adze_exec *exec) {
  adze_memory *memory = &exec->model->memory;
  const adze_program *program = exec->model->program;
  if (exec->device)
    program->device->driver->services->forget(exec);
  for (int32_t i = 0; i < program->info.num_inputs; ++i)
    adze_block_free(memory, &exec->inputs[i].staging);
  for (int32_t i = 0; i < program->info.num_outputs; ++i)
    adze_block_free(memory, &exec->outputs[i].staging);
  for (int32_t i = 0; i < program->num_plans; ++i)
    if (!program->plans[i].on_device)
      adze_block_free(memory, &exec->plans[i].arena);
  adze_exec_free_slots(exec);
  adze_block_free(memory, &exec->scratch);
  free(exec->inputs);
  free(exec->outputs);
  free(exec->plans);
  free(exec->values);
  free(exec);
}

adze_status adze_exec_fail(adze_exec *exec, adze_status status, const char *format, ...) {
  if (exec->error.status != ADZE_OK)
    return exec->error.status;
  va_list args;
  va_start(args, format);
  exec->error.status = status;
  adze_format(exec->error.message, sizeof exec->error.message, format, args);
  va_end(args);
  return status;
}

adze_status adze_exec_check(adze_exec *exec) {
  const adze_model *model = exec->model;
  if (!model->cancelled || exec->error.status != ADZE_OK)
    return exec->error.status;
  int64_t now = coarse_now_ns();
  if (now < exec->next_question)
    return ADZE_OK;
  exec->next_question = now + kBetweenQuestions;
  if (model->cancelled(model->cancelled_user))
    adze_exec_fail(exec, ADZE_CANCELLED, "the run was cancelled");
  return exec->error.status;
}

adze_status adze_exec_fail_at(adze_exec *exec, int64_t status, int64_t site) {
  const adze_program *program = exec->model->program;
  if (status <= ADZE_OK || status > ADZE_INTERNAL)
    status = ADZE_INTERNAL;
  if (site >= 0 && site < program->num_sites)
    return adze_exec_fail(exec, (adze_status)status, "%s", program->sites[site]);
  return adze_exec_fail(exec, (adze_status)status, "%s", adze_status_text((adze_status)status));
}
