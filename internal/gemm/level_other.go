//go:build !amd64

package gemm

func vectorMachines() []*machine { return nil }
