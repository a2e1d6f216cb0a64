// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Hand-written PTX for the tests of devices, as a target would write it: parameters in the order of adze_device_kernel.
#pragma once

namespace adze_test {

/// add:     x, y -> sum. scalars: elements; blocks of 128
/// bias:    x, weights -> y, y[i] = x[i] + weights[i % 4]. scalars: elements; blocks of 128
/// pick:    sum, index -> picked. scalars: elements of sum, indices; blocks of 128; site 1
/// reverse: x -> y, each block's 64 elements in reverse order, through scratch memory of 256 bytes an item
/// wild:    writes where there is no memory; blocks of 1
inline constexpr char kKernels[] = R"(//
.version 7.0
.target sm_80
.address_size 64

.visible .entry add(
  .param .u64 add_items, .param .u64 add_n, .param .u64 add_x, .param .u64 add_y, .param .u64 add_sum,
  .param .u64 add_scratch, .param .u64 add_error
)
.maxntid 128, 1, 1
{
  .reg .pred %p<2>;
  .reg .b32 %r<6>;
  .reg .f32 %f<4>;
  .reg .b64 %rd<14>;
  ld.param.u64 %rd1, [add_n];
  ld.param.u64 %rd2, [add_x];
  ld.param.u64 %rd3, [add_y];
  ld.param.u64 %rd4, [add_sum];
  mov.u32 %r1, %ctaid.x;
  mov.u32 %r2, %tid.x;
  shl.b32 %r3, %r1, 7;
  add.s32 %r4, %r3, %r2;
  cvt.u64.u32 %rd5, %r4;
  setp.ge.s64 %p1, %rd5, %rd1;
  @%p1 bra $L__add_end;
  shl.b64 %rd6, %rd5, 2;
  cvta.to.global.u64 %rd7, %rd2;
  cvta.to.global.u64 %rd8, %rd3;
  cvta.to.global.u64 %rd9, %rd4;
  add.s64 %rd10, %rd7, %rd6;
  add.s64 %rd11, %rd8, %rd6;
  add.s64 %rd12, %rd9, %rd6;
  ld.global.f32 %f1, [%rd10];
  ld.global.f32 %f2, [%rd11];
  add.rn.f32 %f3, %f1, %f2;
  st.global.f32 [%rd12], %f3;
$L__add_end:
  ret;
}

.visible .entry bias(
  .param .u64 bias_items, .param .u64 bias_n, .param .u64 bias_x, .param .u64 bias_weights, .param .u64 bias_y,
  .param .u64 bias_scratch, .param .u64 bias_error
)
.maxntid 128, 1, 1
{
  .reg .pred %p<2>;
  .reg .b32 %r<6>;
  .reg .f32 %f<4>;
  .reg .b64 %rd<16>;
  ld.param.u64 %rd1, [bias_n];
  ld.param.u64 %rd2, [bias_x];
  ld.param.u64 %rd3, [bias_weights];
  ld.param.u64 %rd4, [bias_y];
  mov.u32 %r1, %ctaid.x;
  mov.u32 %r2, %tid.x;
  shl.b32 %r3, %r1, 7;
  add.s32 %r4, %r3, %r2;
  cvt.u64.u32 %rd5, %r4;
  setp.ge.s64 %p1, %rd5, %rd1;
  @%p1 bra $L__bias_end;
  shl.b64 %rd6, %rd5, 2;
  and.b64 %rd13, %rd6, 15;
  cvta.to.global.u64 %rd7, %rd2;
  cvta.to.global.u64 %rd8, %rd3;
  cvta.to.global.u64 %rd9, %rd4;
  add.s64 %rd10, %rd7, %rd6;
  add.s64 %rd11, %rd8, %rd13;
  add.s64 %rd12, %rd9, %rd6;
  ld.global.f32 %f1, [%rd10];
  ld.global.f32 %f2, [%rd11];
  add.rn.f32 %f3, %f1, %f2;
  st.global.f32 [%rd12], %f3;
$L__bias_end:
  ret;
}

.visible .entry pick(
  .param .u64 pick_items, .param .u64 pick_n, .param .u64 pick_m, .param .u64 pick_sum, .param .u64 pick_index,
  .param .u64 pick_picked, .param .u64 pick_scratch, .param .u64 pick_error
)
.maxntid 128, 1, 1
{
  .reg .pred %p<4>;
  .reg .b32 %r<6>;
  .reg .f32 %f<3>;
  .reg .b64 %rd<24>;
  ld.param.u64 %rd1, [pick_n];
  ld.param.u64 %rd2, [pick_m];
  ld.param.u64 %rd3, [pick_sum];
  ld.param.u64 %rd4, [pick_index];
  ld.param.u64 %rd5, [pick_picked];
  ld.param.u64 %rd6, [pick_error];
  mov.u32 %r1, %ctaid.x;
  mov.u32 %r2, %tid.x;
  shl.b32 %r3, %r1, 7;
  add.s32 %r4, %r3, %r2;
  cvt.u64.u32 %rd7, %r4;
  setp.ge.s64 %p1, %rd7, %rd2;
  @%p1 bra $L__pick_end;
  cvta.to.global.u64 %rd8, %rd3;
  cvta.to.global.u64 %rd9, %rd4;
  cvta.to.global.u64 %rd10, %rd5;
  cvta.to.global.u64 %rd11, %rd6;
  shl.b64 %rd12, %rd7, 3;
  add.s64 %rd13, %rd9, %rd12;
  ld.global.u64 %rd14, [%rd13];
  shl.b64 %rd15, %rd7, 2;
  add.s64 %rd16, %rd10, %rd15;
  setp.lt.u64 %p2, %rd14, %rd1;
  @%p2 bra $L__pick_inside;
  mov.b64 %rd17, 261;
  atom.global.max.s64 %rd18, [%rd11], %rd17;
  mov.f32 %f1, 0f00000000;
  bra.uni $L__pick_store;
$L__pick_inside:
  shl.b64 %rd19, %rd14, 2;
  add.s64 %rd20, %rd8, %rd19;
  ld.global.f32 %f1, [%rd20];
$L__pick_store:
  st.global.f32 [%rd16], %f1;
$L__pick_end:
  ret;
}

.visible .entry reverse(
  .param .u64 reverse_items, .param .u64 reverse_x, .param .u64 reverse_y, .param .u64 reverse_scratch,
  .param .u64 reverse_error
)
.maxntid 64, 1, 1
{
  .reg .b32 %r<8>;
  .reg .f32 %f<3>;
  .reg .b64 %rd<16>;
  ld.param.u64 %rd1, [reverse_x];
  ld.param.u64 %rd2, [reverse_y];
  ld.param.u64 %rd3, [reverse_scratch];
  mov.u32 %r1, %ctaid.x;
  mov.u32 %r2, %tid.x;
  shl.b32 %r3, %r1, 6;
  add.s32 %r4, %r3, %r2;
  sub.s32 %r5, 63, %r2;
  add.s32 %r6, %r3, %r5;
  cvt.u64.u32 %rd4, %r4;
  cvt.u64.u32 %rd5, %r6;
  shl.b64 %rd6, %rd4, 2;
  shl.b64 %rd7, %rd5, 2;
  cvta.to.global.u64 %rd8, %rd1;
  cvta.to.global.u64 %rd9, %rd2;
  cvta.to.global.u64 %rd10, %rd3;
  add.s64 %rd11, %rd8, %rd6;
  add.s64 %rd12, %rd10, %rd6;
  add.s64 %rd13, %rd10, %rd7;
  add.s64 %rd14, %rd9, %rd6;
  ld.global.f32 %f1, [%rd11];
  st.global.f32 [%rd12], %f1;
  bar.sync 0;
  ld.global.f32 %f2, [%rd13];
  st.global.f32 [%rd14], %f2;
  ret;
}

.visible .entry wild(.param .u64 wild_items, .param .u64 wild_scratch, .param .u64 wild_error)
.maxntid 1, 1, 1
{
  .reg .b32 %r<2>;
  .reg .b64 %rd<2>;
  mov.b64 %rd1, 64;
  mov.u32 %r1, 1;
  st.global.u32 [%rd1], %r1;
  ret;
}
)";

} // namespace adze_test
