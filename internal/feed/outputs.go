package feed

import "slices"

// Columns are elements of a row, From ≤ i < To: those of one of several outputs that lie side by side.
type Columns struct{ From, To int }

// Rows returns some columns of the outputs x for each sample of the batch that is loaded. Of sequences,
// x being [T, batch, …], they are those of the time steps that the sample has, one after the other, or their
// mean; else x is [batch, …].
func (f *Feeder) Rows(x []float64, at Columns, sequences, mean bool) [][]float64 {
	batch, rows := f.in.Batch, make([][]float64, len(f.Present))
	all := 1 // steps
	if sequences {
		all = f.in.Steps
	}
	width := len(x) / (all * batch)
	for b := range rows {
		steps := 1
		if sequences {
			steps = int(f.Steps[b])
		}
		for t := range steps {
			row := x[(t*batch+b)*width:][at.From:at.To]
			switch {
			case t == 0:
				rows[b] = slices.Clone(row)
			case mean:
				for i, v := range row {
					rows[b][i] += v
				}
			default:
				rows[b] = append(rows[b], row...)
			}
		}
		for i := range rows[b] {
			if mean {
				rows[b][i] /= float64(steps)
			}
		}
	}
	return rows
}

// TargetOf returns some columns of the target of sample b, which has so many: of a sequence those of its time
// steps, or of the first alone.
func (f *Feeder) TargetOf(b int, at Columns, width int, first bool) []float64 {
	var of []float64
	for y := f.Target(b); len(y) > 0; y = y[width:] {
		of = append(of, y[at.From:at.To]...)
		if first {
			break
		}
	}
	return of
}
