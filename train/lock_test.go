package train_test

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/spikegrad/spikegrad/train"
)

// One training at a time writes to a folder. A second one is refused and changes
// nothing, in this process or in another; when the first is over, the next may.
func TestOneTrainingAFolder(t *testing.T) {
	dir := t.TempDir()
	lock := filepath.Join(dir, "checkpoints.lock")
	first := smallTrainer(t, dir)
	tried := 0
	first.OnBatch = func(b train.Batch) {
		if b.Step > 0 {
			return
		}
		require.FileExists(t, lock)
		was := fileNames(t, dir)
		second := smallTrainer(t, dir+string(filepath.Separator))
		weights := bits(second.Model)
		_, err := second.Run(background)
		require.EqualError(t, err, "train: checkpoints: a training writes to "+second.Checkpoints.Dir+": this process holds "+lock+
			" already; end it or let it end, or write to another folder")
		require.Equal(t, weights, bits(second.Model))

		cmd := exec.Command(os.Args[0], "-test.run=^TestLockedOut$")
		cmd.Env = append(os.Environ(), lockDir+"="+dir, fmt.Sprintf("%s=%d", lockPID, os.Getpid()))
		out, err := cmd.CombinedOutput()
		require.NoError(t, err, string(out))
		require.Equal(t, was, fileNames(t, dir))
		tried++
	}
	_, err := first.Run(background)
	require.NoError(t, err)
	require.Equal(t, 1, tried)
	require.NoFileExists(t, lock)

	// Whatever ends a training, the next one may begin.
	first.OnBatch = func(train.Batch) {}
	first.Observers = []train.Observer{nil}
	_, err = first.Run(background)
	require.EqualError(t, err, "train: observer 0 is nil")
	first.Observers = nil
	_, err = first.Run(background)
	require.NoError(t, err)
}

// The variables that make TestLockedOut a process.
const lockDir, lockPID = "SPIKEGRAD_TEST_LOCK_DIR", "SPIKEGRAD_TEST_LOCK_PID"

// TestLockedOut is the second process of TestOneTrainingAFolder.
func TestLockedOut(t *testing.T) {
	dir := os.Getenv(lockDir)
	if dir == "" {
		t.Skip("TestOneTrainingAFolder runs it")
	}
	host, err := os.Hostname()
	require.NoError(t, err)
	_, err = smallTrainer(t, dir).Run(background)
	require.EqualError(t, err, fmt.Sprintf("train: checkpoints: a training writes to %s: process %s on %s holds %s; end it or let it end, or write to another folder",
		dir, os.Getenv(lockPID), host, filepath.Join(dir, "checkpoints.lock")))
}

// smallTrainer returns a training of two batches with checkpoints in a folder.
func smallTrainer(t testing.TB, dir string) *train.Trainer {
	return &train.Trainer{
		Model: smallModel(t, 4), Data: yinyang(t, 8), Epochs: 1, Checkpoints: &train.Checkpoints{Dir: dir}, OnWarning: func(error) {},
	}
}
