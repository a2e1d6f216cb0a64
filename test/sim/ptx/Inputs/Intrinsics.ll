; SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
; What LLVM has for NVPTX beyond C: compiled for several targets, each of which the machine must load.
target triple = "nvptx64-nvidia-cuda"
declare void @llvm.nvvm.barrier0()
declare void @llvm.nvvm.barrier.cta.sync.aligned.all(i32)
declare void @llvm.nvvm.barrier.cta.sync.all(i32)
declare void @llvm.nvvm.barrier.cta.arrive.aligned.count(i32,i32)
declare i32 @llvm.nvvm.shfl.sync.bfly.i32(i32,i32,i32,i32)
declare {i32,i1} @llvm.nvvm.shfl.sync.down.i32p(i32,i32,i32,i32)
declare float @llvm.nvvm.shfl.sync.bfly.f32(i32,float,i32,i32)
declare i32 @llvm.nvvm.redux.sync.add(i32,i32)
declare i32 @llvm.nvvm.vote.ballot.sync(i32,i1)
declare {float,float,float,float} @llvm.nvvm.mma.m16n8k16.row.col.f32.f32(<2 x half>,<2 x half>,<2 x half>,<2 x half>,
    <2 x half>,<2 x half>,float,float,float,float)
declare {float,float,float,float} @llvm.nvvm.mma.m16n8k16.row.col.bf16(i32,i32,i32,i32,i32,i32,float,float,float,float)
declare {i32,i32,i32,i32} @llvm.nvvm.ldmatrix.sync.aligned.m8n8.x4.b16.p3(ptr addrspace(3))
declare {i32,i32} @llvm.nvvm.ldmatrix.sync.aligned.m8n8.x2.trans.b16.p3(ptr addrspace(3))
declare void @llvm.nvvm.cp.async.cg.shared.global.16(ptr addrspace(3), ptr addrspace(1))
declare void @llvm.nvvm.cp.async.ca.shared.global.4.s(ptr addrspace(3), ptr addrspace(1), i32)
declare void @llvm.nvvm.cp.async.commit.group()
declare void @llvm.nvvm.cp.async.wait.group(i32)
declare void @llvm.nvvm.cp.async.wait.all()
declare i32 @llvm.nvvm.read.ptx.sreg.tid.x()
declare i32 @llvm.nvvm.read.ptx.sreg.laneid()
declare i32 @llvm.nvvm.read.ptx.sreg.warpsize()
declare i64 @llvm.nvvm.read.ptx.sreg.clock64()
declare float @llvm.nvvm.ex2.approx.ftz.f(float)
declare float @llvm.nvvm.tanh.approx.f32(float)
declare float @llvm.fma.f32(float,float,float)
declare float @llvm.maximum.f32(float,float)
declare float @llvm.minnum.f32(float,float)
declare float @llvm.exp2.f32(float)
declare float @llvm.sqrt.f32(float)
declare float @llvm.rint.f32(float)
declare float @llvm.floor.f32(float)
declare float @llvm.round.f32(float)
declare float @llvm.copysign.f32(float,float)
declare i32 @llvm.fshl.i32(i32,i32,i32)
declare i32 @llvm.bitreverse.i32(i32)
declare i32 @llvm.bswap.i32(i32)
declare i32 @llvm.sadd.sat.i32(i32,i32)
declare {i32,i1} @llvm.umul.with.overflow.i32(i32,i32)
declare i32 @llvm.fptosi.sat.i32.f32(float)
declare i8 @llvm.fptoui.sat.i8.f32(float)
declare void @llvm.memcpy.p0.p0.i64(ptr,ptr,i64,i1)
declare void @llvm.memset.p1.i64(ptr addrspace(1),i8,i64,i1)
declare void @llvm.trap()
@sm = addrspace(3) global [1024 x i8] undef, align 16
@cst = addrspace(4) constant [4 x float] [float 1.0, float 2.0, float 3.0, float 4.0]
define void @noinl(ptr %p, float %x, <4 x float> %v) noinline { %e = extractelement <4 x float> %v, i32 2
 %s = fadd float %x, %e
 store float %s, ptr %p
 ret void }
