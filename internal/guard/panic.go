// Package guard stands where the library calls what others have written, and where
// several goroutines may call the library: it makes errors of panics, and lets one
// caller in at a time.
package guard

import (
	"fmt"
	"reflect"
	"runtime"
	"strings"
	"sync/atomic"
	"unicode/utf8"
)

// A Panic is the error that a panic becomes.
type Panic struct {
	Who   string // what panicked: "Sample of the data set *main.digits"
	Value any    // what it panicked with
	Stack string // the calls from there up to the library, innermost first, one a line
}

// Error says who panicked, with what and where.
func (p *Panic) Error() string {
	if p == nil {
		return "nil"
	}
	return fmt.Sprintf("%s panicked: %s\n%s", p.Who, short(fmt.Sprint(p.Value)), p.Stack)
}

// Unwrap returns the value of the panic if that is an error.
func (p *Panic) Unwrap() error {
	if p == nil {
		return nil
	}
	err, _ := p.Value.(error)
	return err
}

// short cuts a text that nobody would read to its end.
func short(s string) string {
	const most = 1000
	if len(s) <= most {
		return s
	}
	cut := most
	for cut > 0 && !utf8.RuneStart(s[cut]) {
		cut--
	}
	return s[:cut] + "…"
}

// Call calls f, which calls a method of v, or v itself if it is a function. A panic
// comes back as a Panic that names the method and the role that v has:
//
//	Call("Sample", "data set", d, f)    Sample of the data set *main.digits panicked
//	Call("", "step", step, f)           the step main.step panicked
//	Call("", "OnBatch", nil, f)         OnBatch panicked
func Call(method, role string, v any, f func() error) (err error) {
	defer func() {
		if r := recover(); r != nil {
			err = New(Name(method, role, v), r)
		}
	}()
	return f()
}

// Name returns the name of a method of v, or of v itself.
func Name(method, role string, v any) string {
	switch r := reflect.ValueOf(v); {
	case !r.IsValid():
		return role
	case method != "":
		return fmt.Sprintf("%s of the %s %T", method, role, v)
	case r.Kind() == reflect.Func && !r.IsNil():
		return "the " + role + " " + strings.TrimSuffix(base(runtime.FuncForPC(r.Pointer()).Name()), "-fm") // a method as a function
	}
	return fmt.Sprintf("the %s %T", role, v)
}

// New returns the Panic of a value that recover has returned, called where that
// was. Without a name the Panic has that of the function that panicked. A Panic
// stays what it is.
func New(who string, value any) *Panic {
	if p, ok := value.(*Panic); ok {
		return p
	}
	p := &Panic{Who: who, Value: value}
	pcs := make([]uintptr, 64)
	frames := runtime.CallersFrames(pcs[:runtime.Callers(2, pcs)]) // from the deferred function on
	first, more := frames.Next()
	until := first.Function // the function that deferred it
	if i := strings.LastIndexByte(until, '.'); i >= 0 {
		until = until[:i]
	}
	var stack strings.Builder
	panicked := false // the frames above are those of the recovery
	for more {
		var f runtime.Frame
		if f, more = frames.Next(); f.Function == until {
			break
		}
		if strings.HasPrefix(f.Function, "runtime.") {
			if f.Function == "runtime.gopanic" { // also of an earlier panic, which this one followed
				panicked = true
				stack.Reset()
			}
			continue
		}
		if !panicked {
			continue
		}
		if p.Who == "" {
			p.Who = base(f.Function)
		}
		fmt.Fprintf(&stack, "\t%s %s:%d\n", f.Function, f.File, f.Line)
	}
	if p.Who == "" {
		p.Who = base(until)
	}
	p.Stack = strings.TrimSuffix(stack.String(), "\n")
	return p
}

// base returns the name of a function without the path of its package.
func base(function string) string { return function[strings.LastIndexByte(function, '/')+1:] }

// A Caught keeps the first panic of some goroutines for the one that waits for them.
// The zero value is ready for use.
type Caught struct{ first atomic.Pointer[Panic] }

// Catch, deferred, catches a panic.
func (c *Caught) Catch() {
	if r := recover(); r != nil {
		c.first.CompareAndSwap(nil, New("", r))
	}
}

// Throw panics with what was caught, if anything was, once all have ended.
func (c *Caught) Throw() {
	if p := c.first.Swap(nil); p != nil {
		panic(p)
	}
}
