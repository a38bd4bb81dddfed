// Package randnet draws networks at random, of all kinds of layers and of most models of neurons, to test that what goes
// through a file gives the same afterwards.
package randnet
