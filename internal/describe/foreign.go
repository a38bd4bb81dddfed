package describe

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"
)

// What comes from a file is not to be believed: a name may be a megabyte long, or
// hold what moves the cursor of a terminal. The functions below are how such text
// gets into an error.

const (
	maxText  = 300 // bytes of a text that are shown
	maxItems = 8   // items of a list that are shown
)

// Quote returns a name from a file in quotes, as Go would write it, cut where it
// is long.
func Quote(name string) string {
	short, cut := first(name)
	if cut {
		return strconv.Quote(short) + "…"
	}
	return strconv.Quote(short)
}

// Text returns words from a file, cut where they are long, with escapes for what
// cannot be printed and without quotes.
func Text(s string) string {
	short, cut := first(s)
	var b strings.Builder
	for len(short) > 0 {
		r, n := utf8.DecodeRuneInString(short)
		if strconv.IsPrint(r) && (r != utf8.RuneError || n > 1) {
			b.WriteString(short[:n])
		} else {
			q := strconv.Quote(short[:n])
			b.WriteString(q[1 : len(q)-1])
		}
		short = short[n:]
	}
	if cut {
		b.WriteString("…")
	}
	return b.String()
}

// first returns the beginning of a text, and whether that is not all of it.
func first(s string) (short string, cut bool) {
	if len(s) <= maxText {
		return s, false
	}
	n := maxText
	for n > maxText-utf8.UTFMax && !utf8.RuneStart(s[n]) {
		n--
	}
	return s[:n], true
}

// Names returns a list of names from a file, each as Quote has it; of a long list
// it says how many more there are.
func Names(names []string) string {
	if len(names) == 0 {
		return "none"
	}
	var qs []string
	for _, n := range names[:min(len(names), maxItems)] {
		qs = append(qs, Quote(n))
	}
	s := strings.Join(qs, ", ")
	if more := len(names) - maxItems; more > 0 {
		s += fmt.Sprintf(" and %d more", more)
	}
	return s
}

// Numbers returns a list of numbers, such as a shape, "[2 3]", cut where it is
// long.
func Numbers[T int | int64](ns []T) string {
	if len(ns) <= maxItems {
		return fmt.Sprint(slices.Clone(ns))
	}
	s := fmt.Sprint(ns[:maxItems])
	return strings.TrimSuffix(s, "]") + fmt.Sprintf(" … %d in all]", len(ns))
}

// Short returns err with a text that is cut where it is long, as that of a parser
// is which repeats what it could not read. errors.Is and errors.As find what they
// found.
func Short(err error) error {
	if err == nil || Text(err.Error()) == err.Error() {
		return err
	}
	return shortened{err}
}

type shortened struct{ error }

func (e shortened) Error() string { return Text(e.error.Error()) }
func (e shortened) Unwrap() error { return e.error }
