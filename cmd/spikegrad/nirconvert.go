package main

import (
	"fmt"
	"io"
	"path/filepath"

	"github.com/spikegrad/spikegrad/layers"
	"github.com/spikegrad/spikegrad/loss"
	"github.com/spikegrad/spikegrad/model"
	"github.com/spikegrad/spikegrad/nir"
	"github.com/spikegrad/spikegrad/train"
)

const nirConvertHelp = `usage: spikegrad nir convert IN OUT [flags]

Makes a file of a model (model.Save) a network in the Neuromorphic Intermediate
Representation, or the other way round, by the ends of the names: .safetensors is a
model, anything else a network.

  spikegrad nir convert model.safetensors net.nir
  spikegrad nir convert net.nir model.safetensors -dt 1e-3

A network that comes in is imported for time steps of -dt. A readout at the end of a
model, which the format does not have, is left out, or with -metadata kept in metadata.

`

func nirConvert(args []string, out, _ io.Writer) error {
	fs := command("convert", nirConvertHelp, out)
	var im importing
	im.flags(fs, 1e-3)
	paths, err := parse(fs, args)
	switch {
	case err != nil:
		return err
	case len(paths) != 2:
		return wrong("%d files are named, want IN and OUT", len(paths))
	}
	const ext = ".safetensors"
	switch from, to := filepath.Ext(paths[0]) == ext, filepath.Ext(paths[1]) == ext; {
	case from == to:
		return wrong("one of the names has to end in %s, and one not", ext)
	case from:
		return im.away(paths[0], paths[1], out)
	}
	return im.home(paths[0], paths[1], out)
}

// away writes a model as a network.
func (im *importing) away(from, to string, out io.Writer) error {
	m, err := model.Load(from)
	if err != nil {
		return err
	}
	n := m.Network()
	net := n.Net
	if s, ok := net.(layers.Sequential); ok && len(s) > 0 && !im.metadata {
		last := s[len(s)-1]
		if o, named := layers.Open(last); named && o.Layer != nil {
			last = o.Layer
		}
		if r, ok := last.(layers.Readout); ok {
			fmt.Fprintf(out, "left out: the readout, %v\n", r)
			net = s[:len(s)-1]
		}
	}
	g, err := nir.Export(net, n.Shape, m.Tensors(), nir.ExportOptions{Metadata: im.metadata, Dt: im.dt})
	if err != nil {
		return err
	}
	if err := nir.WriteFile(to, g); err != nil {
		return err
	}
	fmt.Fprintf(out, "%s: %d nodes, %d edges\n", to, len(g.Nodes), len(g.Edges))
	return nil
}

// home writes a network as a model.
func (im *importing) home(from, to string, out io.Writer) error {
	_, n, err := im.network(from)
	if err != nil {
		return err
	}
	net := train.Network{Net: n, Shape: n.Shape().In, Steps: 1, Batch: 1, Loss: loss.MeanSquared{Sequence: true}}
	m, err := net.Compile()
	if err != nil {
		return err
	}
	if err := model.Save(to, m); err != nil {
		return err
	}
	fmt.Fprint(out, n.Report())
	return nil
}
