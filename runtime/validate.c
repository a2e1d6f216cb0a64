// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Validation of inputs and outputs; see validate.h.
#include "runtime/validate.h"

#include "runtime/error.h"
#include "runtime/tensor.h"

#include <stdlib.h>
#include <string.h>

static const char *name_of_dim(const adze_tensor_info *info, int32_t dim) {
  if (info->dims[dim] >= 0 || !info->dim_names)
    return NULL;
  const char *name = info->dim_names[dim];
  return name && *name ? name : NULL;
}

static int32_t find_symbol(const adze_model_info *info, const int32_t *ids, int32_t known, const char *name) {
  int32_t at = 0;
  for (int32_t i = 0; i < info->num_inputs; ++i)
    for (int32_t d = 0; d < info->inputs[i].rank; ++d, ++at) {
      if (at == known)
        return -1;
      if (ids[at] >= 0 && strcmp(name_of_dim(&info->inputs[i], d), name) == 0)
        return ids[at];
    }
  return -1;
}

bool adze_symbols_init(adze_symbols *symbols, const adze_model_info *info) {
  size_t dims = 0;
  for (int32_t i = 0; i < info->num_inputs; ++i)
    dims += (size_t)info->inputs[i].rank;
  symbols->count = 0;
  symbols->ids = malloc((dims + 1) * sizeof *symbols->ids);
  if (!symbols->ids)
    return false;
  int32_t at = 0;
  for (int32_t i = 0; i < info->num_inputs; ++i)
    for (int32_t d = 0; d < info->inputs[i].rank; ++d, ++at) {
      const char *name = name_of_dim(&info->inputs[i], d);
      int32_t id = name ? find_symbol(info, symbols->ids, at, name) : -1;
      symbols->ids[at] = name && id < 0 ? symbols->count++ : id;
    }
  return true;
}

void adze_symbols_free(adze_symbols *symbols) {
  free(symbols->ids);
  symbols->ids = NULL;
}

static adze_status fail_place(const char *kind, const adze_tensor_info *info, const adze_tensor *tensor,
                              adze_error *error) {
  return adze_fail(error, ADZE_INVALID_ARGUMENT, "%s '%s': its place is %d, expected %d (host) or %d (device)", kind,
                   info->name, (int)tensor->place, (int)ADZE_ON_HOST, (int)ADZE_ON_DEVICE);
}

/// What inputs and the caller's outputs have in common: type, rank, sizes, strides. `kind` is "input" or "output".
static adze_status check_tensor(const char *kind, const adze_tensor_info *info, const adze_tensor *tensor,
                                adze_error *error) {
  if (tensor->dtype != info->dtype)
    return adze_fail(error, ADZE_INVALID_ARGUMENT, "%s '%s': found type %s, expected %s", kind, info->name,
                     adze_dtype_name(tensor->dtype), adze_dtype_name(info->dtype));
  int64_t element = adze_dtype_bytes(info->dtype);
  if (element == 0)
    return adze_fail(error, ADZE_INVALID_ARGUMENT, "%s '%s': type %s is not supported", kind, info->name,
                     adze_dtype_name(info->dtype));
  if (tensor->rank != info->rank)
    return adze_fail(error, ADZE_INVALID_ARGUMENT, "%s '%s': found rank %d, expected %d", kind, info->name,
                     (int)tensor->rank, (int)info->rank);
  if (tensor->rank > 0 && !tensor->shape)
    return adze_fail(error, ADZE_INVALID_ARGUMENT, "%s '%s': shape is null, expected %d sizes", kind, info->name,
                     (int)info->rank);
  if (tensor->place != ADZE_ON_HOST && tensor->place != ADZE_ON_DEVICE)
    return fail_place(kind, info, tensor, error);
  bool counts = true; // a program cannot count with a size that no address space holds, not even one of an empty tensor
  for (int32_t d = 0; d < tensor->rank; ++d) {
    if (tensor->shape[d] < 0)
      return adze_fail(error, ADZE_INVALID_ARGUMENT, "%s '%s': dimension %d is %lld, expected at least 0", kind,
                       info->name, (int)d, (long long)tensor->shape[d]);
    counts = counts && tensor->shape[d] <= (int64_t)1 << 47;
  }
  int64_t low, high;
  if (!counts || !adze_tensor_bytes(tensor->rank, tensor->shape, element, &high))
    return adze_fail(error, ADZE_INVALID_ARGUMENT, "%s '%s': has more elements than can be addressed", kind,
                     info->name);
  if (!adze_tensor_extent(tensor, element, &low, &high))
    return adze_fail(error, ADZE_INVALID_ARGUMENT, "%s '%s': its strides reach further than can be addressed", kind,
                     info->name);
  return ADZE_OK;
}

/// The message for two dimensions of one name and two sizes.
static adze_status fail_symbol(const adze_model_info *info, const adze_symbols *symbols, int32_t input, int32_t dim,
                               int32_t id, int64_t found, int64_t expected, adze_error *error) {
  int32_t at = 0;
  for (int32_t i = 0; i < info->num_inputs; ++i)
    for (int32_t d = 0; d < info->inputs[i].rank; ++d, ++at)
      if (symbols->ids[at] == id)
        return adze_fail(error, ADZE_INVALID_ARGUMENT,
                         "input '%s': dimension %d ('%s') is %lld, expected %lld as in dimension %d of input '%s'",
                         info->inputs[input].name, (int)dim, name_of_dim(&info->inputs[input], dim), (long long)found,
                         (long long)expected, (int)d, info->inputs[i].name);
  return adze_fail(error, ADZE_INTERNAL, "a dimension's name is unknown");
}

