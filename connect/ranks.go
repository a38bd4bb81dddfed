package connect

import (
	"encoding/binary"
	"fmt"
	"hash"
	"hash/crc32"
	"math"

	G "gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"github.com/spikegrad/spikegrad/graph"
	ops "github.com/spikegrad/spikegrad/internal/op"
	"github.com/spikegrad/spikegrad/internal/timing"
)

// Ranks are the processes that train on a batch together, each on a part of it. What looks at
// all samples of a batch, as BatchNorm does and MeanOverRanks, then looks at those of all parts.
// That is so from Begin to End; else, and with nil, a process is alone. All ranks must have the
// same graph. One goroutine uses a Ranks at a time.
type Ranks struct {
	share  float64
	gather func([]byte) ([][]byte, error) // nil for one that is alone
	count  uint64                         // of what was gathered since Begin
}

// Begin says that this process has so large a share of the samples of the batch, 0 to 1, and how it
// hears what all ranks have, by rank.
func (r *Ranks) Begin(share float64, gather func(mine []byte) ([][]byte, error)) {
	if r != nil {
		r.share, r.gather, r.count = share, gather, 0
	}
}

// End says that what comes is of this process alone.
func (r *Ranks) End() { r.Begin(0, nil) }

func (r *Ranks) alone() bool { return r == nil || r.gather == nil }

// headSize is how many bytes stand before the numbers of a rank: whose they are, how many times
// something was gathered before, and the share.
const headSize = 4 + 8 + 8

// each calls f with the share and the numbers of each rank, in their order. An error says that
// ranks are at different operations.
func (r *Ranks) each(who fmt.Stringer, mine []float64, f func(share float64, theirs []float64)) error {
	b := binary.LittleEndian.AppendUint32(make([]byte, 0, headSize+8*len(mine)), crc32.ChecksumIEEE([]byte(who.String())))
	b = binary.LittleEndian.AppendUint64(b, r.count)
	b = binary.LittleEndian.AppendUint64(b, math.Float64bits(r.share))
	for _, x := range mine {
		b = binary.LittleEndian.AppendUint64(b, math.Float64bits(x))
	}
	r.count++
	all, err := r.gather(b)
	if err != nil {
		return err
	}
	for rank, theirs := range all {
		if len(theirs) != len(b) || string(theirs[:12]) != string(b[:12]) {
			return fmt.Errorf("connect: %v: rank %d is at another operation, want one network and one order of it on all", who, rank)
		}
	}
	numbers := make([]float64, len(mine))
	for _, theirs := range all {
		for i := range numbers {
			numbers[i] = math.Float64frombits(binary.LittleEndian.Uint64(theirs[headSize+8*i:]))
		}
		f(math.Float64frombits(binary.LittleEndian.Uint64(theirs[12:])), numbers)
	}
	return nil
}

// mean makes the numbers their mean over the ranks, weighted by what these have of the samples.
func (r *Ranks) mean(who fmt.Stringer, xs []float64) error {
	sum := make([]float64, len(xs))
	err := r.each(who, xs, func(share float64, theirs []float64) {
		for i, x := range theirs {
			if share > 0 { // else they are of nothing
				sum[i] += float64(share * x)
			}
		}
	})
	if err == nil {
		copy(xs, sum)
	}
	return err
}

// MeanOverRanks returns the mean of x over the ranks that train on a batch together, each
// weighted by its share s of the samples:
//
//	y = Σ s_r x_r
//
// of a process alone x. What the mean over its own samples is on each rank is then the mean over all.
// The gradient is that of the mean over the ranks, weighted in the same way, of what each
// differentiates; it is the mean of the gradients.
func MeanOverRanks(x *G.Node, r *Ranks) (*G.Node, error) {
	var b graph.Builder
	if !b.Check("mean over ranks", x) {
		return nil, fmt.Errorf("connect: %w", b.Err())
	}
	if r == nil || !ops.IsFloat(x.Dtype()) {
		return nil, fmt.Errorf("connect: mean over ranks: x is of %v and the ranks are nil: %t, want float32 or float64, and ranks", x.Dtype(), r == nil)
	}
	return b.Apply(&overRanksOp{Signature: ops.SignatureOf(G.Nodes{x}, x.Dtype(), x.Shape()), ranks: r}, x), b.Err()
}

type overRanksOp struct {
	ops.Pure
	ops.Signature
	ops.Memory
	ranks *Ranks
	sums  []float64
}

func (op *overRanksOp) String() string                                 { return fmt.Sprintf("mean of %v over ranks", []int(op.Shape)) }
func (op *overRanksOp) WriteHash(h hash.Hash)                          { fmt.Fprintf(h, "spikegrad over ranks %p", op) }
func (op *overRanksOp) Hashcode() uint32                               { return ops.Hashcode(op) }
func (op *overRanksOp) DiffWRT(n int) []bool                           { return ops.All(n) }
func (op *overRanksOp) Along(u *timing.Reading) (timing.Timing, error) { return u.Each() }

// SymDiff: the gradient by x_r is s_r Σ s_q dy_q, of which rank r has the part without s_r: its
// gradients count by its share.
func (op *overRanksOp) SymDiff(_ G.Nodes, _, grad *G.Node) (G.Nodes, error) {
	dx, err := MeanOverRanks(grad, op.ranks)
	return G.Nodes{dx}, err
}

func (op *overRanksOp) Do(vs ...G.Value) (G.Value, error) {
	if op.Of == tensor.Float32 {
		return doOverRanks[float32](op, vs)
	}
	return doOverRanks[float64](op, vs)
}

func doOverRanks[F float32 | float64](op *overRanksOp, vs []G.Value) (G.Value, error) {
	x, err := ops.FloatsIn[F](op, vs[0])
	if err == nil && len(x) != op.Shape.TotalSize() {
		err = fmt.Errorf("connect: %v: x has %d elements", op, len(x))
	}
	if err != nil {
		return nil, err
	}
	op.sums = op.sums[:0]
	for _, v := range x {
		op.sums = append(op.sums, float64(v))
	}
	if !op.ranks.alone() {
		if err := op.ranks.mean(op, op.sums); err != nil {
			return nil, err
		}
	}
	if op.Shape.IsScalar() {
		return ops.Scalar(op.Of, op.sums[0]), nil
	}
	y := op.Result(op.Of, op.Shape)
	for i := range ops.Elems[F](y) {
		ops.Elems[F](y)[i] = F(op.sums[i])
	}
	return y, nil
}

var _ interface {
	G.SDOp
	timing.Timed
} = (*overRanksOp)(nil)
