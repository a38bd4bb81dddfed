package guard_test

import (
	"errors"
	"io"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/spikegrad/spikegrad/internal/guard"
)

type digits []int

func (d digits) Sample(i int) int { return d[i] }

func step() { panic("no such state") }

// A panic becomes an error that names who panicked, with what, and the calls that
// led there, those of the library left out.
func TestCall(t *testing.T) {
	for want, f := range map[string]func() error{
		"Sample of the data set guard_test.digits panicked: runtime error: index out of range [3] with length 1": func() error {
			d := digits{1}
			return guard.Call("Sample", "data set", d, func() error { d.Sample(3); return nil })
		},
		"the step guard_test.step panicked: no such state": func() error {
			return guard.Call("", "step", step, func() error { step(); return nil })
		},
		"OnBatch panicked: no such state": func() error {
			return guard.Call("", "OnBatch", nil, func() error { step(); return nil })
		},
	} {
		err := f()
		require.Error(t, err)
		text, stack, _ := strings.Cut(err.Error(), "\n")
		require.Equal(t, want, text)
		require.Regexp(t, `^\t.*guard_test\.(digits\.Sample|step) .*guard_test\.go:\d+\n`, stack)
		require.NotContains(t, stack, "guard.Call")
		require.NotContains(t, stack, "runtime.")
		var p *guard.Panic
		require.ErrorAs(t, err, &p)
		require.Equal(t, stack, p.Stack)
	}
	require.NoError(t, guard.Call("", "OnBatch", nil, func() error { return nil }))
	require.Equal(t, io.EOF, guard.Call("", "OnBatch", nil, func() error { return io.EOF }))
}

// The error that was panicked with can be found; a long text is cut; a panic on the
// way out of another one is the one that is told.
func TestPanicValue(t *testing.T) {
	call := func(f func()) error { return guard.Call("", "f", nil, func() error { f(); return nil }) }
	require.ErrorIs(t, call(func() { panic(io.ErrUnexpectedEOF) }), io.ErrUnexpectedEOF)
	long := call(func() { panic(strings.Repeat("ä", 1e6)) })
	require.Less(t, len(long.Error()), 3000)
	second := call(func() {
		defer func() { panic("second") }()
		panic("first")
	})
	require.Contains(t, second.Error(), "f panicked: second")
	inner := call(func() { panic("inner") })
	require.Equal(t, inner, call(func() { panic(inner) }), "a Panic stays what it is")
	var none *guard.Panic
	require.Equal(t, "nil", none.Error())
	require.NoError(t, none.Unwrap())
}

// What panics on one of several goroutines panics on the one that waits for them.
func TestCaught(t *testing.T) {
	var caught guard.Caught
	var all sync.WaitGroup
	for range 8 {
		all.Add(1)
		go func() {
			defer all.Done()
			defer caught.Catch()
			step()
		}()
	}
	all.Wait()
	err := guard.Call("", "f", nil, func() error { caught.Throw(); return nil })
	require.Error(t, err)
	require.Contains(t, err.Error(), "guard_test.step panicked: no such state\n\t")
	require.Contains(t, err.Error(), "guard_test.step ")
	require.NoError(t, guard.Call("", "f", nil, func() error { caught.Throw(); return nil }), "it is told once")
}

// One caller is in at a time; who lends it gets it back when the other has left.
func TestInUse(t *testing.T) {
	var u guard.InUse
	require.True(t, u.Enter())
	require.False(t, u.Enter())
	failed := errors.New("failed")
	require.Equal(t, failed, u.Lend(func() error {
		require.True(t, u.Enter())
		require.False(t, u.Enter())
		u.Leave()
		return failed
	}))
	require.False(t, u.Enter())
	u.Leave()
	require.True(t, u.Enter())
	u.Leave()

	// A panic on loan leaves it in the hands of the one who lent it.
	require.True(t, u.Enter())
	require.Error(t, guard.Call("", "f", nil, func() error { return u.Lend(func() error { panic("f") }) }))
	require.False(t, u.Enter())
	u.Leave()

	n := 0 // the race detector watches it
	var all sync.WaitGroup
	for range 8 {
		all.Add(1)
		go func() {
			defer all.Done()
			for range 1000 {
				if u.Enter() {
					n++
					_ = u.Lend(func() error { return nil })
					n++
					u.Leave()
				}
			}
		}()
	}
	all.Wait()
	require.Positive(t, n)
}

func BenchmarkInUse(b *testing.B) {
	var u guard.InUse
	for b.Loop() {
		if u.Enter() {
			u.Leave()
		}
	}
}
