package c

import (
	"fmt"
	"math"
	"strconv"
	"strings"

	"github.com/spikegrad/spikegrad/internal/ir"
)

// expressions say what element-wise operations are in C: of the operands a, b and e, and of
// the constant c. Each rounds once: a product and a sum are two statements, which a compiler
// does not contract.
var expressions = map[ir.Op]string{
	ir.OpAdd: "a + b", ir.OpSub: "a - b", ir.OpMul: "a * b", ir.OpDiv: "a / b", ir.OpPow: "powf(a, b)",
	ir.OpGt: "(float)(a > b)", ir.OpGe: "(float)(a >= b)", ir.OpLt: "(float)(a < b)", ir.OpLe: "(float)(a <= b)",
	ir.OpEq: "(float)(a == b)", ir.OpNe: "(float)(a != b)",

	ir.OpAddC: "a + c", ir.OpMulC: "a * c", ir.OpRSubC: "c - a", ir.OpDivC: "a / c", ir.OpRDivC: "c / a", ir.OpPowC: "powf(a, c)",
	ir.OpGtC: "(float)(a > c)", ir.OpGeC: "(float)(a >= c)", ir.OpLtC: "(float)(a < c)", ir.OpLeC: "(float)(a <= c)",
	ir.OpEqC: "(float)(a == c)", ir.OpNeC: "(float)(a != c)", ir.OpMaxC: "c > a ? c : a", ir.OpMinC: "c < a ? c : a",

	ir.OpNeg: "-a", ir.OpAbs: "fabsf(a)", ir.OpSign: "a > 0.0f ? 1.0f : a < 0.0f ? -1.0f : a", ir.OpSquare: "a * a", ir.OpCube: "a * a * a",
	ir.OpSqrt: "sqrtf(a)", ir.OpInv: "1.0f / a", ir.OpRelu: "a < 0.0f ? 0.0f : a",
	ir.OpExp: "expf(a)", ir.OpLog: "logf(a)", ir.OpLog2: "log2f(a)", ir.OpTanh: "tanhf(a)", ir.OpExpm1: "expm1f(a)", ir.OpLog1p: "log1pf(a)",
	ir.OpSigmoid: "1.0f / (1.0f + expf(-a))", ir.OpSoftplus: "(a > 0.0f ? a : 0.0f) + log1pf(expf(-fabsf(a)))",
	ir.OpSin: "sinf(a)", ir.OpCos: "cosf(a)", ir.OpFloor: "floorf(a)", ir.OpCeil: "ceilf(a)",

	ir.OpMulAdd: "a * b; p + e", ir.OpMulRSub: "a * b; e - p", ir.OpMulAddC: "c * a; p + e", ir.OpOneMinusMul: "1.0f - a; p * b",
	ir.OpCopy: "a", ir.OpFill: "c",
}

// statement returns the declaration of a variable that holds what an instruction computes.
func statement(op ir.Op, name, a, b, e, c string) string {
	text := expressions[op]
	with := func(text string) string {
		var s strings.Builder
		for i := 0; i < len(text); i++ {
			ch := text[i]
			alone := (i == 0 || !isWord(text[i-1])) && (i+1 == len(text) || !isWord(text[i+1]))
			if v, ok := map[byte]string{'a': a, 'b': b, 'e': e, 'c': c, 'p': name + "p"}[ch]; ok && alone {
				s.WriteString(v)
			} else {
				s.WriteByte(ch)
			}
		}
		return s.String()
	}
	if first, second, two := strings.Cut(text, "; "); two {
		return fmt.Sprintf("const float %sp = %s;\nconst float %s = %s;\n", name, with(first), name, with(second))
	}
	return fmt.Sprintf("const float %s = %s;\n", name, with(text))
}

func isWord(c byte) bool {
	return c == '_' || c == '.' || '0' <= c && c <= '9' || 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z'
}

// number writes a float as C does, such that it is read as the same float.
func number(x float32) string {
	switch {
	case x != x:
		return "NAN"
	case math.IsInf(float64(x), 1):
		return "INFINITY"
	case math.IsInf(float64(x), -1):
		return "(-INFINITY)"
	}
	s := strconv.FormatFloat(float64(x), 'g', -1, 32)
	if !strings.ContainsAny(s, ".e") {
		s += ".0"
	}
	if s[0] == '-' {
		return "(" + s + "f)"
	}
	return s + "f"
}
