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
			t := &target{Context: build.NewContext(), isa: isa, bits: bits, consts: map[uint64]con{}}
			t.table(&tables)
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
	write("stubs_amd64.go", print(printer.NewStubs, stubs))
	src, err := format.Source(tables.Bytes())
	if err != nil {
		log.Fatal(err)
	}
	write("tables_amd64.go", src)
	write("coefficients.go", coefficients())
}

// coefficients writes those of the functions that package jit computes too.
func coefficients() []byte {
	var w bytes.Buffer
	fmt.Fprintf(&w, "// %s\n\npackage vec\n", config.GeneratedWarning())
	for _, bits := range []int{32, 64} {
		t := &target{bits: bits}
		hi, lo := t.ln2()
		fmt.Fprintf(&w, "\n// Coefficients%d are those of float%[1]d.\n", bits)
		fmt.Fprintf(&w, "var Coefficients%d = Coefficients{\nExp: %#v,\nTanh: %#v,\nLn2Hi: %v,\nLn2Lo: %v,\n}\n", bits, t.expSeries(), t.tanhSeries(), hi, lo)
	}
	src, err := format.Source(w.Bytes())
	if err != nil {
		log.Fatal(err)
	}
	return src
}

// table writes all kernels of t and the Go function that lists them.
func (t *target) table(w *bytes.Buffer) {
	fmt.Fprintf(w, "\n// kernels%[1]s returns the kernels in assembly, and in plain Go what has none.\n", t.suffix())
	fmt.Fprintf(w, "func kernels%s() Kernels[float%d] {\n", t.suffix(), t.bits)
	fmt.Fprintf(w, "k := plain[float%d]()\n", t.bits)
	for _, k := range append(arithmetic(), functions()...) {
		fmt.Fprintf(w, "k.%s = %s\n", k.name, t.kernel(k))
	}
	fmt.Fprintf(w, "k.Adam = %s\n", t.adam())
	fmt.Fprintf(w, "k.Sum = %s\n", t.sum())
	fmt.Fprintf(w, "k.Total = %s\n", t.total())
	fmt.Fprintf(w, "k.Deviations = %s\n", t.deviations())
	fmt.Fprintf(w, "k.Products = %s\n", t.products())
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
