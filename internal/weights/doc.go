// Package weights reads and writes the weights of networks, in files for one or all of them: the
// values that a network has, and of those within a constraint what is learnt beside them.
package weights
