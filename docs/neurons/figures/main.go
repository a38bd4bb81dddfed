// Figures draws the pictures of the pages on neuron models: what a model does
// with a step of its input and with noise, and its rate over the input; and firing
// patterns.
//
//	go generate ./docs/...
//
// The same version of Go draws the same bytes.
package main

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"

	"github.com/spikegrad/spikegrad/plot"
)

//go:generate go run .

func main() {
	out := flag.String("out", "../images", "folder for the pictures")
	flag.Usage = func() {
		fmt.Fprintln(flag.CommandLine.Output(), "figures draws the pictures of the pages on neuron models.")
		flag.PrintDefaults()
	}
	flag.Parse()
	if err := run(*out, drawings()); err != nil {
		fmt.Fprintln(os.Stderr, "figures:", err)
		os.Exit(1)
	}
}

// run draws pictures.
func run(out string, ds []drawing) error {
	if err := plot.CheckDir(out); err != nil {
		return err
	}
	// Save writes an SVG beside each PNG, which the pages do not need.
	tmp, err := os.MkdirTemp(out, ".figures-*")
	if err != nil {
		return err
	}
	defer os.RemoveAll(tmp)
	for _, d := range ds {
		fig, err := d.figure()
		if err != nil {
			return fmt.Errorf("%s: %w", d.file, err)
		}
		if err := plot.Save(tmp, d.file, fig); err != nil {
			return err
		}
		if err := publish(filepath.Join(tmp, d.file+".png"), filepath.Join(out, d.file+".png")); err != nil {
			return fmt.Errorf("%s: %w", d.file, err)
		}
	}
	return nil
}

// publish shrinks a picture and moves it to its place.
func publish(from, to string) error {
	picture, err := os.ReadFile(from)
	if err != nil {
		return err
	}
	if picture, err = shrink(picture); err != nil {
		return err
	}
	if err := os.WriteFile(from, picture, 0o644); err != nil {
		return err
	}
	return os.Rename(from, to)
}
