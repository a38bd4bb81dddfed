package exec

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/spikegrad/spikegrad/internal/ir"
)

// The operations that run without a kernel, see worker.interpret.
var withoutKernel = []ir.Op{ir.OpFill, ir.OpFunc, ir.OpRows, ir.OpCall}

// The operations without machine code: their kernels run.
var withoutCode = []ir.Op{
	ir.OpPow, ir.OpPowC, ir.OpLog, ir.OpLog2, ir.OpExpm1, ir.OpLog1p, ir.OpSoftplus, ir.OpSin, ir.OpCos,
	ir.OpFunc, ir.OpRows, ir.OpCall,
}

// Each backend knows each operation, and takes the operands that the facts name.
func TestBackends(t *testing.T) {
	var noKernel, noCode []ir.Op
	for op := ir.OpNone + 1; op < ir.NumOps; op++ {
		k := kernelsFor[float32]()[op]
		kinds := 0
		for kind, has := range map[ir.Operands]bool{
			ir.A | ir.B: k.binary != nil, ir.A: k.unary != nil || k.konst != nil,
			ir.A | ir.B | ir.E: k.ternary != nil, ir.A | ir.E: k.mulAddC != nil,
		} {
			if has {
				kinds++
				require.Equal(t, op.Facts().Reads, kind, "%v", op)
			}
		}
		require.LessOrEqual(t, kinds, 1, "%v", op)
		if kinds == 0 {
			noKernel = append(noKernel, op)
		} else {
			require.Equal(t, op.Facts().Const, k.konst != nil || k.mulAddC != nil, "%v", op)
		}
		if generated[op] == nil {
			noCode = append(noCode, op)
		}
	}
	require.ElementsMatch(t, withoutKernel, noKernel)
	require.ElementsMatch(t, withoutCode, noCode)
}
