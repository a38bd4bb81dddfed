package train_test

import (
	"bufio"
	"crypto/sha256"
	"errors"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/spikegrad/spikegrad/internal/files"
	"github.com/spikegrad/spikegrad/internal/long"
	"github.com/spikegrad/spikegrad/layers"
	"github.com/spikegrad/spikegrad/train"
)

// heavy returns a training with much to write: 500,000 weights, two moments and the
// best weights are some 8 MB.
func heavy(t testing.TB, dir string) *train.Trainer {
	net := layers.Sequential{
		layers.Linear{Out: 700, Init: layers.Scaled{Gain: 4}}, lif(), layers.Dropout{P: 0.2},
		layers.Linear{Out: 700}, lif(), layers.Linear{Out: 3}, li(), layers.MaxOverTime,
	}
	return &train.Trainer{
		Model: newModel(t, train.Network{Net: net, Shape: []int{4}, Steps: 3, Batch: 8, Seed: 1}),
		Data:  yinyang(t, 24), Validation: yinyang(t, 8), Encoder: noisy, Epochs: 40, Seed: 2, KeepBest: true,
		Checkpoints: &train.Checkpoints{Dir: dir},
	}
}

// killDir is the variable that makes TestKilled a process to be killed.
const killDir = "SPIKEGRAD_TEST_KILL_DIR"

// TestKilled is the process that TestKill kills. It trains with a checkpoint after
// every batch, goes on where it was, says when a batch is done, and waits to be let
// go on, as long as there is somebody to do so.
func TestKilled(t *testing.T) {
	dir := os.Getenv(killDir)
	if dir == "" {
		t.Skip("TestKill runs it")
	}
	tr := heavy(t, dir)
	tr.Checkpoints.EverySteps = 1
	var err error
	if tr.Resume, _, err = train.LatestCheckpoint(dir); !errors.Is(err, fs.ErrNotExist) {
		require.NoError(t, err)
	}
	tr.OnBatch = func(train.Batch) {
		fmt.Println("batch")
		_, _ = os.Stdin.Read(make([]byte, 1)) // nobody is there: the end of the file
	}
	_, err = tr.Run(background)
	require.NoError(t, err)
}

// A process that is killed twenty times, half of them while it writes a checkpoint,
// ends with the same file as one that ran through.
func TestKill(t *testing.T) {
	long.Test(t) // starts twenty processes
	whole := heavy(t, t.TempDir())
	_, err := whole.Run(background)
	require.NoError(t, err)

	dir := t.TempDir()
	r := rand.New(rand.NewPCG(uint64(time.Now().UnixNano()), 0)) // other moments every time
	torn := 0
	start := func() (cmd *exec.Cmd, lines chan string) {
		cmd = exec.Command(os.Args[0], "-test.run=^TestKilled$")
		cmd.Env = append(os.Environ(), killDir+"="+dir)
		out, err := cmd.StdoutPipe()
		require.NoError(t, err)
		lines = make(chan string, 100)
		go func() {
			defer close(lines)
			for s := bufio.NewScanner(out); s.Scan(); {
				lines <- s.Text()
			}
		}()
		return cmd, lines
	}
	for i := range 20 {
		cmd, lines := start()
		in, err := cmd.StdinPipe()
		require.NoError(t, err)
		require.NoError(t, cmd.Start())
		goOn := func() {
			require.Equal(t, "batch", <-lines)
			_, err := in.Write([]byte{0})
			require.NoError(t, err)
		}
		for range r.IntN(3) {
			goOn()
		}
		if i%2 == 1 { // while it writes a checkpoint, which it does now
			for goOn(); len(temporaries(t, dir)) == 0; time.Sleep(100 * time.Microsecond) {
				if len(lines) > 0 {
					goOn() // we were too slow
				}
			}
		}
		time.Sleep(time.Duration(r.IntN(8)) * time.Millisecond)
		require.NoError(t, cmd.Process.Kill())
		_ = cmd.Wait() // killed
		torn += len(temporaries(t, dir))
		require.NoFileExists(t, filepath.Join(dir, "final.safetensors"))
	}
	t.Logf("%d files were torn", torn)
	require.Positive(t, torn, "no process was killed while it wrote")

	cmd, lines := start()
	require.NoError(t, cmd.Start())
	batches := 0
	for l := range lines {
		if l == "batch" {
			batches++
		}
	}
	require.NoError(t, cmd.Wait())
	require.Less(t, batches, 120, "it went on where the others had ended")
	require.Empty(t, temporaries(t, dir), "what the others left is gone")
	require.Equal(t, sha256.Sum256(read(t, whole.Checkpoints.Dir, "final.safetensors")), sha256.Sum256(read(t, dir, "final.safetensors")))
}

// temporaries returns the names of files that are being written, or were.
func temporaries(t *testing.T, dir string) []string {
	var names []string
	for _, n := range fileNames(t, dir) {
		if strings.HasSuffix(n, ".tmp") {
			names = append(names, n)
		}
	}
	return names
}

// BenchmarkCheckpoint writes and reads the state of a training with 500,000 weights
// on the disk of temporary files: 8 MB.
func BenchmarkCheckpoint(b *testing.B) {
	tr := heavy(b, b.TempDir())
	tr.Epochs = 1
	_, err := tr.Run(background)
	require.NoError(b, err)
	from := filepath.Join(tr.Checkpoints.Dir, "step-000000003.safetensors")
	c, size := checkpoint(b, from), int64(len(read(b, from)))
	b.Run("write", func(b *testing.B) {
		to := filepath.Join(b.TempDir(), "x.safetensors")
		b.SetBytes(size)
		for b.Loop() {
			require.NoError(b, files.Replace(to, c.Write))
		}
	})
	b.Run("read", func(b *testing.B) {
		b.SetBytes(size)
		for b.Loop() {
			checkpoint(b, from)
		}
	})
}
