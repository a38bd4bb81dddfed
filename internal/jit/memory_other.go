//go:build !(linux || darwin || freebsd || netbsd || openbsd)

package jit

func permitted() bool { return false }

func executable([]byte) ([]byte, error) { return nil, errUnavailable }
func release([]byte)                    {}
