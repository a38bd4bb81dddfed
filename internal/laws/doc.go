// Package laws has no code of its own: its tests hold what may import what, and how
// large a room may grow. docs/architecture.md says why.
package laws
