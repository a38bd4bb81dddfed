//go:build !unix

package files

// noWait has no meaning here: there are no FIFOs among files.
const noWait = 0
