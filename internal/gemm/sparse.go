package gemm
