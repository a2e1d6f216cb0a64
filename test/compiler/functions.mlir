// Functions of libm and conversions of small floats: row r of `wide` is function r of x, of `narrow` function r of x as f32; the last two
// rows are x to the power 1.5 and the remainder by 0.7. `small` is x through f16, and through bf16.
func.func private @functions(%begin: index, %end: index, %site: index, %n: index, %x: memref<?xf64>, %wide: memref<?xf64>,
                             %narrow: memref<?xf32>, %small: memref<?xf32>, %scratch: memref<?xi8>, %error: memref<?xi64>)
    attributes {adze.kernel} {
  %c1 = arith.constant 1 : index
  %p = arith.constant 1.5 : f64
  %q = arith.constant 0.7 : f64
  %pf = arith.constant 1.5 : f32
  %qf = arith.constant 0.7 : f32
  scf.for %i = %begin to %end step %c1 {
    %a = memref.load %x[%i] : memref<?xf64>
    %b = arith.truncf %a : f64 to f32
    %f64_0 = arith.constant 0 : index
    %f64_0_row = arith.muli %f64_0, %n : index
    %f64_0_at = arith.addi %f64_0_row, %i : index
    %f64_0_y = math.erf %a : f64
    memref.store %f64_0_y, %wide[%f64_0_at] : memref<?xf64>
    %f64_1 = arith.constant 1 : index
    %f64_1_row = arith.muli %f64_1, %n : index
    %f64_1_at = arith.addi %f64_1_row, %i : index
    %f64_1_y = math.sinh %a : f64
    memref.store %f64_1_y, %wide[%f64_1_at] : memref<?xf64>
    %f64_2 = arith.constant 2 : index
    %f64_2_row = arith.muli %f64_2, %n : index
    %f64_2_at = arith.addi %f64_2_row, %i : index
    %f64_2_y = math.cosh %a : f64
    memref.store %f64_2_y, %wide[%f64_2_at] : memref<?xf64>
    %f64_3 = arith.constant 3 : index
    %f64_3_row = arith.muli %f64_3, %n : index
    %f64_3_at = arith.addi %f64_3_row, %i : index
    %f64_3_y = math.tanh %a : f64
    memref.store %f64_3_y, %wide[%f64_3_at] : memref<?xf64>
    %f64_4 = arith.constant 4 : index
    %f64_4_row = arith.muli %f64_4, %n : index
    %f64_4_at = arith.addi %f64_4_row, %i : index
    %f64_4_y = math.asinh %a : f64
    memref.store %f64_4_y, %wide[%f64_4_at] : memref<?xf64>
    %f64_5 = arith.constant 5 : index
    %f64_5_row = arith.muli %f64_5, %n : index
    %f64_5_at = arith.addi %f64_5_row, %i : index
    %f64_5_y = math.acosh %a : f64
    memref.store %f64_5_y, %wide[%f64_5_at] : memref<?xf64>
    %f64_6 = arith.constant 6 : index
    %f64_6_row = arith.muli %f64_6, %n : index
    %f64_6_at = arith.addi %f64_6_row, %i : index
    %f64_6_y = math.atanh %a : f64
    memref.store %f64_6_y, %wide[%f64_6_at] : memref<?xf64>
    %f64_7 = arith.constant 7 : index
    %f64_7_row = arith.muli %f64_7, %n : index
    %f64_7_at = arith.addi %f64_7_row, %i : index
    %f64_7_y = math.exp %a : f64
    memref.store %f64_7_y, %wide[%f64_7_at] : memref<?xf64>
    %f64_8 = arith.constant 8 : index
    %f64_8_row = arith.muli %f64_8, %n : index
    %f64_8_at = arith.addi %f64_8_row, %i : index
    %f64_8_y = math.log %a : f64
    memref.store %f64_8_y, %wide[%f64_8_at] : memref<?xf64>
    %f64_9 = arith.constant 9 : index
    %f64_9_row = arith.muli %f64_9, %n : index
    %f64_9_at = arith.addi %f64_9_row, %i : index
    %f64_9_y = math.sin %a : f64
    memref.store %f64_9_y, %wide[%f64_9_at] : memref<?xf64>
    %f64_10 = arith.constant 10 : index
    %f64_10_row = arith.muli %f64_10, %n : index
    %f64_10_at = arith.addi %f64_10_row, %i : index
    %f64_10_y = math.cos %a : f64
    memref.store %f64_10_y, %wide[%f64_10_at] : memref<?xf64>
    %f64_11 = arith.constant 11 : index
    %f64_11_row = arith.muli %f64_11, %n : index
    %f64_11_at = arith.addi %f64_11_row, %i : index
    %f64_11_y = math.tan %a : f64
    memref.store %f64_11_y, %wide[%f64_11_at] : memref<?xf64>
    %f64_12 = arith.constant 12 : index
    %f64_12_row = arith.muli %f64_12, %n : index
    %f64_12_at = arith.addi %f64_12_row, %i : index
    %f64_12_y = math.asin %a : f64
    memref.store %f64_12_y, %wide[%f64_12_at] : memref<?xf64>
    %f64_13 = arith.constant 13 : index
    %f64_13_row = arith.muli %f64_13, %n : index
    %f64_13_at = arith.addi %f64_13_row, %i : index
    %f64_13_y = math.acos %a : f64
    memref.store %f64_13_y, %wide[%f64_13_at] : memref<?xf64>
    %f64_14 = arith.constant 14 : index
    %f64_14_row = arith.muli %f64_14, %n : index
    %f64_14_at = arith.addi %f64_14_row, %i : index
    %f64_14_y = math.atan %a : f64
    memref.store %f64_14_y, %wide[%f64_14_at] : memref<?xf64>
    %f64_15 = arith.constant 15 : index
    %f64_15_row = arith.muli %f64_15, %n : index
    %f64_15_at = arith.addi %f64_15_row, %i : index
    %f64_15_y = math.expm1 %a : f64
    memref.store %f64_15_y, %wide[%f64_15_at] : memref<?xf64>
    %f64_16 = arith.constant 16 : index
    %f64_16_row = arith.muli %f64_16, %n : index
    %f64_16_at = arith.addi %f64_16_row, %i : index
    %f64_16_y = math.log1p %a : f64
    memref.store %f64_16_y, %wide[%f64_16_at] : memref<?xf64>
    %f64_17 = arith.constant 17 : index
    %f64_17_row = arith.muli %f64_17, %n : index
    %f64_17_at = arith.addi %f64_17_row, %i : index
    %f64_17_y = math.exp2 %a : f64
    memref.store %f64_17_y, %wide[%f64_17_at] : memref<?xf64>
    %f64_18 = arith.constant 18 : index
    %f64_18_row = arith.muli %f64_18, %n : index
    %f64_18_at = arith.addi %f64_18_row, %i : index
    %f64_18_y = math.log2 %a : f64
    memref.store %f64_18_y, %wide[%f64_18_at] : memref<?xf64>
    %f64_19 = arith.constant 19 : index
    %f64_19_row = arith.muli %f64_19, %n : index
    %f64_19_at = arith.addi %f64_19_row, %i : index
    %f64_19_y = math.log10 %a : f64
    memref.store %f64_19_y, %wide[%f64_19_at] : memref<?xf64>
    %f64_20 = arith.constant 20 : index
    %f64_20_row = arith.muli %f64_20, %n : index
    %f64_20_at = arith.addi %f64_20_row, %i : index
    %f64_20_y = math.cbrt %a : f64
    memref.store %f64_20_y, %wide[%f64_20_at] : memref<?xf64>
    %f64_21 = arith.constant 21 : index
    %f64_21_row = arith.muli %f64_21, %n : index
    %f64_21_at = arith.addi %f64_21_row, %i : index
    %f64_21_y = math.powf %a, %p : f64
    memref.store %f64_21_y, %wide[%f64_21_at] : memref<?xf64>
    %f64_22 = arith.constant 22 : index
    %f64_22_row = arith.muli %f64_22, %n : index
    %f64_22_at = arith.addi %f64_22_row, %i : index
    %f64_22_y = arith.remf %a, %q : f64
    memref.store %f64_22_y, %wide[%f64_22_at] : memref<?xf64>
    %f32_0 = arith.constant 0 : index
    %f32_0_row = arith.muli %f32_0, %n : index
    %f32_0_at = arith.addi %f32_0_row, %i : index
    %f32_0_y = math.erf %b : f32
    memref.store %f32_0_y, %narrow[%f32_0_at] : memref<?xf32>
    %f32_1 = arith.constant 1 : index
    %f32_1_row = arith.muli %f32_1, %n : index
    %f32_1_at = arith.addi %f32_1_row, %i : index
    %f32_1_y = math.sinh %b : f32
    memref.store %f32_1_y, %narrow[%f32_1_at] : memref<?xf32>
    %f32_2 = arith.constant 2 : index
    %f32_2_row = arith.muli %f32_2, %n : index
    %f32_2_at = arith.addi %f32_2_row, %i : index
    %f32_2_y = math.cosh %b : f32
    memref.store %f32_2_y, %narrow[%f32_2_at] : memref<?xf32>
    %f32_3 = arith.constant 3 : index
    %f32_3_row = arith.muli %f32_3, %n : index
    %f32_3_at = arith.addi %f32_3_row, %i : index
    %f32_3_y = math.tanh %b : f32
    memref.store %f32_3_y, %narrow[%f32_3_at] : memref<?xf32>
    %f32_4 = arith.constant 4 : index
    %f32_4_row = arith.muli %f32_4, %n : index
    %f32_4_at = arith.addi %f32_4_row, %i : index
    %f32_4_y = math.asinh %b : f32
    memref.store %f32_4_y, %narrow[%f32_4_at] : memref<?xf32>
    %f32_5 = arith.constant 5 : index
    %f32_5_row = arith.muli %f32_5, %n : index
    %f32_5_at = arith.addi %f32_5_row, %i : index
    %f32_5_y = math.acosh %b : f32
    memref.store %f32_5_y, %narrow[%f32_5_at] : memref<?xf32>
    %f32_6 = arith.constant 6 : index
    %f32_6_row = arith.muli %f32_6, %n : index
    %f32_6_at = arith.addi %f32_6_row, %i : index
    %f32_6_y = math.atanh %b : f32
    memref.store %f32_6_y, %narrow[%f32_6_at] : memref<?xf32>
    %f32_7 = arith.constant 7 : index
    %f32_7_row = arith.muli %f32_7, %n : index
    %f32_7_at = arith.addi %f32_7_row, %i : index
    %f32_7_y = math.exp %b : f32
    memref.store %f32_7_y, %narrow[%f32_7_at] : memref<?xf32>
    %f32_8 = arith.constant 8 : index
    %f32_8_row = arith.muli %f32_8, %n : index
    %f32_8_at = arith.addi %f32_8_row, %i : index
    %f32_8_y = math.log %b : f32
    memref.store %f32_8_y, %narrow[%f32_8_at] : memref<?xf32>
    %f32_9 = arith.constant 9 : index
    %f32_9_row = arith.muli %f32_9, %n : index
    %f32_9_at = arith.addi %f32_9_row, %i : index
    %f32_9_y = math.sin %b : f32
    memref.store %f32_9_y, %narrow[%f32_9_at] : memref<?xf32>
    %f32_10 = arith.constant 10 : index
    %f32_10_row = arith.muli %f32_10, %n : index
    %f32_10_at = arith.addi %f32_10_row, %i : index
    %f32_10_y = math.cos %b : f32
    memref.store %f32_10_y, %narrow[%f32_10_at] : memref<?xf32>
    %f32_11 = arith.constant 11 : index
    %f32_11_row = arith.muli %f32_11, %n : index
    %f32_11_at = arith.addi %f32_11_row, %i : index
    %f32_11_y = math.tan %b : f32
    memref.store %f32_11_y, %narrow[%f32_11_at] : memref<?xf32>
    %f32_12 = arith.constant 12 : index
    %f32_12_row = arith.muli %f32_12, %n : index
    %f32_12_at = arith.addi %f32_12_row, %i : index
    %f32_12_y = math.asin %b : f32
    memref.store %f32_12_y, %narrow[%f32_12_at] : memref<?xf32>
    %f32_13 = arith.constant 13 : index
    %f32_13_row = arith.muli %f32_13, %n : index
    %f32_13_at = arith.addi %f32_13_row, %i : index
    %f32_13_y = math.acos %b : f32
    memref.store %f32_13_y, %narrow[%f32_13_at] : memref<?xf32>
    %f32_14 = arith.constant 14 : index
    %f32_14_row = arith.muli %f32_14, %n : index
    %f32_14_at = arith.addi %f32_14_row, %i : index
    %f32_14_y = math.atan %b : f32
    memref.store %f32_14_y, %narrow[%f32_14_at] : memref<?xf32>
    %f32_15 = arith.constant 15 : index
    %f32_15_row = arith.muli %f32_15, %n : index
    %f32_15_at = arith.addi %f32_15_row, %i : index
    %f32_15_y = math.expm1 %b : f32
    memref.store %f32_15_y, %narrow[%f32_15_at] : memref<?xf32>
    %f32_16 = arith.constant 16 : index
    %f32_16_row = arith.muli %f32_16, %n : index
    %f32_16_at = arith.addi %f32_16_row, %i : index
    %f32_16_y = math.log1p %b : f32
    memref.store %f32_16_y, %narrow[%f32_16_at] : memref<?xf32>
    %f32_17 = arith.constant 17 : index
    %f32_17_row = arith.muli %f32_17, %n : index
    %f32_17_at = arith.addi %f32_17_row, %i : index
    %f32_17_y = math.exp2 %b : f32
    memref.store %f32_17_y, %narrow[%f32_17_at] : memref<?xf32>
    %f32_18 = arith.constant 18 : index
    %f32_18_row = arith.muli %f32_18, %n : index
    %f32_18_at = arith.addi %f32_18_row, %i : index
    %f32_18_y = math.log2 %b : f32
    memref.store %f32_18_y, %narrow[%f32_18_at] : memref<?xf32>
    %f32_19 = arith.constant 19 : index
    %f32_19_row = arith.muli %f32_19, %n : index
    %f32_19_at = arith.addi %f32_19_row, %i : index
    %f32_19_y = math.log10 %b : f32
    memref.store %f32_19_y, %narrow[%f32_19_at] : memref<?xf32>
    %f32_20 = arith.constant 20 : index
    %f32_20_row = arith.muli %f32_20, %n : index
    %f32_20_at = arith.addi %f32_20_row, %i : index
    %f32_20_y = math.cbrt %b : f32
    memref.store %f32_20_y, %narrow[%f32_20_at] : memref<?xf32>
    %f32_21 = arith.constant 21 : index
    %f32_21_row = arith.muli %f32_21, %n : index
    %f32_21_at = arith.addi %f32_21_row, %i : index
    %f32_21_y = math.powf %b, %pf : f32
    memref.store %f32_21_y, %narrow[%f32_21_at] : memref<?xf32>
    %f32_22 = arith.constant 22 : index
    %f32_22_row = arith.muli %f32_22, %n : index
    %f32_22_at = arith.addi %f32_22_row, %i : index
    %f32_22_y = arith.remf %b, %qf : f32
    memref.store %f32_22_y, %narrow[%f32_22_at] : memref<?xf32>
    %half = arith.truncf %b : f32 to f16
    %from_half = arith.extf %half : f16 to f32
    memref.store %from_half, %small[%i] : memref<?xf32>
    %brain = arith.truncf %b : f32 to bf16
    %from_brain = arith.extf %brain : bf16 to f32
    %second = arith.addi %n, %i : index
    memref.store %from_brain, %small[%second] : memref<?xf32>
  }
  return
}
func.func private @functions.grid(%n: index) -> (index, index, index) {
  %grain = arith.constant 1 : index
  %none = arith.constant 0 : index
  return %n, %grain, %none : index, index, index
}
func.func @main(%x: tensor<?xf64> {adze.name = "x"})
    -> (tensor<23x?xf64> {adze.name = "wide"}, tensor<23x?xf32> {adze.name = "narrow"}, tensor<2x?xf32> {adze.name = "small"}) {
  %c0 = arith.constant 0 : index
  %n = tensor.dim %x, %c0 : tensor<?xf64>
  %wide, %narrow, %small = kernel.launch @functions(%n, %x)
      {adze.result_dims = [array<i64: -1, 0>, array<i64: -1, 0>, array<i64: -1, 0>]}
      : (index, tensor<?xf64>) -> (tensor<23x?xf64>, tensor<23x?xf32>, tensor<2x?xf32>)
  return %wide, %narrow, %small : tensor<23x?xf64>, tensor<23x?xf32>, tensor<2x?xf32>
}
