package main

import (
	"bufio"
	"fmt"
	"io"
	"math"
	"strconv"
	"strings"

	"github.com/spikegrad/spikegrad/internal/files"
)

const nirRunHelp = `usage: spikegrad nir run NET.nir -input IN.csv [flags]

Runs a network from rest. IN.csv has a line for each time step, with the inputs
separated by commas, row by row where they have several axes. A line for each time
step comes out, with the outputs. It computes in float64.

  spikegrad nir run net.nir -dt 1e-4 -input in.csv >out.csv

`

func nirRun(args []string, out, _ io.Writer) error {
	fs := command("run", nirRunHelp, out)
	var im importing
	im.flags(fs, 1e-4)
	input := fs.String("input", "", "`file` with the inputs")
	report := fs.Bool("report", false, "say what the import has decided, in lines that begin with #")
	paths, err := parse(fs, args)
	switch {
	case err != nil:
		return err
	case len(paths) != 1:
		return wrong("%d files are named, want one", len(paths))
	case *input == "":
		return wrong("there is no -input")
	}
	_, n, err := im.network(paths[0])
	if err != nil {
		return err
	}
	width := sizeOf(n.Shape().In)
	x, err := readLines(*input, width)
	if err != nil {
		return err
	}
	y, err := n.Run(x)
	if err != nil {
		return err
	}
	if *report {
		fmt.Fprint(out, prefixed("# ", n.Report().Notes))
	}
	steps := len(x) / width
	if len(y) != steps*sizeOf(n.Shape().Out) { // a readout has one value a sample
		steps = 1
	}
	return writeLines(out, y, steps)
}

func sizeOf(shape []int) int {
	n := 1
	for _, d := range shape {
		n *= d
	}
	return n
}

// writeLines writes numbers as so many lines, separated by commas.
func writeLines(out io.Writer, y []float64, lines int) error {
	w := bufio.NewWriter(out)
	per := len(y) / lines
	for i, v := range y {
		end := ","
		if i%per == per-1 {
			end = "\n"
		}
		w.WriteString(strconv.FormatFloat(v, 'g', -1, 64))
		w.WriteString(end)
	}
	return w.Flush()
}

// readLines reads so many numbers from each line of a file.
func readLines(path string, width int) (x []float64, err error) {
	f, _, err := files.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	in := bufio.NewScanner(f)
	in.Buffer(nil, 1<<26)
	for line := 1; in.Scan(); line++ {
		text := strings.Trim(in.Text(), files.Space)
		if text == "" {
			continue
		}
		parts := strings.Split(text, ",")
		if len(parts) != width {
			return nil, fmt.Errorf("%s: line %d has %d numbers, want %d", path, line, len(parts), width)
		}
		for i, p := range parts {
			v, err := strconv.ParseFloat(strings.TrimSpace(p), 64)
			if err != nil || math.IsNaN(v) || math.IsInf(v, 0) {
				return nil, fmt.Errorf("%s: line %d: number %d is %q, want a finite number", path, line, i+1, p)
			}
			x = append(x, v)
		}
	}
	if err := in.Err(); err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	if len(x) == 0 {
		return nil, fmt.Errorf("%s: there are no numbers in it", path)
	}
	return x, nil
}
