package show

import (
	"errors"
	"flag"
	"fmt"
	"io/fs"
	"os"
	"strings"
	"time"

	"github.com/spikegrad/spikegrad/train"
)

// Flags are those of a training that can be left alone, and go on where it ended.
type Flags struct {
	every  time.Duration
	steps  int
	resume bool
}

// TrainingFlags adds the flags of a training to those of the program.
func TrainingFlags() *Flags {
	f := &Flags{}
	flag.DurationVar(&f.every, "checkpoint-every", 0, "time from one checkpoint to the next (default 10m, or never with -checkpoint-steps)")
	flag.IntVar(&f.steps, "checkpoint-steps", 0, "batches from one checkpoint to the next")
	flag.BoolVar(&f.resume, "resume", false, "go on from the latest checkpoint in the folder -out")
	return f
}

// Apply makes t write checkpoints to a folder, and lets it go on from the latest
// one there if the flags say so. It says where that is.
func (f *Flags) Apply(t *train.Trainer, dir string) error {
	t.Checkpoints = &train.Checkpoints{Dir: dir, Every: f.every, EverySteps: f.steps}
	if !f.resume {
		return nil
	}
	c, passed, err := train.LatestCheckpoint(dir)
	for _, err := range passed {
		fmt.Println("passed over:", err)
	}
	if errors.Is(err, fs.ErrNotExist) {
		fmt.Printf("nothing to resume in %s: the training begins anew\n", dir)
		return nil
	}
	if err != nil {
		return err
	}
	t.Resume = c
	fmt.Printf("resumed from %s: %d epochs and %d of %d batches are done\n", c.Path, c.Epoch, c.Batch, c.Batches)
	return nil
}

// Again returns the command that goes on with a training of this example.
func Again(example string) string {
	words := []string{"go run ./examples/" + example, "-resume"}
	for _, arg := range os.Args[1:] {
		switch {
		case arg == "-resume" || arg == "--resume":
		case strings.ContainsAny(arg, " \t\"'\\$`&|;<>()*?[]#~"):
			words = append(words, "'"+strings.ReplaceAll(arg, "'", `'\''`)+"'")
		default:
			words = append(words, arg)
		}
	}
	return strings.Join(words, " ")
}

// Ended says how a training ended that did not come to its end.
func Ended(r train.Result, epochs int, err error) {
	if !r.Stopped {
		return
	}
	fmt.Printf("stopped after %d of %d epochs\n", len(r.History), epochs)
	if err != nil {
		fmt.Println("the same command with -resume goes on from here")
	}
}

// Seconds returns how long epochs took, in this process and in those before it.
func Seconds(history []train.Epoch) float64 {
	var d time.Duration
	for _, e := range history {
		d += e.Duration
	}
	return d.Seconds()
}
