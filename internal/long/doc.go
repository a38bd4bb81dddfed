// Package long tells the tests whether those that take long shall run: with
// SPIKEGRAD_LONG=1 in the environment, as continuous integration sets it. Without it
// they are skipped, or try less.
package long

import (
	"os"
	"testing"
)

// Tests reports whether what takes long shall run.
func Tests() bool { return os.Getenv("SPIKEGRAD_LONG") == "1" && !testing.Short() }

// Test skips a test that takes long, unless it shall run.
func Test(t testing.TB) {
	t.Helper()
	if !Tests() {
		t.Skip("takes long: runs with SPIKEGRAD_LONG=1")
	}
}
