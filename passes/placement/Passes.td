// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#ifndef ADZE_PLACEMENT_PASSES_TD
#define ADZE_PLACEMENT_PASSES_TD
include "mlir/Pass/PassBase.td"

def PlaceTensors : Pass<"adze-place-tensors", "::mlir::ModuleOp"> {
  let summary = "Choose whose memory each tensor of @main lies in, and copy what is needed in the other";
  let description = [{
    Kernels with a `schedule` run on the device, all others on the host. A launch's results lie where it runs; constants, arguments and what
    @main returns are the host's. What loops and branches carry lies in one memory, chosen so that little is copied. Without a schedule on
    any kernel nothing changes.
  }];
  let options = [Option<"hostThreshold", "host-threshold", "int64_t", "0",
                        "launches on tensors of at most this many elements, from and to the host's memory, run on the host">];
  let dependentDialects = ["::adze::kernel::KernelDialect"];
}

def WriteInPlace : Pass<"adze-write-in-place", "::mlir::ModuleOp"> {
  let summary = "Let launches change what a loop carries where it lies";
  let description = [{
    Where an iteration's last read of a tensor that a loop carries is by a launch which changes some of its elements and gives what is carried
    on, the launch gets `adze.in_place`: its result may be written to the memory that the tensor has. A launch that only puts elements behind
    those of such a tensor becomes `kernel.append`. Kernels that nothing launches then are erased.
  }];
  let dependentDialects = ["::adze::kernel::KernelDialect", "::mlir::arith::ArithDialect"];
}
#endif
