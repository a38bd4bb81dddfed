//go:build !windows

package show_test

import (
	"bufio"
	"fmt"
	"os"
	"os/exec"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/spikegrad/spikegrad/examples/internal/show"
)

// busy is the variable that makes TestBusy a program that is to be ended.
const busy = "SPIKEGRAD_TEST_BUSY"

// TestBusy is a program that takes long to end when it is asked to.
func TestBusy(t *testing.T) {
	if os.Getenv(busy) == "" {
		t.Skip("TestContext runs it")
	}
	ctx, stop := show.Context()
	defer stop()
	fmt.Println("begun")
	<-ctx.Done()
	fmt.Println("asked to end")
	time.Sleep(time.Minute)
}

// The first signal lets a program end its work, the second ends it at once.
func TestContext(t *testing.T) {
	for _, sig := range []syscall.Signal{syscall.SIGINT, syscall.SIGTERM} {
		cmd := exec.Command(os.Args[0], "-test.run=^TestBusy$")
		cmd.Env = append(os.Environ(), busy+"=1")
		out, err := cmd.StdoutPipe()
		require.NoError(t, err)
		require.NoError(t, cmd.Start())
		lines := bufio.NewScanner(out)
		require.True(t, lines.Scan())
		require.Equal(t, "begun", lines.Text())
		require.NoError(t, cmd.Process.Signal(sig))
		require.True(t, lines.Scan())
		require.Equal(t, "asked to end", lines.Text())
		go func() {
			// Again, if it comes before Context has given the signals back.
			for cmd.Process.Signal(sig) == nil {
				time.Sleep(20 * time.Millisecond)
			}
		}()
		_ = cmd.Wait() // ended by the signal, or much later by itself
		require.Equal(t, sig, cmd.ProcessState.Sys().(syscall.WaitStatus).Signal())
	}
}
