// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// RUN: adze-opt %s --adze-drop-opaque-results -split-input-file | FileCheck %s

// The exposed values that are no tensors of numbers go, with the reason; the indices of the others follow.
// CHECK: module attributes {adze.values = [
// CHECK-SAME: {name = "a", reason = "its type is !core.sequence<tensor<2xf32>>, which no output can have"},
// CHECK-SAME: {name = "b", output = 1 : i64}, {name = "y", output = 0 : i64},
// CHECK-SAME: {name = "c", reason = "its type is tensor<2x!core.string>, which no output can have"},
// CHECK-SAME: {name = "d", output = 2 : i64}, {name = "e", reason = "known before"}]}
// CHECK: func.func @main(%[[Y:.*]]: tensor<f32>, %{{.*}}: !core.sequence<tensor<2xf32>>, %[[B:.*]]: tensor<?xi64>, %{{.*}}: tensor<2x!core.string>)
// CHECK-SAME: -> (tensor<f32> {adze.name = "y"}, tensor<?xi64> {adze.exposed, adze.name = "b"}, tensor<f32> {adze.exposed, adze.name = "d"})
// CHECK: return %[[Y]], %[[B]], %[[Y]]
module attributes {adze.values = [{name = "a", output = 1 : i64}, {name = "b", output = 2 : i64}, {name = "y", output = 0 : i64},
                                  {name = "c", output = 3 : i64}, {name = "d", output = 4 : i64}, {name = "e", reason = "known before"}]} {
  func.func @main(%y: tensor<f32>, %a: !core.sequence<tensor<2xf32>>, %b: tensor<?xi64>, %c: tensor<2x!core.string>)
      -> (tensor<f32> {adze.name = "y"}, !core.sequence<tensor<2xf32>> {adze.exposed, adze.name = "a"},
          tensor<?xi64> {adze.exposed, adze.name = "b"}, tensor<2x!core.string> {adze.exposed, adze.name = "c"},
          tensor<f32> {adze.exposed, adze.name = "d"}) {
    return %y, %a, %b, %c, %y
        : tensor<f32>, !core.sequence<tensor<2xf32>>, tensor<?xi64>, tensor<2x!core.string>, tensor<f32>
  }
}

// -----

// The model's own outputs stay, whatever they are; so do entries that are not of the form.
// CHECK: module attributes {adze.values = [{name = "s", output = 0 : i64}, 7, {name = "z", output = 9 : i64}
// CHECK: return %{{.*}} : !core.sequence<tensor<2xf32>>
module attributes {adze.values = [{name = "s", output = 0 : i64}, 7, {name = "z", output = 9 : i64}, {name = "t", output = 1 : i64}]} {
  func.func @main(%s: !core.sequence<tensor<2xf32>>)
      -> (!core.sequence<tensor<2xf32>> {adze.name = "s"}, !core.sequence<tensor<2xf32>> {adze.exposed, adze.name = "t"}) {
    return %s, %s : !core.sequence<tensor<2xf32>>, !core.sequence<tensor<2xf32>>
  }
}
