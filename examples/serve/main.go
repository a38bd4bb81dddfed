// Serve answers for a model over HTTP: for whole samples, gathered into batches, and for sequences
// that come bit by bit, in sessions. The model is a file that package model has written; without one
// it is a network that learns the Yin-Yang set first, which takes a few seconds.
//
//	go run ./examples/serve -model digits.safetensors
//	curl -d '{"input": [0.2, 0.9, 0.8, 0.1]}' localhost:8080/v1/answers
//
// An answer has the bits that it has alone, whoever else asks. With -bench the program asks itself
// for a while and says how long an answer took. Ctrl-C and SIGTERM end it when all that is in flight
// is answered; sessions end with it.
package main

import (
	"cmp"
	"context"
	"errors"
	"flag"
	"fmt"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"time"

	"github.com/spikegrad/spikegrad/examples/internal/show"
)

// settings are the flags.
type settings struct {
	limits
	model, out, listen string
	grace, bench       time.Duration
	clients            int
}

func main() {
	c := settings{limits: defaults()}
	flag.StringVar(&c.model, "model", "", "file of the model (default a network that learns the Yin-Yang set)")
	flag.StringVar(&c.out, "out", "out/serve", "folder for the model that is made without -model")
	flag.StringVar(&c.listen, "listen", "localhost:8080", "address")
	flag.IntVar(&c.batch, "batch", c.batch, "samples computed together at most; of a network with convolutions it is one")
	flag.DurationVar(&c.wait, "wait", c.wait, "how long a request waits for others to be computed with")
	flag.IntVar(&c.workers, "workers", c.workers, "requests or batches computed at the same time")
	flag.IntVar(&c.waiting, "waiting", c.waiting, "requests in the queue, above which they are refused")
	flag.Int64Var(&c.bytes, "bytes", c.bytes, "bytes of a body at most")
	flag.IntVar(&c.steps, "steps", c.steps, "time steps of one request of a session at most")
	flag.IntVar(&c.sessions, "sessions", c.sessions, "sessions at the same time at most")
	flag.DurationVar(&c.idle, "idle", c.idle, "how long a session is kept without a request")
	flag.DurationVar(&c.timeout, "timeout", c.timeout, "how long a request may take")
	flag.DurationVar(&c.grace, "grace", 10*time.Second, "how long requests may take to finish when the server stops")
	flag.DurationVar(&c.bench, "bench", 0, "ask the server for so long, print how long answers took, and end")
	flag.IntVar(&c.clients, "clients", 16, "clients that ask at the same time with -bench")
	show.Parse("serve answers for a model over HTTP.")
	ctx, stop := show.Context()
	defer stop()
	if err := run(ctx, c); err != nil {
		fmt.Fprintln(os.Stderr, "serve:", err)
		os.Exit(1)
	}
}

// check returns an error for a setting that cannot be.
func (c settings) check() error {
	least := min(int64(c.batch), int64(c.workers), int64(c.waiting), c.bytes, int64(c.steps), int64(c.sessions), int64(c.clients))
	switch {
	case least < 1:
		return fmt.Errorf("a number among the flags is %d, want at least 1", least)
	case min(c.idle, c.timeout, c.grace) <= 0 || min(c.wait, c.bench) < 0:
		return errors.New("a time among the flags is 0 or negative")
	}
	return nil
}

func run(ctx context.Context, c settings) error {
	if err := c.check(); err != nil {
		return err
	}
	path := c.model
	if path == "" {
		path = filepath.Join(c.out, "yinyang.safetensors")
		if _, err := os.Stat(path); errors.Is(err, fs.ErrNotExist) {
			if err := learn(ctx, path); err != nil {
				return err
			}
		}
	}
	s, err := newServer(path, c.limits)
	if err != nil {
		return err
	}
	if c.bench > 0 {
		c.listen = "localhost:0"
	}
	l, err := (&net.ListenConfig{}).Listen(ctx, "tcp", c.listen)
	if err != nil {
		s.close()
		return err
	}
	fmt.Printf("%s on http://%s: samples of shape %v, %d time steps; batches of %d\n", path, l.Addr(), s.net.Shape, s.net.Steps, s.net.Batch)
	if c.bench == 0 {
		return s.run(ctx, l, c.grace)
	}
	ctx, stop := context.WithCancel(ctx)
	ended := make(chan error, 1)
	go func() { ended <- s.run(ctx, l, c.grace) }()
	err = bench(ctx, s, "http://"+l.Addr().String(), c)
	stop()
	return cmp.Or(err, <-ended)
}
