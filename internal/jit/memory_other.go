//go:build !(amd64 && (linux || darwin || freebsd || netbsd || openbsd))

package jit

// Available reports whether this processor and system run generated code.
func Available() bool { return false }

func executable([]byte) ([]byte, error) { return nil, errUnavailable }
func release([]byte)                    {}
func call(*byte, *frame)                { panic(errUnavailable) }
