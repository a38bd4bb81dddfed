package ir

// An Op names what an instruction computes. Gorgonia's element-wise operations and
// the library's own share this one vocabulary. All that is known about one stands in
// its row of the table of Facts; each backend has one table more, of how it computes
// it.
type Op uint8

const (
	OpNone Op = iota

	// dst = a ∘ b
	OpAdd
	OpSub
	OpMul
	OpDiv
	OpPow
	OpGt
	OpGe
	OpLt
	OpLe
	OpEq
	OpNe

	// dst = a ∘ c, with a constant c
	OpAddC
	OpMulC
	OpRSubC // c − a
	OpDivC
	OpRDivC // c / a
	OpPowC
	OpGtC
	OpGeC
	OpLtC
	OpLeC
	OpEqC
	OpNeC
	OpMaxC
	OpMinC

	// dst = f(a)
	OpNeg
	OpAbs
	OpSign
	OpSquare
	OpCube
	OpSqrt
	OpInv
	OpRelu
	OpExp
	OpLog
	OpLog2
	OpTanh
	OpSigmoid
	OpExpm1
	OpLog1p
	OpSoftplus
	OpSin
	OpCos
	OpFloor
	OpCeil

	// programs only
	OpMulAdd      // dst = a·b + e
	OpMulRSub     // dst = e − a·b
	OpMulAddC     // dst = c·a + e
	OpOneMinusMul // dst = (1 − a)·b
	OpCopy        // dst = a
	OpFill        // dst = c
	OpFunc        // dst = a function of each element of a
	OpRows        // dst = a · W, rows of a by a matrix that does not change
	OpCall        // dst = what an operation of which nothing is known gives
	NumOps
)

// Operands are the slots that an instruction reads: a set of A, B and E.
type Operands uint8

const (
	A Operands = 1 << iota
	B
	E
)

// Facts are what is known about an operation whatever runs it.
type Facts struct {
	Name  string
	Reads Operands
	Const bool // reads a constant
	// Dear says that reading the result from the cache is cheaper than computing it
	// again (rematerialisation does not pay).
	Dear bool
	// Compares says that the result is 1 or 0.
	Compares bool
	// Right and Left are the operations with a constant in the place of b and of a,
	// OpNone where there is none.
	Right, Left Op
	// Linear has the operands in which the result is linear where the others do not
	// change; Sum says that it is linear in all of them together.
	Linear Operands
	Sum    bool
	// Slope is how the gradient of a comes from that of the result where the
	// operation stands in a graph: OpCopy, OpNeg or OpMulC of it, or where this is a
	// comparison of a with the constant, the gradient where that holds and else 0.
	// OpNone where there is none.
	Slope Op
}

