// Command asm writes the assembly of package vec, its declarations and the
// tables of kernels, into the parent folder.
package main

import (
	"bytes"
	"fmt"
	"go/format"
	"log"
	"os"
	"path/filepath"
	"strings"

	"github.com/mmcloughlin/avo/build"
	"github.com/mmcloughlin/avo/ir"
	"github.com/mmcloughlin/avo/pass"
	"github.com/mmcloughlin/avo/printer"

	"github.com/spikegrad/spikegrad/internal/neon"
)

var config = printer.Config{Name: "the program in asm", Pkg: "vec"}

func main() {
	log.SetFlags(0)
	log.SetPrefix("asm: ")
	stubs := ir.NewFile()
	var tables bytes.Buffer
	fmt.Fprintf(&tables, "// %s\n\npackage vec\n", config.GeneratedWarning())
	for _, isa := range []string{"AVX2", "AVX512"} {
		for _, bits := range []int{32, 64} {
			t := &avx{Context: build.NewContext(), kind: kind{isa, bits}, consts: map[uint64]avxCon{}}
			table(&tables, t.kind, t)
			f, err := t.Result()
			if err != nil {
				log.Fatal(err)
			}
			if err := pass.Compile.Execute(f); err != nil {
				log.Fatal(err)
			}
			write(fmt.Sprintf("f%d_%s_amd64.s", bits, strings.ToLower(isa)), print(printer.NewGoAsm, f))
			for _, fn := range f.Functions() {
				stubs.AddSection(fn)
			}
		}
	}
	arm64()
	write("stubs_amd64.go", print(printer.NewStubs, stubs))
	write("tables_amd64.go", formatted(tables))
	write("coefficients.go", coefficients())
}

// arm64 writes the kernels for NEON.
func arm64() {
	var tables, stubs bytes.Buffer
	fmt.Fprintf(&tables, "// %s\n\npackage vec\n", config.GeneratedWarning())
	fmt.Fprint(&stubs, tables.String())
	for _, bits := range []int{32, 64} {
		t := &neonWriter{kind: kind{"NEON", bits}, w: neon.NewWriter()}
		table(&tables, t.kind, t)
		write(fmt.Sprintf("f%d_neon_arm64.s", bits), t.w.Assembly(config.GeneratedWarning()))
		stubs.Write(t.w.Stubs())
	}
	write("stubs_arm64.go", formatted(stubs))
	write("tables_arm64.go", formatted(tables))
}

func formatted(b bytes.Buffer) []byte {
	src, err := format.Source(b.Bytes())
	if err != nil {
		log.Fatal(err)
	}
	return src
}

// coefficients writes those of the functions that package jit computes too.
func coefficients() []byte {
	var w bytes.Buffer
	fmt.Fprintf(&w, "// %s\n\npackage vec\n", config.GeneratedWarning())
	for _, bits := range []int{32, 64} {
		t := &target{kind: kind{bits: bits}}
		hi, lo := t.ln2()
		fmt.Fprintf(&w, "\n// Coefficients%d are those of float%[1]d.\n", bits)
		fmt.Fprintf(&w, "var Coefficients%d = Coefficients{\nExp: %#v,\nTanh: %#v,\nLn2Hi: %v,\nLn2Lo: %v,\n}\n", bits, t.expSeries(), t.tanhSeries(), hi, lo)
	}
	return formatted(w)
}

// table writes all kernels of t and the Go function that lists them.
func table(w *bytes.Buffer, k kind, t writer) {
	fmt.Fprintf(w, "\n// kernels%[1]s returns the kernels in assembly, and in plain Go what has none.\n", k.suffix())
	fmt.Fprintf(w, "func kernels%s() Kernels[float%d] {\n", k.suffix(), k.bits)
	fmt.Fprintf(w, "k := plain[float%d]()\n", k.bits)
	for _, k := range append(arithmetic(), functions()...) {
		fmt.Fprintf(w, "k.%s = %s\n", k.name, t.kernel(k))
	}
	fmt.Fprintf(w, "k.Adam = %s\n", t.adam())
	fmt.Fprintf(w, "k.Sum = %s\n", t.sum())
	for _, s := range wides() {
		fmt.Fprintf(w, "k.%s = %s\n", s.name, t.wide(s))
	}
	fmt.Fprintf(w, "k.Finite = %s\n", t.finite())
	fmt.Fprint(w, "return k\n}\n")
}

func print(b printer.Builder, f *ir.File) []byte {
	src, err := b(config).Print(f)
	if err != nil {
		log.Fatal(err)
	}
	return src
}

func write(name string, src []byte) {
	if err := os.WriteFile(filepath.Join("..", name), src, 0o644); err != nil {
		log.Fatal(err)
	}
}
