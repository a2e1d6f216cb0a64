// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The exported functions that set up a model and take it down.
#include "runtime/exec.h"

#include "runtime/cpu_features.h"
#include "runtime/device.h"
#include "runtime/error.h"
#include "runtime/export.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static adze_status read_options(const adze_options *given, adze_options *options, adze_error *error) {
  memset(options, 0, sizeof *options);
  options->abi_version = ADZE_ABI_VERSION;
  if (!given)
    return ADZE_OK;
  const size_t least = offsetof(adze_options, abi_version) + sizeof given->abi_version;
  if (given->struct_bytes < least)
    return adze_fail(error, ADZE_INVALID_ARGUMENT, "options: struct_bytes is %lld, expected %lld",
                     (long long)given->struct_bytes, (long long)sizeof *options);
  if (given->abi_version != ADZE_ABI_VERSION)
    return adze_fail(error, ADZE_ABI_MISMATCH, "the caller uses ABI version %lld, the artifact has %lld",
                     (long long)given->abi_version, (long long)ADZE_ABI_VERSION);
  memcpy(options, given, given->struct_bytes < sizeof *options ? given->struct_bytes : sizeof *options);
  if (options->threads < 0)
    return adze_fail(error, ADZE_INVALID_ARGUMENT, "options: threads is %d, expected at least 0",
                     (int)options->threads);
  if (options->affinity && options->threads == 0)
    return adze_fail(error, ADZE_INVALID_ARGUMENT, "options: affinity is given, threads must be its length");
  if (options->pool && (options->pool->threads < 1 || !options->pool->parallel_for))
    return adze_fail(error, ADZE_INVALID_ARGUMENT, "options: the pool has no threads or no parallel_for");
  if (options->allocator && (!options->allocator->alloc || !options->allocator->free))
    return adze_fail(error, ADZE_INVALID_ARGUMENT, "options: the allocator lacks alloc or free");
  return ADZE_OK;
}

static adze_status check_cpu(const adze_program *program, adze_error *error) {
  uint64_t missing = program->cpu_features & ~adze_cpu_features();
  if (!missing)
    return ADZE_OK;
  char names[ADZE_MESSAGE_BYTES] = "";
  size_t used = 0;
  for (int i = 0; i < ADZE_MAX_CPU_FEATURES; ++i) {
    if (!((missing >> i) & 1))
      continue;
    const char *name = i < (int)ADZE_FEATURES ? kFeatureNames[i] : "a feature unknown to this runtime";
    size_t length = strlen(name);
    if (used + length + 2 >= sizeof names)
      break;
    if (used)
      names[used++] = ',';
    if (used)
      names[used++] = ' ';
    memcpy(names + used, name, length + 1);
    used += length;
  }
  return adze_fail(error, ADZE_UNSUPPORTED_CPU, "the artifact uses instructions that this CPU lacks: %s", names);
}

static adze_status make_pool(adze_model *model, const adze_options *options, adze_error *error) {
  model->pool = options->pool;
  if (model->pool)
    return ADZE_OK;
  adze_status status = adze_thread_pool_create(options->threads, options->affinity, &model->own_pool, error);
  if (status == ADZE_OK)
    model->pool = adze_thread_pool_interface(model->own_pool);
  return status;
}

static adze_status set_up(adze_model *model, const adze_program *program, const adze_options *options,
                          adze_error *error) {
  model->program = program;
  model->profile = options->profile;
  model->profile_user = options->profile_user;
  model->log = options->log;
  model->log_user = options->log_user;
  model->cancelled = options->cancelled;
  model->cancelled_user = options->cancelled_user;
  model->no_graphs = options->no_graphs != 0;
  adze_memory_init(&model->memory, options->allocator);
  pthread_mutex_init(&model->lock, NULL);
  model->process = getpid();
  if (!adze_symbols_init(&model->symbols, &program->info) ||
      !adze_plan_cache_init(&model->plan_cache, program->plans, program->num_plans))
    return adze_fail(error, ADZE_OUT_OF_MEMORY, "no memory to set up the model");
  adze_status status = make_pool(model, options, error);
  if (status == ADZE_OK && options->device && !program->device)
    return adze_fail(error, ADZE_NO_DEVICE, "options: device is '%s', but the artifact has no kernels for a device",
                     options->device);
  if (status == ADZE_OK && program->device)
    status = program->device->driver->services->set_up(model, options, error);
  return status;
}