var facts = [NumOps]Facts{
	OpAdd: {Name: "add", Reads: A | B, Right: OpAddC, Left: OpAddC, Sum: true},
	OpSub: {Name: "sub", Reads: A | B, Right: OpAddC, Left: OpRSubC, Sum: true}, // a − c is a + (−c)
	OpMul: {Name: "mul", Reads: A | B, Right: OpMulC, Left: OpMulC, Linear: A | B},
	OpDiv: {Name: "div", Reads: A | B, Right: OpDivC, Left: OpRDivC, Linear: A},
	OpPow: {Name: "pow", Reads: A | B, Right: OpPowC, Dear: true},
	OpGt:  {Name: "gt", Reads: A | B, Right: OpGtC, Left: OpLtC, Compares: true},
	OpGe:  {Name: "ge", Reads: A | B, Right: OpGeC, Left: OpLeC, Compares: true},
	OpLt:  {Name: "lt", Reads: A | B, Right: OpLtC, Left: OpGtC, Compares: true},
	OpLe:  {Name: "le", Reads: A | B, Right: OpLeC, Left: OpGeC, Compares: true},
	OpEq:  {Name: "eq", Reads: A | B, Right: OpEqC, Left: OpEqC, Compares: true},
	OpNe:  {Name: "ne", Reads: A | B, Right: OpNeC, Left: OpNeC, Compares: true},

	OpAddC:  {Name: "addC", Reads: A, Const: true, Slope: OpCopy},
	OpMulC:  {Name: "mulC", Reads: A, Const: true, Linear: A, Slope: OpMulC},
	OpRSubC: {Name: "rsubC", Reads: A, Const: true, Slope: OpNeg},
	OpDivC:  {Name: "divC", Reads: A, Const: true},
	OpRDivC: {Name: "rdivC", Reads: A, Const: true},
	OpPowC:  {Name: "powC", Reads: A, Const: true, Dear: true},
	OpGtC:   {Name: "gtC", Reads: A, Const: true, Compares: true},
	OpGeC:   {Name: "geC", Reads: A, Const: true, Compares: true},
	OpLtC:   {Name: "ltC", Reads: A, Const: true, Compares: true},
	OpLeC:   {Name: "leC", Reads: A, Const: true, Compares: true},
	OpEqC:   {Name: "eqC", Reads: A, Const: true, Compares: true},
	OpNeC:   {Name: "neC", Reads: A, Const: true, Compares: true},
	OpMaxC:  {Name: "maxC", Reads: A, Const: true, Slope: OpGeC},
	OpMinC:  {Name: "minC", Reads: A, Const: true, Slope: OpLeC},

	OpNeg:      {Name: "neg", Reads: A, Linear: A},
	OpAbs:      {Name: "abs", Reads: A},
	OpSign:     {Name: "sign", Reads: A},
	OpSquare:   {Name: "square", Reads: A},
	OpCube:     {Name: "cube", Reads: A},
	OpSqrt:     {Name: "sqrt", Reads: A},
	OpInv:      {Name: "inv", Reads: A},
	OpRelu:     {Name: "relu", Reads: A, Slope: OpGtC},
	OpExp:      {Name: "exp", Reads: A, Dear: true},
	OpLog:      {Name: "log", Reads: A, Dear: true},
	OpLog2:     {Name: "log2", Reads: A, Dear: true},
	OpTanh:     {Name: "tanh", Reads: A, Dear: true},
	OpSigmoid:  {Name: "sigmoid", Reads: A, Dear: true},
	OpExpm1:    {Name: "expm1", Reads: A, Dear: true},
	OpLog1p:    {Name: "log1p", Reads: A, Dear: true},
	OpSoftplus: {Name: "softplus", Reads: A, Dear: true},
	OpSin:      {Name: "sin", Reads: A, Dear: true},
	OpCos:      {Name: "cos", Reads: A, Dear: true},
	OpFloor:    {Name: "floor", Reads: A},
	OpCeil:     {Name: "ceil", Reads: A},

	OpMulAdd:      {Name: "mulAdd", Reads: A | B | E},
	OpMulRSub:     {Name: "mulRSub", Reads: A | B | E},
	OpMulAddC:     {Name: "mulAddC", Reads: A | E, Const: true},
	OpOneMinusMul: {Name: "oneMinusMul", Reads: A | B},
	OpCopy:        {Name: "copy", Reads: A},
	OpFill:        {Name: "fill", Const: true},
	OpFunc:        {Name: "func", Reads: A},
	OpRows:        {Name: "rows", Reads: A},
	OpCall:        {Name: "call"}, // what it reads stands in the Call
}

// Facts returns what is known about op.
func (op Op) Facts() *Facts { return &facts[op] }

// String returns the name of op.
func (op Op) String() string {
	if op == OpNone || op >= NumOps {
		return "none"
	}
	return facts[op].Name
}

// IsArithmetic reports whether op is one of the four sums, differences, products and
// quotients of two values.
func (op Op) IsArithmetic() bool { return op >= OpAdd && op <= OpDiv }
