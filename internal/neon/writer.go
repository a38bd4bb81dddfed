package neon

import (
	"bytes"
	"fmt"
	"go/ast"
	"go/parser"
	"slices"
	"strings"
)

// A Writer writes functions in Go's assembly for arm64, and their declarations. What
// Go's assembler has no instruction for is a word.
type Writer struct {
	text, stubs bytes.Buffer
	name        string
	places      map[string]string // of arguments and results of the present function
	pool        []uint64          // constants, each in all elements of a vector
}

// NewWriter returns a Writer of one file.
func NewWriter() *Writer { return &Writer{} }

// Func begins a function of a type, as Go writes it. Its arguments are known by their
// names, those of a slice by name_base and name_len; results without a name are ret, ret1.
func (w *Writer) Func(name, doc, signature string) {
	e, err := parser.ParseExpr(signature)
	if err != nil {
		panic(fmt.Sprintf("neon: %s %s: %v", name, signature, err))
	}
	f := e.(*ast.FuncType)
	w.name, w.places = name, map[string]string{}
	at := 0
	place := func(name string, size int) {
		at = (at + size - 1) / size * size
		w.places[name] = fmt.Sprintf("%s+%d(FP)", name, at)
		at += size
	}
	fields := func(l *ast.FieldList, unnamed string) {
		for i, field := range l.List {
			names := field.Names
			if len(names) == 0 {
				ret := unnamed
				if i > 0 {
					ret += fmt.Sprint(i)
				}
				names = []*ast.Ident{ast.NewIdent(ret)}
			}
			for _, n := range names {
				switch t := field.Type.(type) {
				case *ast.ArrayType:
					place(n.Name+"_base", 8)
					place(n.Name+"_len", 8)
					place(n.Name+"_cap", 8)
				case *ast.Ident:
					place(n.Name, map[string]int{"int": 8, "float32": 4, "float64": 8, "bool": 1}[t.Name])
				}
			}
		}
	}
	fields(f.Params, "")
	if f.Results != nil {
		at = (at + 7) / 8 * 8
		fields(f.Results, "ret")
	}
	fmt.Fprintf(&w.text, "\n// %s%s\nTEXT ·%s(SB), NOSPLIT, $0-%d\n", name, strings.TrimPrefix(signature, "func"), name, at)
	if doc != "" {
		fmt.Fprintf(&w.stubs, "\n// %s %s\n//", name, doc)
	}
	fmt.Fprintf(&w.stubs, "\n//go:noescape\nfunc %s%s\n", name, strings.TrimPrefix(signature, "func"))
}

// Line writes a line of assembly, Label one that jumps lead to, Word an instruction.
func (w *Writer) Line(format string, args ...any) {
	fmt.Fprintf(&w.text, "\t"+format+"\n", args...)
}
func (w *Writer) Label(name string)    { fmt.Fprintf(&w.text, "\n%s:\n", name) }
func (w *Writer) Word(x uint32)        { fmt.Fprintf(&w.text, "\tWORD $%#08x\n", x) }
func (w *Writer) Arg(to, name string)  { w.Move("MOVD", w.Place(name), to) }
func (w *Writer) Move(op, a, b string) { w.Line("%s %s, %s", op, a, b) }

// Place returns where an argument or result is.
func (w *Writer) Place(name string) string {
	p, ok := w.places[name]
	if !ok {
		panic(fmt.Sprintf("neon: %s has no argument %s", w.name, name))
	}
	return p
}

// Constant returns how many bytes behind the start of Pool a vector lies that has an
// element of these bits in all places.
func (w *Writer) Constant(bits int, x uint64) int {
	if bits == 32 {
		x |= x << 32
	}
	i := slices.Index(w.pool, x)
	if i < 0 {
		i = len(w.pool)
		w.pool = append(w.pool, x)
	}
	return 16 * i
}

// Pool puts the address of the constants into a register.
func (w *Writer) Pool(to string) { w.Line("MOVD $constants<>(SB), %s", to) }

// Assembly returns the file of functions, with a comment at its head.
func (w *Writer) Assembly(head string) []byte {
	var b bytes.Buffer
	fmt.Fprintf(&b, "// %s\n\n#include \"textflag.h\"\n\n", head)
	for i, x := range w.pool {
		for j := range 2 {
			fmt.Fprintf(&b, "DATA constants<>+%d(SB)/8, $%#016x\n", 16*i+8*j, x)
		}
	}
	if len(w.pool) > 0 {
		fmt.Fprintf(&b, "GLOBL constants<>(SB), RODATA|NOPTR, $%d\n", 16*len(w.pool))
	}
	return append(b.Bytes(), w.text.Bytes()...)
}

// Stubs returns the declarations of the functions, for a file in Go.
func (w *Writer) Stubs() []byte { return w.stubs.Bytes() }
