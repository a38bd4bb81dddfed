// Command asm writes the assembly of package gemm, one family of kernels at a time.
// Run it by go generate in the package's folder.
package main

import (
	"flag"
	"log"

	. "github.com/mmcloughlin/avo/build"
)

// families are the kernels that stand in one file.
var families = map[string][]func(t target){
	"gemm":    {target.gemm},
	"pack":    {target.pack, target.transpose},
	"rows":    {target.addRows, target.axpyRows},
	"runs":    {target.sumRuns, target.listRows},
	"patches": {target.patches, target.sumPatches, target.means, target.spread},
	"search":  {target.nonZero, target.count},
	"delays": {
		func(t target) { t.scatter(single) }, func(t target) { t.scatter(pair) },
		func(t target) { t.collect(single) }, func(t target) { t.collect(pair) }, target.shifted,
	},
}

func main() {
	family := flag.String("family", "", "`name` of the kernels to write")
	flag.Parse()
	kernels, ok := families[*family]
	if !ok {
		log.Fatalf("no family %q", *family)
	}
	ConstraintExpr("amd64")
	for _, t := range targets {
		for _, write := range kernels {
			write(t)
		}
	}
	Generate()
}
