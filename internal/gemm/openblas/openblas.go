//go:build openblas

package openblas

/*
#cgo LDFLAGS: -lopenblas

void cblas_sgemm(int order, int transA, int transB, int m, int n, int k, float alpha,
	const float *a, int lda, const float *b, int ldb, float beta, float *c, int ldc);
void cblas_dgemm(int order, int transA, int transB, int m, int n, int k, double alpha,
	const double *a, int lda, const double *b, int ldb, double beta, double *c, int ldc);
void openblas_set_num_threads(int n);
*/
import "C"

import (
	"runtime"
	"unsafe"
)

// What CBLAS calls the order of a matrix, and whether it is transposed.
const (
	rowMajor = 101
	noTrans  = 111
	trans    = 112
)

func op(transposed bool) C.int {
	if transposed {
		return trans
	}
	return noTrans
}

// Float32 is gemm.Float32, for matrices that are not empty and of sizes below
// 2³¹, on as many threads as GOMAXPROCS says. It looks at no size.
func Float32(transA, transB bool, m, n, k int, a []float32, lda int, b []float32, ldb int, accumulate bool, c []float32, ldc int) {
	var beta C.float
	if accumulate {
		beta = 1
	}
	C.openblas_set_num_threads(C.int(runtime.GOMAXPROCS(0)))
	C.cblas_sgemm(rowMajor, op(transA), op(transB), C.int(m), C.int(n), C.int(k), 1,
		(*C.float)(unsafe.SliceData(a)), C.int(lda), (*C.float)(unsafe.SliceData(b)), C.int(ldb), beta, (*C.float)(unsafe.SliceData(c)), C.int(ldc))
}

// Float64 is Float32 for float64.
func Float64(transA, transB bool, m, n, k int, a []float64, lda int, b []float64, ldb int, accumulate bool, c []float64, ldc int) {
	var beta C.double
	if accumulate {
		beta = 1
	}
	C.openblas_set_num_threads(C.int(runtime.GOMAXPROCS(0)))
	C.cblas_dgemm(rowMajor, op(transA), op(transB), C.int(m), C.int(n), C.int(k), 1,
		(*C.double)(unsafe.SliceData(a)), C.int(lda), (*C.double)(unsafe.SliceData(b)), C.int(ldb), beta, (*C.double)(unsafe.SliceData(c)), C.int(ldc))
}
