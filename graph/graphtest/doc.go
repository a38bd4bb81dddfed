// Package graphtest holds what tests of graphs need: running a graph once,
// gradients against finite differences, and reference cases from files.
package graphtest
