package main

import (
	"encoding/json"
	"fmt"
	"io"

	"github.com/spikegrad/spikegrad/internal/host"
)

const versionHelp = `usage: spikegrad version [flags]

Says which version of the library this is. With -v it also says what it runs on, and which
way it goes there: whether neurons are computed by machine code that is written for the
processor or by kernels, and by which instructions.

`

// version prints that of the library.
func version(args []string, out, _ io.Writer) error {
	fs := command("version", versionHelp, out)
	verbose := fs.Bool("v", false, "say what it runs on")
	asJSON := fs.Bool("json", false, "print all of it as an object")
	if rest, err := parse(fs, args); err != nil {
		return err
	} else if len(rest) > 0 {
		return wrong("%q is too much", rest[0])
	}
	h := host.This()
	if *asJSON {
		return json.NewEncoder(out).Encode(h)
	}
	lines := [][2]string{{"spikegrad", h.Spikegrad}}
	if *verbose {
		lines = append(lines, [][2]string{
			{"go", h.Go}, {"system", h.System}, {"processor", h.CPU},
			{"cores", fmt.Sprintf("%d, of which Go uses %d", h.Cores, h.GoMaxProcs)},
			{"scans", h.Scans()}, {"kernels", h.Kernels}, {"products", h.Products},
		}...)
	}
	for _, l := range lines {
		if _, err := fmt.Fprintf(out, "%s: %s\n", l[0], l[1]); err != nil {
			return err
		}
	}
	return nil
}
