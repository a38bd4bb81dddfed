// Command mutate checks that tests notice small errors in models. It multiplies,
// one after the other, every coefficient in the code of a package by 1.001: each
// number, parameter and node that a function is given, or that is assigned or
// returned. Then it runs the tests of the package, and lists the changes that no
// test has caught:
//
//	go run ./internal/mutate ./neurons
//	go run ./internal/mutate -tests ./neurons ./neurons/wrap
//
// The package is built once, with all changes in it, each of which one number in
// the environment switches on; files are changed in an overlay only. The quicker
// tests run first. A change that cannot matter is named in the code by a comment at
// the end of its line, "mutate:" and the reason.
package main

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"syscall"
)

func main() {
	log := flag.Bool("v", false, "print every change as it is tried")
	only := flag.String("files", "", "change these files only, such as lif.go,iaf.go")
	tests := flag.String("tests", "", "run the tests of this package, which need not be that of the changes")
	through := flag.String("exec", "", "run tests through this program")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	pkgs := flag.Args()
	if len(pkgs) == 0 {
		pkgs = []string{"./neurons"}
	}
	missed := 0
	for _, pkg := range pkgs {
		n, err := run(ctx, pkg, *tests, *only, *through, *log)
		if err != nil {
			fmt.Fprintln(os.Stderr, "mutate:", err)
			os.Exit(1)
		}
		missed += n
	}
	if missed > 0 {
		os.Exit(2)
	}
}

// run tries every change of a package, and returns how many no test has caught.
func run(ctx context.Context, pattern, tests, only, through string, log bool) (int, error) {
	p, err := load(ctx, pattern)
	if err != nil {
		return 0, err
	}
	if err := p.testsOf(ctx, tests); err != nil {
		return 0, err
	}
	p.through = through
	dir, err := os.MkdirTemp("", "mutate")
	if err != nil {
		return 0, err
	}
	defer os.RemoveAll(dir)
	binary, err := build(ctx, p, dir)
	if err != nil {
		return 0, err
	}
	if out, err := test(ctx, p, binary, -1, ".", never); err != nil {
		return 0, fmt.Errorf("the tests of %s fail as it is: %w\n%s", p.ImportPath, err, out)
	}
	var todo []site
	for _, s := range p.sites {
		if only == "" || slices.Contains(strings.Split(only, ","), filepath.Base(s.file)) {
			todo = append(todo, s)
		}
	}
	caught, tried := make([]bool, len(todo)), make([]bool, len(todo))
	next := make(chan int)
	var wg sync.WaitGroup
	for range runtime.NumCPU() {
		wg.Go(func() {
			for i := range next {
				s := todo[i]
				if caught[i] = p.caught(ctx, binary, s); ctx.Err() == nil {
					tried[i] = true
				}
				if log || !caught[i] && ctx.Err() == nil {
					fmt.Println(verdict[caught[i]], s)
				}
			}
		})
	}
	for i := range todo {
		if ctx.Err() != nil {
			break
		}
		if !log && i%50 == 0 {
			fmt.Fprintf(os.Stderr, "%d of %d changes\n", i, len(todo))
		}
		next <- i
	}
	close(next)
	wg.Wait()
	return report(p, todo, caught, tried), ctx.Err()
}

var verdict = map[bool]string{true: "caught", false: "MISSED"}

// report prints a line for each file, and returns the number of missed changes.
func report(p *pkg, todo []site, caught, tried []bool) (missed int) {
	files := map[string][2]int{}
	var order []string
	all := 0
	for i, s := range todo {
		if !tried[i] {
			continue
		}
		all++
		name := filepath.Base(s.file)
		n, ok := files[name]
		if !ok {
			order = append(order, name)
		}
		n[0]++
		if caught[i] {
			n[1]++
		} else {
			missed++
		}
		files[name] = n
	}
	for _, name := range order {
		fmt.Printf("%-24s %4d of %4d caught\n", name, files[name][1], files[name][0])
	}
	fmt.Printf("%s: %d changes, %d caught, %d missed, %d left out\n", p.ImportPath, all, all-missed, missed, p.exempt)
	return missed
}

// caught reports whether a test fails with the change.
func (p *pkg) caught(ctx context.Context, binary string, s site) bool {
	// The cases of what the file registers, and the constants, are most likely to
	// notice; after them the tests that are quick.
	names := strings.Join(append([]string{"default_parameters", "izhikevich_behaviors"}, p.registered[s.file]...), "|")
	cases := "/^(" + names + ")$"
	for _, tests := range [][2]string{
		{"^TestOracle$" + cases, never}, {"^TestReference$" + cases, never}, {".", never + "|" + slow}, {".", never},
	} {
		if _, err := test(ctx, p, binary, s.number, tests[0], tests[1]); err != nil {
			return true
		}
	}
	return false
}

const (
	never = "^TestModels$" // compares a model with itself
	slow  = "^(TestReference|TestOracle|TestGradientsByDifferences|TestModelsAreFused|TestSimulation)$"
)

// test runs tests with one change, and with none for a number below 0.
func test(ctx context.Context, p *pkg, binary string, number int, pattern, skip string) ([]byte, error) {
	args := []string{binary, "-test.run", pattern, "-test.skip", skip, "-test.failfast", "-test.short", "-test.timeout", "10m"}
	if p.through != "" {
		args = append([]string{p.through}, args...)
	}
	cmd := exec.CommandContext(ctx, args[0], args[1:]...)
	cmd.Dir = p.tests.Dir
	cmd.Env = append(os.Environ(), fmt.Sprintf("%s=%d", variable, number), "GOMAXPROCS=1")
	out, err := cmd.CombinedOutput()
	if ctx.Err() != nil {
		return nil, ctx.Err()
	}
	return out, err
}

// build compiles the tests of the package with all changes in it.
func build(ctx context.Context, p *pkg, dir string) (string, error) {
	overlay := map[string]string{}
	write := func(path string, text []byte) error {
		to := filepath.Join(dir, fmt.Sprintf("%d.go", len(overlay)))
		overlay[path] = to
		return os.WriteFile(to, text, 0o600)
	}
	for path, text := range p.changed {
		if err := write(path, text); err != nil {
			return "", err
		}
	}
	if err := write(filepath.Join(p.Dir, "mutate_overlay.go"), p.helper()); err != nil {
		return "", err
	}
	list, err := json.Marshal(map[string]any{"Replace": overlay})
	if err != nil {
		return "", err
	}
	file := filepath.Join(dir, "overlay.json")
	if err := os.WriteFile(file, list, 0o600); err != nil {
		return "", err
	}
	binary := filepath.Join(dir, "tests")
	cmd := exec.CommandContext(ctx, "go", "test", "-c", "-overlay", file, "-o", binary, p.tests.ImportPath)
	if out, err := cmd.CombinedOutput(); err != nil {
		return "", fmt.Errorf("building the changes of %s: %w\n%s", p.ImportPath, err, out)
	}
	return binary, nil
}
