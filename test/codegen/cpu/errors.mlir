// RUN: adze-opt %s --adze-cpu-kernel-abi --split-input-file --verify-diagnostics

// expected-error @below {{expected begin, end, site and sizes, then buffers, scratch and error}}
func.func private @k(%begin: index, %end: index) attributes {adze.kernel} {
  return
}

// -----

// expected-error @below {{takes a buffer of type 'memref<?x2xf32>', expected memref<?xT>}}
func.func private @k(%begin: index, %end: index, %site: index, %x: memref<?x2xf32>, %scratch: memref<?xi8>, %error: memref<?xi64>)
    attributes {adze.kernel} {
  return
}

// -----

// expected-error @below {{is a kernel, but has no body or has results}}
func.func private @k(%begin: index, %end: index, %site: index, %scratch: memref<?xi8>, %error: memref<?xi64>) attributes {adze.kernel}
