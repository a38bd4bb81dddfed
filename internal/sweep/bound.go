package main

import (
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
)

// A row is a benchmark's metrics by unit, in the run that took least.
type row map[string]float64

// rows reads what go test prints, by the names of benchmarks without the number of
// processors, and gives the names in order.
func rows(out string) (names []string, of map[string]row, err error) {
	of = map[string]row{}
	for _, line := range strings.Split(out, "\n") {
		f := strings.Fields(line)
		if len(f) < 4 || !strings.HasPrefix(f[0], "Benchmark") {
			continue
		}
		name := strings.TrimPrefix(f[0], "Benchmark")
		if i := strings.LastIndexByte(name, '-'); i >= 0 {
			if _, err := strconv.Atoi(name[i+1:]); err == nil {
				name = name[:i]
			}
		}
		r := row{}
		for i := 2; i+1 < len(f); i += 2 {
			if r[f[i+1]], err = strconv.ParseFloat(f[i], 64); err != nil {
				return nil, nil, fmt.Errorf("%s: %w", line, err)
			}
		}
		old, seen := of[name]
		if !seen {
			names = append(names, name)
		}
		if !seen || r["ns/op"] < old["ns/op"] {
			of[name] = r
		}
	}
	if len(names) == 0 {
		return nil, nil, fmt.Errorf("no results in\n%s", out)
	}
	return names, of, nil
}

// limits is what the machine gives, on all processors together.
type limits struct {
	gflops float64 // of dense products
	follow float64 // GB/s of rows that are added up, from the second-level cache
	memory float64 // GB/s, read and written
}

// bound returns the ms that a training step takes at least for its dense products, for
// following spikes, and for memory, one after the other.
func (l limits) bound(r row) (dense, follow, memory float64) {
	return 1e3 * r["dense-GFLOP"] / l.gflops, 1e3 * r["follow-GB"] / l.follow, 1e3 * r["memory-GB"] / l.memory
}

// measureLimits asks benchmarks of packages graph and internal/gemm.
func measureLimits(count int) (l limits, err error) {
	of := map[string]row{}
	for pkg, what := range map[string]string{"./graph": "Yardstick/(copy|product)", "./internal/gemm": "Rows32/Sum/512x512"} {
		b, err := newBench(pkg, count)
		if err != nil {
			return l, err
		}
		out, err := b.output(what, "1s")
		b.close()
		if err != nil {
			return l, err
		}
		_, rs, err := rows(out)
		if err != nil {
			return l, err
		}
		for n, r := range rs {
			of[n] = r
		}
	}
	l.gflops = of["Yardstick/product/threads=2"]["GFLOP/s"]
	l.memory = of["Yardstick/copy"]["MB/s"] / 1e3
	l.follow = 2 * of["Rows32/Sum/512x512"]["GB/s"] // a core has a cache of its own
	if l.gflops <= 0 || l.memory <= 0 || l.follow <= 0 {
		return l, fmt.Errorf("the yardsticks gave %+v, want all three above 0", l)
	}
	return l, nil
}

// sizes prints the training steps over sizes of networks beside what bounds them, those
// farthest from it first.
func sizes(w io.Writer, l limits, names []string, of map[string]row) {
	type line struct {
		name                        string
		ms, dense, follow, mem, far float64
	}
	var lines []line
	for _, n := range names {
		r := of[n]
		k := line{name: strings.TrimPrefix(n, "Sizes/"), ms: r["ns/op"] / 1e6}
		k.dense, k.follow, k.mem = l.bound(r)
		k.far = k.ms / (k.dense + k.follow + k.mem)
		lines = append(lines, k)
	}
	slices.SortStableFunc(lines, func(a, b line) int {
		switch {
		case a.far > b.far:
			return -1
		case a.far < b.far:
			return 1
		}
		return 0
	})
	fmt.Fprintf(w, "\n%.0f GFLOP/s, rows %.0f GB/s, memory %.0f GB/s\n\n", l.gflops, l.follow, l.memory)
	fmt.Fprintln(w, "| network | ms | dense products at least | following spikes | memory | ms over their sum |\n|---|---|---|---|---|---|")
	for _, k := range lines {
		fmt.Fprintf(w, "| %s | %.1f | %.1f | %.1f | %.1f | %.1f |\n", k.name, k.ms, k.dense, k.follow, k.mem, k.far)
	}
}
