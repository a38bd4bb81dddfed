package connect

// joinStats makes the numbers of values of each group, and the means and squares of each group and
// channel, those of all ranks. Two parts a and b with the means m and the squares s, these around
// their own means, are one with
//
//	n = n_a + n_b
//	m = m_a + n_b/n (m_b − m_a)
//	s = s_a + s_b + n_a n_b/n (m_b − m_a)²
//
// T. F. Chan, G. H. Golub and R. J. LeVeque, The American Statistician 37 (1983), 242.
func (w *normWork[F]) joinStats(op *normOp, values, means, squares []float64) error {
	if w.ranks.alone() {
		return nil
	}
	mine := append(append(append([]float64(nil), values...), means...), squares...)
	clear(values)
	clear(means)
	clear(squares)
	groups, all := len(values), len(means)
	return w.ranks.each(op, mine, func(_ float64, theirs []float64) {
		for i := range all {
			na, nb := values[i/w.channels], theirs[i/w.channels]
			if nb == 0 {
				continue
			}
			d := theirs[groups+i] - means[i]
			means[i] += float64(nb / (na + nb) * d)
			squares[i] += theirs[groups+all+i] + float64(na*nb/(na+nb)*float64(d*d))
		}
		for g := range groups {
			values[g] += theirs[g]
		}
	})
}

// joinThrough makes what goes through the statistics that of all ranks. Each has the gradient of the
// loss of its own samples, which counts by its share of them: so they are weighted by that, and
// what this rank makes of them is, by its own share.
func (w *normWork[F]) joinThrough(op *normOp, through []float64) error {
	if w.ranks.alone() {
		return nil
	}
	err := w.ranks.mean(op, through)
	for i := range through {
		if w.ranks.share > 0 {
			through[i] /= w.ranks.share
		} else {
			through[i] = 0 // of no samples
		}
	}
	return err
}
