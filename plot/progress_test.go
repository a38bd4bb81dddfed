package plot

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"strings"
	"sync"
	"testing"
	"time"
	"unicode"

	"github.com/stretchr/testify/require"
)

// clocked returns a progress with a clock that goes on by tick whenever it is read.
func clocked(b *bytes.Buffer, total int, tick time.Duration) *Progress {
	p := NewProgress(b, "yinyang", total)
	now := time.Unix(0, 0)
	p.start = now
	p.now = func() time.Time {
		now = now.Add(tick)
		return now
	}
	return p
}

func TestProgressPlain(t *testing.T) {
	var b bytes.Buffer
	p := clocked(&b, 5, 3*time.Second)
	require.False(t, p.Terminal)
	for i := range 5 {
		p.Step(1, fmt.Sprintf("loss 0.%d", i))
	}
	p.Done()
	p.Done()
	p.Step(1, "late")
	// Nothing follows within 5 s of a line, but for the last one. After the third of
	// five steps, at 9 s, what is left takes 2/3 of that.
	require.Equal(t, `yinyang 1/5 (20%), 12s left, loss 0.0
yinyang 3/5 (60%), 6s left, loss 0.2
yinyang 5/5 (100%), 15s, loss 0.4
`, b.String())
}

// A log stays short and plain: at most a line in five seconds at first, then a
// hundredth of the time passed apart, up to a minute.
func TestProgressLines(t *testing.T) {
	var b bytes.Buffer
	const steps = 36_000
	p := clocked(&b, steps, time.Second) // ten hours
	for range steps {
		p.Step(1, "loss\r0.1\x1b[31m\n\ttwo\u0007")
	}
	p.Done()
	out := b.String()
	for _, r := range out {
		require.True(t, r == '\n' || !unicode.IsControl(r), "%q", r)
	}
	// 5 s to 60 s apart in 36,000 s: 500 s in fives, about 100·ln(12) hundredths, then minutes.
	require.InDelta(t, 100+248+500, strings.Count(out, "\n"), 20)
	require.Contains(t, out, "loss 0.1[31m  two\n")
}

// Without a total there is a count and the time passed.
func TestProgressUnknownTotal(t *testing.T) {
	for _, total := range []int{0, -7} {
		var b bytes.Buffer
		p := clocked(&b, total, 10*time.Second)
		p.Step(3, "")
		p.Step(-2, "a")
		p.Step(4, "")
		p.Done()
		require.Equal(t, "yinyang 3, 10s\nyinyang 3, 20s, a\nyinyang 7, 30s, a\n", b.String())
	}
}

// A run that goes on counts what was done before, and does not take it for fast.
func TestProgressBegin(t *testing.T) {
	var b bytes.Buffer
	p := clocked(&b, 10, 6*time.Second)
	p.Begin(6)
	p.Say("goes\non")
	p.Step(1, "")
	p.Step(1, "")
	p.Begin(99) // no more than there are
	p.Done()
	require.Equal(t, `goes on
yinyang 7/10 (70%), 18s left
yinyang 8/10 (80%), 12s left
yinyang 10/10 (100%), 18s
`, b.String())

	// In a terminal, a line of its own is not mixed up with the progress line.
	b.Reset()
	p = clocked(&b, 3, time.Second)
	p.Terminal = true
	p.Say("before")
	p.Step(1, "")
	b.Reset()
	p.Say("between")
	p.Step(1, "")
	require.True(t, strings.HasPrefix(b.String(), "\r\x1b[Kbetween\n\ryinyang"), "%q", b.String())
	(*Progress)(nil).Begin(1)
	(*Progress)(nil).Say("")
}

// The line says how many samples a second there were, in what was done now.
func TestProgressSpeed(t *testing.T) {
	var b bytes.Buffer
	p := clocked(&b, 10, 5*time.Second)
	p.Samples = 6000
	p.Begin(5)
	p.Step(1, "loss 0.5")
	p.Step(2, "")
	p.Done()
	require.Equal(t, `yinyang 6/10 (60%), 20s left, 1,200 samples/s, loss 0.5
yinyang 8/10 (80%), 7s left, 1,800 samples/s, loss 0.5
yinyang 8/10 (80%), 15s, 1,200 samples/s, loss 0.5
`, b.String())
}

// One step of many says nothing of the time that the others take, before a while
// has passed.
func TestProgressSoon(t *testing.T) {
	var b bytes.Buffer
	p := clocked(&b, 1000, time.Second)
	p.Samples, p.Terminal, p.width = 1, true, 200
	for range 5 {
		p.Step(1, "")
	}
	lines := strings.Split(b.String(), "\x1b[K")
	require.Contains(t, lines[3], "(4/1000) 4s")
	require.Contains(t, lines[4], "(5/1000) 16m35s left, 1 samples/s") // 5 s for 5 steps
	b.Reset()
	p = clocked(&b, 1000, time.Second)
	p.Step(10, "") // 1 %
	require.Equal(t, "yinyang 10/1000 (1%), 1m39s left\n", b.String())
}