static adze_status check_dims(const adze_model_info *info, const adze_symbols *symbols, int32_t input,
                              const int32_t *ids, const int64_t *shape, int64_t *symbol_sizes, adze_error *error) {
  const adze_tensor_info *expected = &info->inputs[input];
  for (int32_t d = 0; d < expected->rank; ++d) {
    if (expected->dims[d] >= 0) {
      if (shape[d] != expected->dims[d])
        return adze_fail(error, ADZE_INVALID_ARGUMENT, "input '%s': dimension %d is %lld, expected %lld",
                         expected->name, (int)d, (long long)shape[d], (long long)expected->dims[d]);
      continue;
    }
    if (ids[d] < 0)
      continue;
    int64_t *size = &symbol_sizes[ids[d]];
    if (*size < 0)
      *size = shape[d];
    else if (*size != shape[d])
      return fail_symbol(info, symbols, input, d, ids[d], shape[d], *size, error);
  }
  return ADZE_OK;
}

adze_status adze_validate_inputs(const adze_model_info *info, const adze_symbols *symbols, const adze_tensor *inputs,
                                 int32_t num_inputs, int64_t *symbol_sizes, adze_error *error) {
  if (num_inputs != info->num_inputs)
    return adze_fail(error, ADZE_INVALID_ARGUMENT, "found %d inputs, expected %d", (int)num_inputs,
                     (int)info->num_inputs);
  if (num_inputs > 0 && !inputs)
    return adze_fail(error, ADZE_INVALID_ARGUMENT, "the list of inputs is null, expected %d inputs",
                     (int)info->num_inputs);
  for (int32_t s = 0; s < symbols->count; ++s)
    symbol_sizes[s] = -1;
  const int32_t *ids = symbols->ids;
  for (int32_t i = 0; i < num_inputs; ++i) {
    adze_status status = check_tensor("input", &info->inputs[i], &inputs[i], error);
    if (status == ADZE_OK)
      status = check_dims(info, symbols, i, ids, inputs[i].shape, symbol_sizes, error);
    if (status != ADZE_OK)
      return status;
    int64_t bytes;
    adze_tensor_bytes(inputs[i].rank, inputs[i].shape, adze_dtype_bytes(inputs[i].dtype), &bytes);
    if (bytes > 0 && !inputs[i].data)
      return adze_fail(error, ADZE_INVALID_ARGUMENT, "input '%s': data is null, expected %lld bytes",
                       info->inputs[i].name, (long long)bytes);
    ids += info->inputs[i].rank;
  }
  return ADZE_OK;
}

adze_status adze_validate_outputs(const adze_model_info *info, const adze_tensor *outputs, int32_t num_outputs,
                                  adze_output_alloc alloc, adze_error *error) {
  if (num_outputs != info->num_outputs)
    return adze_fail(error, ADZE_INVALID_ARGUMENT, "found %d outputs, expected %d", (int)num_outputs,
                     (int)info->num_outputs);
  if (num_outputs > 0 && !outputs)
    return adze_fail(error, ADZE_INVALID_ARGUMENT, "the list of outputs is null, expected %d outputs",
                     (int)info->num_outputs);
  for (int32_t i = 0; i < num_outputs; ++i) {
    const adze_tensor_info *expected = &info->outputs[i];
    if (outputs[i].place != ADZE_ON_HOST && outputs[i].place != ADZE_ON_DEVICE)
      return fail_place("output", expected, &outputs[i], error);
    if (!outputs[i].data) {
      if (!alloc)
        return adze_fail(error, ADZE_INVALID_ARGUMENT, "output '%s': has no data, and no function to get memory from",
                         expected->name);
      continue;
    }
    adze_status status = check_tensor("output", expected, &outputs[i], error);
    if (status != ADZE_OK)
      return status;
    for (int32_t d = 0; outputs[i].strides && d < outputs[i].rank; ++d)
      if (outputs[i].shape[d] > 1 && outputs[i].strides[d] == 0)
        return adze_fail(
            error, ADZE_INVALID_ARGUMENT,
            "output '%s': dimension %d has stride 0 and size %lld, its elements would overwrite each other",
            expected->name, (int)d, (long long)outputs[i].shape[d]);
  }
  return ADZE_OK;
}

adze_status adze_validate_on_host(const adze_model_info *info, const adze_tensor *inputs, const adze_tensor *outputs,
                                  adze_error *error) {
  for (int32_t i = 0; i < info->num_inputs + info->num_outputs; ++i) {
    bool is_input = i < info->num_inputs;
    const adze_tensor *tensor = is_input ? &inputs[i] : &outputs[i - info->num_inputs];
    if (tensor->place != ADZE_ON_HOST)
      return adze_fail(error, ADZE_INVALID_ARGUMENT, "%s '%s': is on a device, but the model has no kernels for one",
                       is_input ? "input" : "output",
                       is_input ? info->inputs[i].name : info->outputs[i - info->num_inputs].name);
  }
  return ADZE_OK;
}

adze_status adze_validate_output_shape(const adze_tensor_info *info, const adze_tensor *output, const int64_t *shape,
                                       adze_error *error) {
  for (int32_t d = 0; d < info->rank; ++d)
    if (output->shape[d] != shape[d])
      return adze_fail(error, ADZE_INVALID_ARGUMENT,
                       "output '%s': dimension %d of the given memory is %lld, the result's is %lld", info->name,
                       (int)d, (long long)output->shape[d], (long long)shape[d]);
  return ADZE_OK;
}