/// Not adze_destroy itself, which another artifact's could stand in for.
static void tear_down(adze_model *model) {
  while (model->idle) {
    adze_exec *exec = model->idle;
    model->idle = exec->next;
    adze_exec_destroy(exec);
  }
  if (model->device)
    model->program->device->driver->services->tear_down(model);
  adze_thread_pool_destroy(model->own_pool);
  adze_plan_cache_free(&model->plan_cache);
  adze_symbols_free(&model->symbols);
  pthread_mutex_destroy(&model->lock);
  free(model);
}

adze_status adze_create_program(const adze_program *program, const adze_options *given, adze_model **result,
                                adze_error *error) {
  if (error) {
    error->status = ADZE_OK;
    error->message[0] = 0;
  }
  if (!result)
    return adze_fail(error, ADZE_INVALID_ARGUMENT, "the place for the model is null");
  *result = NULL;
  if (program->abi_version != ADZE_ABI_VERSION)
    return adze_fail(error, ADZE_ABI_MISMATCH, "the program uses ABI version %lld, its runtime has %lld",
                     (long long)program->abi_version, (long long)ADZE_ABI_VERSION);
  adze_options options;
  adze_status status = read_options(given, &options, error);
  if (status == ADZE_OK)
    status = check_cpu(program, error);
  if (status != ADZE_OK)
    return status;
  adze_model *model = calloc(1, sizeof *model);
  if (!model)
    return adze_fail(error, ADZE_OUT_OF_MEMORY, "no memory to set up the model");
  status = set_up(model, program, &options, error);
  if (status != ADZE_OK) {
    tear_down(model);
    return status;
  }
  if (model->log)
    model->log(model->log_user, 2,
               model->own_pool ? "model set up with threads of its own" : "model set up on the caller's pool");
  *result = model;
  return ADZE_OK;
}

const adze_model_info *adze_info(void) { return &adze_program_description.info; }

uint32_t adze_abi_version(void) { return adze_program_description.abi_version; }

adze_status adze_create(const adze_options *options, adze_model **model, adze_error *error) {
  return adze_create_program(&adze_program_description, options, model, error);
}

void adze_destroy(adze_model *model) {
  if (model)
    tear_down(model);
}

/// The services of the model's device; NULL, and why.
static const adze_device_services *device_services(const adze_model *model, adze_error *error) {
  if (error) {
    error->status = ADZE_OK;
    error->message[0] = 0;
  }
  if (model && model->device)
    return model->program->device->driver->services;
  adze_fail(error, model ? ADZE_NO_DEVICE : ADZE_INVALID_ARGUMENT,
            model ? "the model has no device: the host runs all of its kernels" : "the model is null");
  return NULL;
}

const adze_device_info *adze_describe_device(const adze_model *model) {
  const adze_device_services *services = device_services(model, NULL);
  return services ? services->info(model) : NULL;
}

adze_status adze_alloc_on_device(adze_model *model, size_t bytes, void **data, adze_error *error) {
  const adze_device_services *services = device_services(model, error);
  if (services && data)
    return services->alloc(model, bytes, data, error);
  if (services)
    return adze_fail(error, ADZE_INVALID_ARGUMENT, "the place for the address is null");
  return model ? ADZE_NO_DEVICE : ADZE_INVALID_ARGUMENT;
}

void adze_free_on_device(adze_model *model, void *data) {
  const adze_device_services *services = device_services(model, NULL);
  if (services && data)
    services->free(model, data);
}

adze_status adze_copy_on_device(adze_model *model, void *to, adze_place to_place, const void *from,
                                adze_place from_place, size_t bytes, adze_error *error) {
  const adze_device_services *services = device_services(model, error);
  if (!services)
    return model ? ADZE_NO_DEVICE : ADZE_INVALID_ARGUMENT;
  return services->copy(model, to, to_place, from, from_place, bytes, error);
}

adze_status adze_wait_for_device(adze_model *model, void *stream, adze_error *error) {
  const adze_device_services *services = device_services(model, error);
  if (!services)
    return model ? ADZE_NO_DEVICE : ADZE_INVALID_ARGUMENT;
  return services->wait(model, stream, error);
}

int64_t adze_arena_bytes(const adze_model *model) { return model ? adze_memory_held(&model->memory) : 0; }