// Continuous integration keeps a log even where it gives a terminal.
func TestProgressCI(t *testing.T) {
	terminal, err := os.OpenFile("/dev/ptmx", os.O_RDWR, 0)
	if err != nil {
		t.Skip("no terminal can be made here: ", err)
	}
	defer terminal.Close()
	t.Setenv("TERM", "xterm")
	t.Setenv("CI", "")
	require.True(t, NewProgress(terminal, "", 1).Terminal)
	t.Setenv("CI", "true")
	require.False(t, NewProgress(terminal, "", 1).Terminal)
	t.Setenv("CI", "")
	t.Setenv("TERM", "dumb")
	require.False(t, NewProgress(terminal, "", 1).Terminal)
}

// A run that stops half-way ends with what it reached.
func TestProgressStopped(t *testing.T) {
	var b bytes.Buffer
	p := clocked(&b, 4, time.Second)
	p.Step(1, "")
	p.Step(1, "loss 0.5")
	p.Done()
	require.Equal(t, "yinyang 1/4 (25%), 3s left\nyinyang 2/4 (50%), 3s, loss 0.5\n", b.String())

	b.Reset()
	p = clocked(&b, 4, time.Second)
	p.Step(1<<62, "")
	p.Step(1<<62, "")
	p.Done()
	require.Equal(t, "yinyang 4/4 (100%), 1s\nyinyang 4/4 (100%), 3s\n", b.String())
}

// In a terminal every line replaces the one before, and none is wider than that.
func TestProgressTerminal(t *testing.T) {
	var b bytes.Buffer
	p := clocked(&b, 4, time.Second)
	p.Terminal = true
	p.Step(1, "loss 0.9")
	p.Step(1, strings.Repeat("long ", 30))
	p.Step(2, "loss 0.1")
	p.Done()
	require.Equal(t, "\ryinyang  25% |█    | (1/4) 3s left, loss 0.9\x1b[K"+
		"\ryinyang  50% |██   | 2s left\x1b[K"+
		"\ryinyang 100% |█████| 3s, loss 0.1\x1b[K\n", b.String())

	// What has no room is left out, the count first, and then from the end.
	for _, c := range []struct {
		width int
		want  string
	}{
		{130, "yinyang  50% |███████████████               | (500/1000) 8s left, 6,250 samples/s, loss 0.500, accuracy 84.1 %, epoch 5"},
		{100, "yinyang  50% |███████        | 8s left, 6,250 samples/s, loss 0.500, accuracy 84.1 %, epoch 5"},
		{80, "yinyang  50% |██   | 8s left, 6,250 samples/s, loss 0.500, accuracy 84.1 %"},
		{60, "yinyang  50% 8s left, 6,250 samples/s, loss 0.500"},
		{40, "yinyang  50% 8s left"},
		{10, "yinyang"},
		{2, ""},
	} {
		b.Reset()
		p = clocked(&b, 1000, 8*time.Second)
		p.Terminal, p.Samples, p.width = true, 100, c.width
		p.Step(500, "loss 0.500, accuracy 84.1 %, epoch 5")
		require.Equal(t, "\r"+c.want+"\x1b[K", b.String())
	}

	// Ten lines in a second at most, without a total too.
	b.Reset()
	p = clocked(&b, 0, time.Millisecond)
	p.Terminal = true
	for range 1000 {
		p.Step(1, "")
	}
	p.Done()
	require.InDelta(t, 11, strings.Count(b.String(), "\r"), 1)
	require.Contains(t, b.String(), "\ryinyang 1000, 1s\x1b[K\n")
}

type broken struct{}

func (broken) Write([]byte) (int, error) { return 0, errors.New("full") }

// Nothing that is wrong with the output stops a training.
func TestProgressNeverFails(t *testing.T) {
	var none *Progress
	var file *os.File
	for _, p := range []*Progress{none, {}, NewProgress(nil, "", 3), NewProgress(file, "", 3), NewProgress(broken{}, "", 3)} {
		for _, terminal := range []bool{false, true} {
			if p != nil {
				p.Terminal = terminal
			}
			p.Step(1, "")
			p.Step(2, "x")
		}
		p.Done()
	}
}

func TestProgressConcurrent(t *testing.T) {
	var b bytes.Buffer
	p := NewProgress(&b, "t", 100)
	var wg sync.WaitGroup
	for range 4 {
		wg.Add(1)
		go func() {
			defer wg.Done()
			for range 25 {
				p.Step(1, "x")
			}
		}()
	}
	wg.Wait()
	p.Done()
	require.Contains(t, b.String(), "t 100/100 (100%)")
}

// A file is no terminal.
func TestProgressDetects(t *testing.T) {
	f, err := os.CreateTemp(t.TempDir(), "log")
	require.NoError(t, err)
	defer f.Close()
	require.False(t, NewProgress(f, "", 1).Terminal)
}
