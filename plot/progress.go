package plot

import (
	"fmt"
	"io"
	"os"
	"strings"
	"sync"
	"time"
	"unicode/utf8"

	"github.com/schollz/progressbar/v3"
	"golang.org/x/term"
)

// Progress shows how far a training is. In a terminal that is one line with a bar,
// rewritten in place, without what has no room at its end; in a pipe or a log file, a plain line now and then:
//
//	yinyang 37/300 (12%), 2m10s left, 1,204 samples/s, loss 0.412, accuracy 84.1 %
//
// Its methods may be called by several goroutines, and do nothing on a Progress that
// NewProgress has not made or that is nil. What cannot be written is lost: no training
// should end because of its progress line.
type Progress struct {
	// Terminal chooses between the two; NewProgress finds out. To be set before
	// the first Step.
	Terminal bool

	// Every is the shortest time between two plain lines. Long runs have lines a
	// hundredth of the time passed apart, up to a minute. To be set before the first Step.
	Every time.Duration

	// Samples is how many samples a step goes through. If it is set, the line says
	// how many a second there were. To be set before the first Step.
	Samples int

	mu    sync.Mutex
	w     io.Writer
	title string
	note  string
	total int
	done  int
	began int  // steps that were done before, and took none of this time
	shown int  // steps in the last line; -1: none yet
	fresh bool // something came since then
	ended bool
	start time.Time
	last  time.Time // of the last line
	now   func() time.Time
	tight bool // there is no room for the count
	width int  // of the terminal, in tests
}

// NewProgress returns the progress of total steps, be they batches or epochs. With
// a total of 0 or less, which is not known, it counts without a bar.
// Nothing is written before the first Step. A nil w discards everything.
func NewProgress(w io.Writer, title string, total int) *Progress {
	if w == nil {
		w = io.Discard
	}
	p := &Progress{
		Terminal: isTerminal(w),
		Every:    5 * time.Second,
		w:        w,
		title:    clean(title),
		total:    max(total, 0),
		shown:    -1,
		now:      time.Now,
	}
	p.start = p.now()
	return p
}

// isTerminal tells whether lines written to w can be rewritten. The logs of continuous
// integration, which sets CI, cannot, even where it gives its jobs a terminal.
func isTerminal(w io.Writer) bool {
	f, ok := w.(*os.File)
	return ok && f != nil && os.Getenv("TERM") != "dumb" && os.Getenv("CI") == "" && term.IsTerminal(int(f.Fd()))
}

