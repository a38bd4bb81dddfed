package main

import (
	"fmt"
	"io"
	"path/filepath"
	"strings"

	"github.com/spikegrad/spikegrad/export/c"
	"github.com/spikegrad/spikegrad/model"
)

const exportCHelp = `usage: spikegrad export c MODEL OUT.c [flags]

Writes a model (model.Save) as plain C: C99 that needs no memory but what it is given, and
no library but math.h. Beside OUT.c stands the header OUT.h, which declares, for net.c,

  void net_reset(net_state *s);                              the start of a sequence
  void net_step(net_state *s, const float *in, float *out);  one time step

The inputs are those of a time step: what an encoder makes of a sample. A layer that cannot be written is
an error that names it.

`

func exportC(args []string, out, _ io.Writer) error {
	fs := command("c", exportCHelp, out)
	var o c.Options
	fs.StringVar(&o.Prefix, "prefix", "", "`name` that all names begin with, and that of the header; that of OUT.c if not given")
	fs.IntVar(&o.Bits, "bits", 0, "of weights, 2 to 8, with a scale for each channel; 0 writes floats")
	paths, err := parse(fs, args)
	switch {
	case err != nil:
		return err
	case len(paths) != 2:
		return wrong("%d files are named, want MODEL and OUT.c", len(paths))
	case filepath.Ext(paths[1]) != ".c":
		return wrong("the name %s does not end in .c", paths[1])
	}
	if o.Prefix == "" {
		o.Prefix = prefixOf(paths[1])
	}
	m, err := model.Load(paths[0])
	if err != nil {
		return err
	}
	n := m.Network()
	code, err := c.Export(n.Net, n.Shape, m.Tensors(), o)
	if err != nil {
		return err
	}
	if err := code.WriteFiles(paths[1]); err != nil {
		return err
	}
	fmt.Fprintf(out, "%s, %s: %d numbers in, %d out, %d bytes of constants, %d bytes of a state\n",
		paths[1], filepath.Join(filepath.Dir(paths[1]), code.Prefix+".h"), code.Inputs, code.Outputs, code.Constants, code.State)
	for _, h := range code.Heads {
		fmt.Fprintf(out, "%s: numbers %d to %d of those that come out\n", h.Name, h.Offset, h.Offset+h.Size-1)
	}
	return nil
}

// prefixOf returns the name of a file as C can have it.
func prefixOf(path string) string {
	name := []byte(strings.TrimSuffix(filepath.Base(path), ".c"))
	for i, b := range name {
		if letter := b|0x20 >= 'a' && b|0x20 <= 'z'; !letter && (b < '0' || b > '9') {
			name[i] = '_'
		}
	}
	if len(name) == 0 || name[0]|0x20 < 'a' || name[0] == '_' { // digits, and what C keeps for itself
		return "net" + string(name)
	}
	return string(name)
}
