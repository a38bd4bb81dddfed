package timing

import (
	"reflect"
	"slices"

	G "gorgonia.org/gorgonia"

	ops "github.com/spikegrad/spikegrad/internal/op"
)

// gorgoniaAlong is along for Gorgonia's own operations, of which those that are not
// named here are refused. They are told apart by the names of their types and
// settings, as in internal/lower/gorgonia.go; TestChunksOfGorgonia fails should a new Gorgonia
// change them.
func gorgoniaAlong(op G.Op, u *Reading) (Timing, error) {
	same := func(_, axis int) int { return axis }
	first := func(n int) func(_, axis int) int {
		return func(input, axis int) int {
			if input > 0 || axis >= n {
				return -1
			}
			return axis
		}
	}
	switch ops.GorgoniaName(op) {
	case "elemUnaryOp", "elemBinOp", "clampOp", "minBetween", "maxBetween":
		return u.Each()
	case "reshapeOp":
		return u.Reshaped()
	case "sumOp", "maxOp":
		return u.Keeps(without(settings(op, "along")))
	case "sizeOp":
		axis := settings(op, "axis")
		if u.in[0].kind == sequence && axisOfTime(u.From[0].Shape(), u.in[0].stride, u.steps) == axis[0] {
			return Timing{kind: extent}, nil
		}
		return Timing{}, nil
	case "repeatOp": // as often as the second input says
		if u.in[1].kind == extent {
			u.in[1] = Timing{}
		}
		if u.From[0].Dims() != u.Result.Dims() {
			return u.Mixes()
		}
		return u.Keeps(same)
	case "sliceOp":
		if u.From[0].Dims() > u.Result.Dims() {
			return u.Keeps(without(settings(op, "along")))
		}
		return u.Keeps(same)
	case "transposeOp":
		pattern := settings(op, "pattern")
		return u.Keeps(func(_, axis int) int { return slices.Index(pattern, axis) })
	case "concatOp":
		return u.Keeps(apart(settings(op, "axis"), u.Result.Dims()))
	case "byIndicesOp":
		axis := settings(op, "axis")
		return u.Keeps(func(input, k int) int {
			if input > 0 {
				return -1
			}
			return apart(axis, u.Result.Dims())(input, k)
		})
	case "softmaxOp", "sparsemaxOp":
		return u.Keeps(apart(settings(op, "axis"), u.Result.Dims()))
	case "linAlgBinOp":
		return gorgoniaProduct(op, u)
	case "tensordotOp":
		a, b := settings(op, "aAxes"), settings(op, "bAxes")
		free := u.From[0].Dims() - len(a)
		return u.Keeps(func(input, axis int) int {
			if input == 0 {
				return without(a)(0, axis)
			}
			if j := without(b)(0, axis); j >= 0 {
				return free + j
			}
			return -1
		})
	case "im2colOp", "GroupNormOp":
		return u.Keeps(first(1))
	case "maxPoolOp", "avgPoolOp", "upsampleOp", "globalAveragePoolOp":
		return u.Keeps(first(2))
	}
	return u.Mixes()
}

// without says where axes go when some are taken away.
func without(gone []int) func(_, axis int) int {
	return func(_, axis int) int {
		if slices.Contains(gone, axis) {
			return -1
		}
		j := axis
		for _, g := range gone {
			if g < axis {
				j--
			}
		}
		return j
	}
}

// apart says that all axes stay but one along which elements come together; a
// negative one is the last.
func apart(axis []int, dims int) func(_, axis int) int {
	along := axis[0]
	if along < 0 {
		along = dims - 1
	}
	return func(_, k int) int {
		if k == along {
			return -1
		}
		return k
	}
}

// gorgoniaProduct is along for Gorgonia's products, which its operator tells apart.
func gorgoniaProduct(op G.Op, u *Reading) (Timing, error) {
	v := reflect.Indirect(reflect.ValueOf(op))
	transA, transB := v.FieldByName("transA").Bool(), v.FieldByName("transB").Bool()
	switch v.FieldByName("āBinaryOperator").Uint() {
	case 0: // matrices
		return u.Product(transA, transB, 0)
	case 1: // a matrix and a vector
		return u.Keeps(func(input, axis int) int {
			if input == 0 && (axis == 0) != transA {
				return 0
			}
			return -1
		})
	case 3: // the outer product of vectors
		return u.Keeps(func(input, _ int) int { return input })
	case 4: // matrices, one after the other
		return u.Product(transA, transB, u.Result.Dims()-2)
	}
	return u.Mixes()
}

// settings returns a field of an operation, a number or several.
func settings(op G.Op, field string) (ns []int) {
	f := reflect.Indirect(reflect.ValueOf(op)).FieldByName(field)
	if f.Kind() != reflect.Slice {
		return []int{int(f.Int())}
	}
	for i := range f.Len() {
		ns = append(ns, int(f.Index(i).Int()))
	}
	return ns
}