// Step says that n more steps are done and what there is to say about them: the
// loss, the accuracy, firing rates. An empty note leaves the last one.
func (p *Progress) Step(n int, note string) {
	if p == nil {
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.ended || p.now == nil {
		return
	}
	n = max(n, 0)
	if p.total > 0 {
		n = min(n, p.total-p.done)
	}
	p.done += n
	if note = clean(note); note != "" {
		p.note = note
	}
	p.fresh = true
	now := p.now()
	finished := n > 0 && p.done == p.total
	if p.shown < 0 || finished || now.Sub(p.last) >= p.pause(now) {
		p.show(now)
	}
}

// Begin says that n steps were done before: those of a training that goes on. They
// count as done, and nothing is known from them of the time that the others take. To
// be called before the first Step.
func (p *Progress) Begin(n int) {
	if p == nil {
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	n = max(n, 0)
	if p.total > 0 {
		n = min(n, p.total)
	}
	p.done, p.began = n, n
}

// Say writes a line of its own, above the progress line where that is rewritten.
func (p *Progress) Say(line string) {
	if p == nil {
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.now == nil {
		return
	}
	clear := ""
	if p.Terminal && p.shown >= 0 && !p.ended {
		clear = "\r\x1b[K"
		p.last = time.Time{} // the next Step writes the progress line again
	}
	fmt.Fprintf(p.w, "%s%s\n", clear, clean(line))
}

// Done ends the line, wherever it is.
func (p *Progress) Done() {
	if p == nil {
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.ended || p.now == nil {
		return
	}
	p.ended = true
	if p.fresh || p.shown < p.total {
		p.show(p.now())
	}
	if p.Terminal {
		fmt.Fprintln(p.w)
	}
}

// pause returns the time from one line to the next.
func (p *Progress) pause(now time.Time) time.Duration {
	if p.Terminal {
		return 100 * time.Millisecond
	}
	return max(p.Every, min(now.Sub(p.start)/100, time.Minute))
}

// show writes the current state.
func (p *Progress) show(now time.Time) {
	p.shown, p.last, p.fresh = p.done, now, false
	if p.Terminal {
		p.rewrite(now)
		return
	}
	fmt.Fprintf(p.w, "%s\n", p.line(now))
}

// line returns the plain line.
func (p *Progress) line(now time.Time) string {
	s := fmt.Sprintf("%d", p.done)
	if p.total > 0 {
		s = fmt.Sprintf("%d/%d (%d%%)", p.done, p.total, p.percent())
	}
	return strings.TrimSpace(p.title + " " + s + ", " + p.rest(now))
}

func (p *Progress) percent() int { return int(100 * float64(p.done) / float64(p.total)) }

// rest returns what follows the count: the time and the note.
func (p *Progress) rest(now time.Time) string {
	passed, did := now.Sub(p.start), p.done-p.began
	s := passed.Round(time.Second).String()
	// The first steps are slower than others: they say little.
	const soon = 5 * time.Second
	known := did > 0 && (p.ended || passed >= soon || 100*float64(did) >= float64(p.total-p.began))
	// What is left takes as long as what is done has taken.
	if known && !p.ended && p.done < p.total {
		const decades = 1e18 // ns, within a Duration
		left := time.Duration(min(float64(passed)/float64(did)*float64(p.total-p.done), decades))
		s = left.Round(time.Second).String() + " left"
	}
	if known && p.Samples > 0 && passed > 0 {
		const most = 1e15 // within an int
		s += fmt.Sprintf(", %s samples/s", thousands(int(min(float64(did)*float64(p.Samples)/passed.Seconds(), most))))
	}
	if p.note != "" {
		s += ", " + p.note
	}
	return s
}

// rewrite writes the line with the bar over the last one, in one piece so that it
// does not flicker.
func (p *Progress) rewrite(now time.Time) {
	columns := p.columns()
	room := columns - len("^C ") // which terminals show behind the line
	text := p.line(now)
	switch rest := p.rest(now); {
	case p.total == 0:
	case columns < 70: // no room for a bar
		text = fmt.Sprintf("%s %3d%% %s", p.title, p.percent(), rest)
	default:
		width := min(max((columns-70)/2, 5), 30) // of the bar: text comes first
		text = p.bar(width, !p.tight) + rest
		if !p.tight && utf8.RuneCountInString(text) > room {
			p.tight = true // and stays so, for a steady line
			text = p.bar(width, false) + rest
		}
	}
	fmt.Fprintf(p.w, "\r%s\x1b[K", cut(text, room)) // ESC [K clears what the last line had more
}

// columns returns the width of the terminal.
func (p *Progress) columns() int {
	if p.width > 0 {
		return p.width
	}
	if f, ok := p.w.(*os.File); ok {
		if w, _, err := term.GetSize(int(f.Fd())); err == nil && w > 0 {
			return w
		}
	}
	return 80
}

// bar returns the title and a bar of some width, with or without the count.
func (p *Progress) bar(width int, count bool) string {
	options := []progressbar.Option{
		progressbar.OptionSetWriter(io.Discard), // the line comes from String
		progressbar.OptionSetWidth(width),
		progressbar.OptionSetPredictTime(false), // rest does, from all steps
		progressbar.OptionSetElapsedTime(false),
	}
	if count {
		options = append(options, progressbar.OptionShowCount())
	}
	b := progressbar.NewOptions(p.total, options...)
	_ = b.Set(p.done) // fails only beyond the total
	return p.title + strings.TrimRight(strings.Trim(b.String(), "\r"), " ") + " "
}

// cut leaves out what is behind the last comma before the end of the room.
func cut(text string, room int) string {
	line := []rune(text)
	if len(line) <= room {
		return text
	}
	line = line[:max(room, 0)]
	if at := strings.LastIndex(string(line), ", "); at > 0 {
		return string(line)[:at]
	}
	return string(line)
}

// thousands writes n, not below 0, with its thousands apart.
func thousands(n int) string {
	s := fmt.Sprint(n)
	for i := len(s) - 3; i > 0; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s
}
