// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// What devices have instructions for and neither gpu, vector nor memref says; at stage loops, in bodies of kernels.
#ifndef ADZE_KERNEL_DEVICE_TD
#define ADZE_KERNEL_DEVICE_TD

def Kernel_AsyncCopyOp : Op<Kernel_Dialect, "async_copy", []> {
  let summary = "begin to copy neighbouring bytes from global to shared memory";
  let description = [{
    ```
    kernel.async_copy %x[%i] to %tile[%j] {bytes = 16} : memref<?xf16> to memref<4096xf16, #gpu.address_space<workgroup>>
    kernel.async_copy %x[%i] to %tile[%j] read %n {bytes = 16} : ...
    ```
    Both places are multiples of `bytes`, which is 4, 8 or 16. With `read`, only the first so many bytes (an i32, 0 to `bytes`) are
    read, and the rest of what is written is zero; with 0 nothing is read, and the place may be anywhere. The copy is complete
    for the thread that began it after the wait for its group, for others after a barrier behind that. A target without such an
    instruction copies at once.
  }];
  let arguments = (ins Arg<MemRefRankOf<[AnyType], [1]>, "", [MemRead]>:$source, Index:$from,
                       Arg<MemRefRankOf<[AnyType], [1]>, "", [MemWrite]>:$tile, Index:$to, Optional<I32>:$read,
                       I64Attr:$bytes);
  let assemblyFormat = [{$source `[` $from `]` `to` $tile `[` $to `]` (`read` $read^)? attr-dict
                         `:` type($source) `to` type($tile)}];
  let hasVerifier = 1;
}

def Kernel_AsyncCommitOp : Op<Kernel_Dialect, "async_commit", [MemoryEffects<[MemRead, MemWrite]>]> {
  let summary = "make one group of the copies that this thread began since the last";
  let assemblyFormat = "attr-dict";
}

def Kernel_AsyncWaitOp : Op<Kernel_Dialect, "async_wait", [MemoryEffects<[MemRead, MemWrite]>]> {
  let summary = "wait until at most `pending` of this thread's groups of copies, the youngest, are not complete";
  let arguments = (ins ConfinedAttr<I64Attr, [IntNonNegative]>:$pending);
  let assemblyFormat = "$pending attr-dict";
}

def Kernel_LoadFragmentOp : Op<Kernel_Dialect, "load_fragment", []> {
  let summary = "load up to four matrices of 8 rows of 16 bytes from shared memory into the registers of a warp";
  let description = [{
    ```
    %f = kernel.load_fragment %tile[%i] : memref<4096xf16, #gpu.address_space<workgroup>> -> vector<8xf16>
    ```
    Lane l gives the place of row l mod 8 of matrix l / 8, a multiple of 16 bytes (of lanes beyond the last matrix: anything that is
    inside). It gets four bytes of each matrix, in their order: bytes 4 (l mod 4) and on of row l / 4; or, with `transposed`, for
    elements of 16 bits or pairs of 8, those of column l / 4 in rows 2 (l mod 4) and the next. All lanes of the warp take part.
  }];
  let arguments = (ins Arg<MemRefRankOf<[AnyType], [1]>, "", [MemRead]>:$tile, Index:$from, UnitAttr:$transposed);
  let results = (outs VectorOfRankAndType<[1], [AnyType]>:$fragment);
  let assemblyFormat = "$tile `[` $from `]` (`transposed` $transposed^)? attr-dict `:` type($tile) `->` type($fragment)";
  let hasVerifier = 1;
}

def Kernel_MultiplyFragmentsOp
    : Op<Kernel_Dialect, "multiply_fragments", [Pure, AllTypesMatch<["c", "result"]>]> {
  let summary = "a * b + c of small matrices that a warp holds in its registers";
  let description = [{
    `%d = kernel.multiply_fragments "f16.m16n8k16" %a, %b, %c : vector<8xf16>, vector<4xf16>, vector<4xf32>`

    `unit` names an entry of the device's table of matrix units (codegen/common/gpu/MatrixUnits.h), which says which elements of
    A, B and C a lane holds, in which order. All lanes of the warp take part.
  }];
  let arguments = (ins StrAttr:$unit, VectorOfRankAndType<[1], [AnyType]>:$a, VectorOfRankAndType<[1], [AnyType]>:$b,
                       VectorOfRankAndType<[1], [AnyType]>:$c);
  let results = (outs VectorOfRankAndType<[1], [AnyType]>:$result);
  let assemblyFormat = "$unit $a `,` $b `,` $c attr-dict `:` type($a) `,` type($b) `,` type($c)";
}
#endif
