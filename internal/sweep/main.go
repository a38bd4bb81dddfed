// Command sweep measures training steps of the workload ff over firing rates and
// over numbers of time steps, and draws the two pictures of docs/benchmarks.md:
//
//	go run ./internal/sweep
//
// It prints the figures in them as tables. It runs benchmarks of package train,
// several times, and takes the fastest, as whatever else runs on the computer only
// adds to a time.
//
//	go run ./internal/sweep -sizes
//
// measures training steps over sizes of networks, recurrent and convolutional, and says
// how far each is from what bounds it: its dense products at the speed of a product that
// fits the machine, the rows that spikes select at that of the second-level cache, what
// neurons and the optimiser go through at that of memory.
package main

import (
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/spikegrad/spikegrad/plot"
)

func main() {
	out := flag.String("out", "docs/images", "folder for the pictures")
	count := flag.Int("count", 5, "how often each benchmark is run")
	bounds := flag.Bool("sizes", false, "measure sizes of networks, and what bounds them, and draw nothing")
	flag.Usage = func() {
		fmt.Fprintln(flag.CommandLine.Output(), "sweep measures training steps over rates and numbers of time steps and draws both. Run it in the root of the module.")
		flag.PrintDefaults()
	}
	flag.Parse()
	do := func() error { return run(*out, *count) }
	if *bounds {
		do = func() error { return runSizes(*count) }
	}
	if err := do(); err != nil {
		fmt.Fprintln(os.Stderr, "sweep:", err)
		os.Exit(1)
	}
}

func run(out string, count int) error {
	if err := plot.CheckDir(out); err != nil {
		return err
	}
	bench, err := newBench("./train", count)
	if err != nil {
		return err
	}
	defer bench.close()
	sparse, err := bench.run("Rate")
	if err != nil {
		return err
	}
	dense, err := bench.run("Rate", "SPIKEGRAD_PRODUCTS=dense")
	if err != nil {
		return err
	}
	steps, err := bench.run("Steps")
	if err != nil {
		return err
	}
	rates := plot.Chart{
		Title: "A training step of ff by firing rate", XLabel: "Input and hidden neurons that fire in a time step (%)", YLabel: "Time (ms)",
		X: sparse.x, LogX: true, Dots: true,
		Series: []plot.Series{{Name: "products follow the spikes", Y: sparse.ms}, {Name: "dense products", Y: dense.ms}},
	}
	length := plot.Chart{
		Title: "A training step of ff by length", XLabel: "Time steps", YLabel: "Time (ms)", X: steps.x, LogX: true, LogY: true, Dots: true,
		Series: []plot.Series{{Name: "measured", Y: steps.ms}, {Name: "straight line", Y: steps.line()}},
	}
	for name, c := range map[string]plot.Chart{"rates": rates, "steps": length} {
		if err := draw(out, name, c); err != nil {
			return err
		}
	}
	table(rates)
	table(length)
	return nil
}

// runSizes measures sizes of networks beside their bounds.
func runSizes(count int) error {
	l, err := measureLimits(count)
	if err != nil {
		return err
	}
	bench, err := newBench("./train", count)
	if err != nil {
		return err
	}
	defer bench.close()
	out, err := bench.output("^BenchmarkSizes$", "3x")
	if err != nil {
		return err
	}
	names, of, err := rows(out)
	if err != nil {
		return err
	}
	sizes(os.Stdout, l, names, of)
	return nil
}

// draw writes the PNG of a chart; Save writes an SVG beside it, which the page
// does not need.
func draw(out, name string, c plot.Chart) error {
	fig, err := plot.Lines(c)
	if err != nil {
		return err
	}
	tmp, err := os.MkdirTemp(out, ".sweep-*")
	if err != nil {
		return err
	}
	defer os.RemoveAll(tmp)
	if err := plot.Save(tmp, name, fig); err != nil {
		return err
	}
	return os.Rename(filepath.Join(tmp, name+".png"), filepath.Join(out, name+".png"))
}

// table prints a chart as a table in Markdown.
func table(c plot.Chart) {
	head, rule := "| "+c.XLabel+" |", "|---|"
	for _, s := range c.Series {
		head, rule = head+" "+s.Name+", ms |", rule+"---|"
	}
	fmt.Printf("\n%s\n%s\n", head, rule)
	for i, x := range c.X {
		row := "| " + strconv.FormatFloat(x, 'g', -1, 64) + " |"
		for _, s := range c.Series {
			row += fmt.Sprintf(" %.1f |", s.Y[i])
		}
		fmt.Println(row)
	}
}

// A bench runs benchmarks of a package, compiled once.
type bench struct {
	dir, program string
	count        int
}

func newBench(pkg string, count int) (*bench, error) {
	dir, err := os.MkdirTemp("", "sweep-*")
	if err != nil {
		return nil, err
	}
	b := &bench{dir: dir, program: filepath.Join(dir, "bench.test"), count: count}
	c := exec.Command("go", "test", "-c", "-o", b.program, pkg)
	if out, err := c.CombinedOutput(); err != nil {
		b.close()
		return nil, fmt.Errorf("compiling the benchmarks: %w\n%s", err, out)
	}
	return b, nil
}

func (b *bench) close() { os.RemoveAll(b.dir) }

// run returns the times of the sub-benchmarks of the named one, with additions to
// the environment.
func (b *bench) run(name string, env ...string) (curve, error) {
	out, err := b.output("^Benchmark"+name+"$", "20x", env...)
	if err != nil {
		return curve{}, err
	}
	return parse(out)
}

// output runs benchmarks and returns what they print, which is shown as it comes, as
// they take minutes.
func (b *bench) output(benchmarks, time string, env ...string) (string, error) {
	c := exec.Command(b.program, "-test.run=^$", "-test.bench="+benchmarks, "-test.benchtime="+time, "-test.count="+strconv.Itoa(b.count))
	c.Env = append(os.Environ(), env...)
	var out strings.Builder
	c.Stdout, c.Stderr = io.MultiWriter(&out, os.Stderr), os.Stderr
	if err := c.Run(); err != nil {
		return "", fmt.Errorf("benchmarks %s: %w", benchmarks, err)
	}
	return out.String(), nil
}