define ptx_kernel void @k(ptr addrspace(1) %a, ptr addrspace(1) %b, i32 %n, float %x) {
 %t = call i32 @llvm.nvvm.read.ptx.sreg.tid.x()
 %l = call i32 @llvm.nvvm.read.ptx.sreg.laneid()
 %pa = getelementptr float, ptr addrspace(1) %a, i32 %t
 %v = load <4 x float>, ptr addrspace(1) %pa, align 16
 %h8 = load <8 x half>, ptr addrspace(1) %pa, align 16
 %b8 = load <8 x i8>, ptr addrspace(1) %pa, align 8
 %bf = load <2 x bfloat>, ptr addrspace(1) %pa, align 4
 %bfe = fpext <2 x bfloat> %bf to <2 x float>
 %bfm = fmul <2 x bfloat> %bf, %bf
 %bfmax = fadd <2 x bfloat> %bfm, %bf
 store <2 x bfloat> %bfmax, ptr addrspace(1) %b, align 4
 store <2 x float> %bfe, ptr addrspace(1) %b, align 8
 %h8m = fmul <8 x half> %h8, %h8
 %h8a = fadd <8 x half> %h8m, %h8
 store <8 x half> %h8a, ptr addrspace(1) %b, align 16
 %b8a = add <8 x i8> %b8, %b8
 store <8 x i8> %b8a, ptr addrspace(1) %b, align 8
 %f0 = extractelement <4 x float> %v, i32 0
 %f1 = extractelement <4 x float> %v, i32 1
 %q1 = call float @llvm.fma.f32(float %f0,float %f1,float %x)
 %q2 = call float @llvm.maximum.f32(float %q1,float %f1)
 %q3 = call float @llvm.minnum.f32(float %q2,float %f0)
 %q4 = call float @llvm.exp2.f32(float %q3)
 %q5 = call float @llvm.sqrt.f32(float %q4)
 %q6 = call float @llvm.rint.f32(float %q5)
 %q7 = call float @llvm.floor.f32(float %q6)
 %q8 = call float @llvm.round.f32(float %q7)
 %q9 = call float @llvm.copysign.f32(float %q8,float %x)
 %q10 = frem float %q9, %x
 %q11 = fdiv float %q10, %f1
 %q12 = call float @llvm.nvvm.ex2.approx.ftz.f(float %q11)
 %q13 = call float @llvm.nvvm.tanh.approx.f32(float %q12)
 %i1 = call i32 @llvm.fptosi.sat.i32.f32(float %q13)
 %i2 = call i8 @llvm.fptoui.sat.i8.f32(float %q13)
 %i2e = zext i8 %i2 to i32
 %i3 = call i32 @llvm.fshl.i32(i32 %i1,i32 %t,i32 %l)
 %i4 = call i32 @llvm.bitreverse.i32(i32 %i3)
 %i5 = call i32 @llvm.bswap.i32(i32 %i4)
 %i6 = call i32 @llvm.sadd.sat.i32(i32 %i5,i32 %i2e)
 %i7 = call {i32,i1} @llvm.umul.with.overflow.i32(i32 %i6,i32 %n)
 %i7a = extractvalue {i32,i1} %i7, 0
 %i7b = extractvalue {i32,i1} %i7, 1
 %i8 = select i1 %i7b, i32 %i7a, i32 3
 %s1 = call i32 @llvm.nvvm.shfl.sync.bfly.i32(i32 -1,i32 %i8,i32 4,i32 31)
 %s2 = call {i32,i1} @llvm.nvvm.shfl.sync.down.i32p(i32 -1,i32 %s1,i32 4,i32 31)
 %s2a = extractvalue {i32,i1} %s2, 0
 %s3 = call float @llvm.nvvm.shfl.sync.bfly.f32(i32 -1,float %q13,i32 4,i32 31)
 %s4 = call i32 @llvm.nvvm.redux.sync.add(i32 %s2a,i32 -1)
 %c = icmp ult i32 %s4, 5
 %s5 = call i32 @llvm.nvvm.vote.ballot.sync(i32 -1,i1 %c)
 call void @llvm.nvvm.barrier0()
 call void @llvm.nvvm.barrier.cta.sync.aligned.all(i32 0)
 call void @llvm.nvvm.barrier.cta.sync.all(i32 0)
 call void @llvm.nvvm.barrier.cta.arrive.aligned.count(i32 1,i32 64)
 call void @llvm.nvvm.cp.async.cg.shared.global.16(ptr addrspace(3) @sm, ptr addrspace(1) %a)
 call void @llvm.nvvm.cp.async.ca.shared.global.4.s(ptr addrspace(3) @sm, ptr addrspace(1) %a, i32 %n)
 call void @llvm.nvvm.cp.async.commit.group()
 call void @llvm.nvvm.cp.async.wait.group(i32 1)
 call void @llvm.nvvm.cp.async.wait.all()
 %m = call {i32,i32,i32,i32} @llvm.nvvm.ldmatrix.sync.aligned.m8n8.x4.b16.p3(ptr addrspace(3) @sm)
 %m0 = extractvalue {i32,i32,i32,i32} %m, 0
 %m1 = extractvalue {i32,i32,i32,i32} %m, 1
 %mb = call {i32,i32} @llvm.nvvm.ldmatrix.sync.aligned.m8n8.x2.trans.b16.p3(ptr addrspace(3) @sm)
 %mb0 = extractvalue {i32,i32} %mb, 0
 %d = call {float,float,float,float} @llvm.nvvm.mma.m16n8k16.row.col.bf16(i32 %m0,i32 %m1,i32 %m0,i32 %m1,i32 %mb0,
    i32 %mb0,float 0.0,float 0.0,float 0.0,float %x)
 %d0 = extractvalue {float,float,float,float} %d, 0
 %mh = bitcast i32 %m0 to <2 x half>
 %dd = call {float,float,float,float} @llvm.nvvm.mma.m16n8k16.row.col.f32.f32(<2 x half> %mh,<2 x half> %mh,
    <2 x half> %mh,<2 x half> %mh,<2 x half> %mh,<2 x half> %mh,float %d0,float 0.0,float 0.0,float 0.0)
 %dd0 = extractvalue {float,float,float,float} %dd, 3
 %ad = atomicrmw fadd ptr addrspace(1) %b, float %dd0 monotonic
 %ad2 = atomicrmw add ptr addrspace(1) %b, i32 %s5 acq_rel
 %ad3 = cmpxchg ptr addrspace(1) %b, i32 0, i32 1 seq_cst seq_cst
 %ad4 = atomicrmw umax ptr addrspace(3) @sm, i32 %s5 syncscope("block") monotonic
 %ad5 = load atomic i32, ptr addrspace(1) %b syncscope("device") acquire, align 4
 store atomic i32 %ad5, ptr addrspace(1) %b syncscope("device") release, align 4
 fence syncscope("block") acq_rel
 fence seq_cst
 %vv = load volatile i32, ptr addrspace(1) %b
 %al = alloca [16 x i32]
 %alp = getelementptr [16 x i32], ptr %al, i32 0, i32 %t
 store i32 %vv, ptr %alp
 %ag = addrspacecast ptr addrspace(1) %b to ptr
 call void @llvm.memcpy.p0.p0.i64(ptr %ag, ptr %al, i64 64, i1 false)
 call void @llvm.memset.p1.i64(ptr addrspace(1) %b, i8 3, i64 40, i1 false)
 %cp = getelementptr [4 x float], ptr addrspace(4) @cst, i32 0, i32 %l
 %cv = load float, ptr addrspace(4) %cp
 call void @noinl(ptr %ag, float %cv, <4 x float> %v)
 store float %s3, ptr addrspace(1) %b
 %cl = call i64 @llvm.nvvm.read.ptx.sreg.clock64()
 store i64 %cl, ptr addrspace(1) %b
 %isneg = icmp slt i32 %n, 0
 br i1 %isneg, label %bad, label %ok
bad:
 call void @llvm.trap()
 unreachable
ok:
 %dx = fpext float %x to double
 %dy = fmul double %dx, %dx
 %di = fptoui double %dy to i64
 store i64 %di, ptr addrspace(1) %b
 %u = uitofp i64 %di to float
 %hh = fptrunc float %u to half
 store half %hh, ptr addrspace(1) %b
 %i128 = zext i64 %di to i128
 %mm = mul i128 %i128, %i128
 %sh = lshr i128 %mm, 40
 %tr = trunc i128 %sh to i64
 store i64 %tr, ptr addrspace(1) %b
 ret void
}
