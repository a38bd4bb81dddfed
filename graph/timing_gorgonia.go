package graph

import (
	"reflect"
	"slices"

	G "gorgonia.org/gorgonia"
)

// gorgoniaAlong is along for Gorgonia's own operations, of which those that are not
// named here are refused. They are told apart by the names of their types and
// settings, as in gorgonia_ops.go; TestChunksOfGorgonia fails should a new Gorgonia
// change them.
func gorgoniaAlong(op G.Op, u *inTime) (timing, error) {
	same := func(_, axis int) int { return axis }
	first := func(n int) func(_, axis int) int {
		return func(input, axis int) int {
			if input > 0 || axis >= n {
				return -1
			}
			return axis
		}
	}
	switch gorgoniaName(op) {
	case "elemUnaryOp", "elemBinOp", "clampOp", "minBetween", "maxBetween":
		return u.each()
	case "reshapeOp":
		return u.reshaped()
	case "sumOp", "maxOp":
		return u.keeps(without(settings(op, "along")))
	case "sizeOp":
		axis := settings(op, "axis")
		if u.in[0].kind == sequence && axisOfTime(u.from[0].Shape(), u.in[0].stride, u.steps) == axis[0] {
			return timing{kind: extent}, nil
		}
		return timing{}, nil
	case "repeatOp": // as often as the second input says
		if u.in[1].kind == extent {
			u.in[1] = timing{}
		}
		if u.from[0].Dims() != u.node.Dims() {
			return u.mixes()
		}
		return u.keeps(same)
	case "sliceOp":
		if u.from[0].Dims() > u.node.Dims() {
			return u.keeps(without(settings(op, "along")))
		}
		return u.keeps(same)
	case "transposeOp":
		pattern := settings(op, "pattern")
		return u.keeps(func(_, axis int) int { return slices.Index(pattern, axis) })
	case "concatOp":
		return u.keeps(apart(settings(op, "axis"), u.node.Dims()))
	case "byIndicesOp":
		axis := settings(op, "axis")
		return u.keeps(func(input, k int) int {
			if input > 0 {
				return -1
			}
			return apart(axis, u.node.Dims())(input, k)
		})
	case "softmaxOp", "sparsemaxOp":
		return u.keeps(apart(settings(op, "axis"), u.node.Dims()))
	case "linAlgBinOp":
		return gorgoniaProduct(op, u)
	case "tensordotOp":
		a, b := settings(op, "aAxes"), settings(op, "bAxes")
		free := u.from[0].Dims() - len(a)
		return u.keeps(func(input, axis int) int {
			if input == 0 {
				return without(a)(0, axis)
			}
			if j := without(b)(0, axis); j >= 0 {
				return free + j
			}
			return -1
		})
	case "im2colOp", "GroupNormOp":
		return u.keeps(first(1))
	case "maxPoolOp", "avgPoolOp", "upsampleOp", "globalAveragePoolOp":
		return u.keeps(first(2))
	}
	return u.mixes()
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
func gorgoniaProduct(op G.Op, u *inTime) (timing, error) {
	v := reflect.Indirect(reflect.ValueOf(op))
	transA, transB := v.FieldByName("transA").Bool(), v.FieldByName("transB").Bool()
	switch v.FieldByName("āBinaryOperator").Uint() {
	case 0: // matrices
		return u.product(transA, transB, 0)
	case 1: // a matrix and a vector
		return u.keeps(func(input, axis int) int {
			if input == 0 && (axis == 0) != transA {
				return 0
			}
			return -1
		})
	case 3: // the outer product of vectors
		return u.keeps(func(input, _ int) int { return input })
	case 4: // matrices, one after the other
		return u.product(transA, transB, u.node.Dims()-2)
	}
	return u.mixes()
}

// gorgoniaName returns the name of the type of one of Gorgonia's operations, "" for
// others.
func gorgoniaName(op G.Op) string {
	t := reflect.TypeOf(op)
	if t != nil && t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	if t == nil || t.PkgPath() != gorgoniaPath {
		return ""
	}
	return t.Name()
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
