//go:build !(amd64 && (linux || darwin || freebsd || netbsd || openbsd))

package jit

func available() []*target { return nil }

func executable([]byte) ([]byte, error) { return nil, errUnavailable }
func release([]byte)                    {}
func call(*byte, *frame)                { panic(errUnavailable) }
