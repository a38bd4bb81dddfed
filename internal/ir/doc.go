// Package ir is what a time step is compiled to, its intermediate representation: a
// Program, a list of instructions on values that are known by number. A program is
// data. It holds no node of a graph and no function, so it can be printed, compared
// and checked, and whoever runs it (internal/exec, which has an interpreter and
// machine code) needs to know nothing of Gorgonia. What a program cannot hold, as the
// operations that it calls, it numbers; who made it has them by these numbers.
//
// The package imports nothing but the standard library.
package ir
