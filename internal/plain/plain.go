// Package plain says what operations compute in plain data: sizes, and which input is
// what. An operation that has a method of the name Plain can be written down in another
// language by who knows no more of it (export/c); one that has none cannot.
//
// The package imports nothing.
package plain

// A Plainer is an operation that says what it computes. Inputs are in the order of those
// of its node, values in row-major order.
type Plainer interface {
	// Plain returns one of the types of this package, or of package lower what a scan is,
	// as a value; nil if this one cannot be said.
	Plain() any
}

// Linear is y = x W + b for each row of x [Rows, In], W [In, Out] and b [Out], which may be
// missing.
type Linear struct{ Rows, In, Out int }

// Sparse is Linear by the connections that are there: of x, the weights of connections,
// their inputs, their outputs, and perhaps b [Out].
type Sparse struct{ Rows, In, Out, Edges int }

// Product is Count products of matrices M×K and K×N, of which either may be stored
// transposed.
type Product struct {
	Count, M, K, N int
	TransA, TransB bool
}

// An Axis is one axis of a convolution: pixel i of the input meets pixel o of the output
// through element k of the kernel where i = Stride·o + Dilation·k − Pad.
type Axis struct{ In, Kernel, Out, Stride, Pad, Dilation int }

// Conv is a convolution of x [Samples, Groups·In, Y.In, X.In] by kernels
// [Groups·Out, In, Y.Kernel, X.Kernel], and perhaps a bias [Groups·Out]. Transposed it is
// the other way round: x is what the convolution gives, and the bias has the channels of
// its input.
type Conv struct {
	Samples, Groups, In, Out int // channels of a group
	Y, X                     Axis
	Transposed               bool
}

// A Span is the pixels of a window along an axis: N of them, Step apart; All with those
// that are padding.
type Span struct{ At, N, Step, All int }

// How the pixels of a window are joined.
const (
	Sum = iota
	Mean
	Max
)

// Windows join windows of planes [Planes, H, W], one for each pair of Rows and Cols. Spread
// is the reverse of a sum: each element is added to all of its window of H×W pixels.
type Windows struct {
	Planes, H, W int
	Rows, Cols   []Span
	Join         int
	Spread       bool
}

// Norm is a batch norm of x [Channels, Places] with the statistics that it is given, if it
// is in evaluation: y = gain·Scale (x − mean)/√(var + Eps) + bias. The inputs are x, gain,
// bias and the node of the statistics, a NormStats. Steps is more than 1 where they are of
// time steps.
type Norm struct {
	Channels, Places, Steps int
	Eps, Scale              float64
}

// NormStats are the statistics of a Norm, made of x, rows, whether it is training, the
// running mean and variance; and those rows, which say of what they are.
type NormStats struct{}

// NormNext is the next running mean or variance, made of the statistics and the present one, which
// it is in evaluation.
type NormNext struct{}

// GroupNorm normalises x [Rows, Groups, …] of Channels channels in all, each with so many
// Places, by mean and variance of a group: y = gain (x − mean)/√(var + Eps) + bias. The
// inputs are x, gain [Channels] and bias [Channels].
type GroupNorm struct {
	Rows, Groups, Channels, Places int
	Eps                            float64
}

// Window reads one time step of x on top of what entered, if something did: their Sum or
// Max, or the Last of them.
type Window struct {
	N       int
	Join    int // Sum, Max or Last
	Entered bool
}

// Last keeps what came last.
const Last = Max + 1

// PerStep divides x by a number for each sample: of n [Samples] and x [Samples, N].
type PerStep struct{ Samples, N int }

// Stamp is minus the number of steps before, [Samples], where x [Samples, N] is not 0, and
// else −Inf.
type Stamp struct {
	Samples, N int
	Before     bool // there is a number of steps
}

// Delay is one time step of x [In], of which each element i arrives at elements o of later
// steps: with the weight w [In, Out], at all of them; or without weights, each element where it
// is. Positions, one for each weight or for each In/Places elements, are in time steps, and cut
// off at 0 and Max; the width [1] is 0 for those that are rounded, and with Interpolate else
// each is shared by the two steps beside it. What it gives is y [Out], with a bias and what
// arrives now of what entered [Max, Out]; or with Leave, [Max, Out], what arrives in k+1 steps.
// The inputs are x, positions, width, and those of which the number here is not 0.
type Delay struct {
	In, Out, Places, Max int
	Interpolate, Leave   bool
	W, Bias, Enter       int
}

// Reduce is the sum of x over the axes that the result lacks or has one element of.
type Reduce struct{}
