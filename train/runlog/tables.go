package runlog

import (
	"fmt"
	"slices"

	"github.com/spikegrad/spikegrad/cost"
	"github.com/spikegrad/spikegrad/internal/describe"
)

// A confusionTable says which classes are taken for which.
type confusionTable struct {
	Samples string
	Names   []string
	Rows    []confusionRow // none if there are too many classes
	Worst   []figure       // pairs that are confused most often
}

// A confusionRow is that of one class.
type confusionRow struct {
	Name   string
	Cells  []confusionCell
	Recall string
}

// A confusionCell is a number of samples, and its share of those of the class.
type confusionCell struct {
	N     string
	Share string // for the colour, from 0 to 1
	Right bool   // on the diagonal
	Title string
}

func (f *Folder) confusionTable(l look) *confusionTable {
	const mostRows, mostWorst = 24, 5
	t := &confusionTable{Samples: count(l.samples)}
	type pair struct{ label, said, n int }
	var wrong []pair
	for label, row := range l.matrix {
		all := 0
		for _, n := range row {
			all += n
		}
		r := confusionRow{Name: f.class(label)}
		for said, n := range row {
			share := float64(n) / float64(max(all, 1))
			c := confusionCell{
				N: count(n), Share: fmt.Sprintf("%.3f", share), Right: said == label,
				Title: fmt.Sprintf("%s of %s of class %s were taken for %s", count(n), count(all), f.class(label), f.class(said)),
			}
			if said != label && n > 0 {
				wrong = append(wrong, pair{label, said, n})
			}
			r.Cells = append(r.Cells, c)
		}
		if all > 0 {
			r.Recall = fmt.Sprintf("%.1f %%", 100*float64(row[label])/float64(all))
		}
		t.Names = append(t.Names, f.class(label))
		t.Rows = append(t.Rows, r)
	}
	if len(t.Rows) > mostRows {
		t.Rows = nil
	}
	slices.SortStableFunc(wrong, func(a, b pair) int { return b.n - a.n })
	for _, w := range wrong[:min(len(wrong), mostWorst)] {
		times := "times"
		if w.n == 1 {
			times = "time"
		}
		t.Worst = append(t.Worst, figure{f.class(w.label), f.class(w.said), fmt.Sprintf("%s %s", count(w.n), times)})
	}
	return t
}

// costTable lists the operations of each map.
func costTable(c cost.Cost) *table {
	t := &table{Head: []string{"Weights", "Each operation", "Events", "Operations", "Dense", "Density"}, Numeric: 2}
	for _, m := range c.Maps {
		kind := "multiply-accumulate"
		if m.Additions {
			kind = "addition"
		}
		t.Rows = append(t.Rows, []string{
			m.Name, kind, rounded(m.Events), rounded(m.Ops), rounded(m.Dense), fmt.Sprintf("%.2f %%", 100*m.Ops/max(m.Dense, 1)),
		})
	}
	return t
}

func rounded(x float64) string {
	if x < 100 {
		return fmt.Sprintf("%.1f", x)
	}
	return count(int(x + 0.5))
}

// costFacts lists what a sample costs, with spikes and without.
func costFacts(c cost.Cost) []figure {
	macs, once := c.MACs()
	all, each := c.Spikes()
	bytes, dense := c.Traffic()
	energy, overTime, single := c.Energy(cost.CMOS45)
	return []figure{
		{"Synaptic operations", rounded(c.SynOps()), fmt.Sprintf("%s multiply-accumulates without spikes, %s of one time step", rounded(macs), rounded(once))},
		{"Spikes", rounded(all), fmt.Sprintf("%.3g a neuron", each)},
		{"Memory traffic", describe.SI(bytes, "B"), describe.SI(dense, "B") + " without spikes"},
		{"Energy of the arithmetic", describe.SI(energy, "J"), fmt.Sprintf("%s without spikes, %s of one time step", describe.SI(overTime, "J"), describe.SI(single, "J"))},
	}
}
