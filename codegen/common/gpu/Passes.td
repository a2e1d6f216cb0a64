// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#ifndef ADZE_GPU_PASSES_TD
#define ADZE_GPU_PASSES_TD
include "mlir/Pass/PassBase.td"

def GpuSchedule : Pass<"adze-gpu-schedule", "::mlir::ModuleOp"> {
  let summary = "Say of each kernel how a GPU runs it";
  let description = [{
    Sets `schedule = {kind = ..., threads = ...}` on each kernel.func. Kinds:

    - `elements`: each thread computes neighbouring elements of the results;
    - `points`: the same of an op that has loops of its own for each element;
    - `items`: each thread computes items of an op that has loops of its own; of a scatter, an item is what updates of one another may meet in;
    - `rows`: a warp or a block (`team`) computes a row;
    - `reduce`: `team` threads join the elements that become one element of the result, or neighbouring ones;
    - `transpose`: a block moves a tile by way of shared memory;
    - `owners`: `team` threads look at all updates of a scatter, each for its elements of the result;
    - `scan`: a warp has a line of a running sum;
    - `nonzero`: a block finds the elements that are not zero;
    - `tiles`, `matrix`: a block computes a tile of a product, by scalar units or by the matrix unit `unit`; `stages` steps of the depth
      are in shared memory at a time; of `slices` warps with the same part each sums up a slice of every step's depth;
    - `gemv`: a block computes some columns of a product of few rows; of `few`, the first number is its rows, the second the threads that
      read neighbours in a row of the right side. `tiles` and `matrix` with `few` do the same where a launch turns out to have few rows; those with
      `some` take another tile (rows, columns, depth, those of a warp, slices; stages) up to its first number of rows;
    - `attention`, `matrix_attention`: a block has some queries of one head, by scalar (`why`) or by matrix units.
  }];
}

def GpuLowerKernels : Pass<"adze-gpu-lower-kernels", "::mlir::ModuleOp"> {
  let summary = "Turn each kernel.func with a schedule into a function of one thread, and a function that says its grid";
  let description = [{
    `kernel.func @k` becomes `func.func private @k(begin, end, site, scalars..., operands..., results..., scratch, error)
    attributes {adze.device = {threads, shared_bytes}}` as adze-lower-kernels makes for the host; an item is a block.
  }];
  let dependentDialects = ["::mlir::arith::ArithDialect", "::mlir::func::FuncDialect", "::mlir::gpu::GPUDialect",
                           "::mlir::math::MathDialect", "::mlir::memref::MemRefDialect", "::mlir::scf::SCFDialect",
                           "::mlir::vector::VectorDialect"];
}

def GpuAlignAccesses : Pass<"adze-gpu-align-accesses", "::mlir::func::FuncOp"> {
  let summary = "Mark vector accesses whose position is proved to be a multiple of their length";
  let description = [{
    Buffers of a device are aligned to 256 bytes. `vector.load %x[%i] : memref<?xf32>, vector<4xf32>` gets `alignment = 16` where
    `%i` is a multiple of 4; the others are taken apart by the target.
  }];
  let dependentDialects = ["::mlir::vector::VectorDialect"];
}

def GpuNarrowIndices : Pass<"adze-gpu-narrow-indices", "::mlir::func::FuncOp"> {
  let summary = "Compute positions of a kernel in 32 bits where ranges prove that they fit";
  let description = [{
    Registers of GPUs are of 32 bits, and a division of 64 is many instructions. What is computed from the numbers of threads and
    blocks (known, where sizes are), counters of loops, and constants is narrowed where all values are proved to fit; the index is
    made of it again at each access. What depends on sizes that are not known stays as it is.
  }];
  let dependentDialects = ["::mlir::arith::ArithDialect"];
}

def GpuMath : Pass<"adze-gpu-math", "::mlir::ModuleOp"> {
  let summary = "Turn math ops that are no instructions into calls of the GPU math library";
  let description = [{
    `math.exp %x : f32` becomes `call @adze_math_exp_f32(%x)`, a private function that `linkMathLibrary` links; vectors lane by
    lane. `arith.remf` is one of them, since back ends take it apart inexactly. An op that the library has no function for is an error.
  }];
  let dependentDialects = ["::mlir::func::FuncDialect", "::mlir::vector::VectorDialect"];
}
#endif
