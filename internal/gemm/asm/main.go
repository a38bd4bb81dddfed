// Command asm writes the assembly of package gemm. Run it by go generate in
// the package's folder.
package main

import (
	. "github.com/mmcloughlin/avo/build"
)

func main() {
	ConstraintExpr("amd64")
	for _, t := range targets {
		t.gemm()
		t.pack()
		t.addRows()
		t.axpyRows()
		t.sumRuns()
		t.patches()
		t.sumPatches()
		t.listRows()
		t.nonZero()
		t.count()
	}
	transpose32()
	transpose64()
	Generate()
}
