package events

import (
	"errors"
	"strconv"
	"strings"
)

// A literal reads Python's way of writing dictionaries, lists, tuples, strings,
// whole numbers, True, False and None: the header of a .npy file. They become
// map[string]any, []any, string, int, bool and nil.
type literal struct {
	s     string
	depth int
}

var errLiteral = errors.New("the header is no dictionary of Python")

// parseLiteral returns what a text says.
func parseLiteral(s string) (any, error) {
	l := &literal{s: strings.TrimSpace(s)}
	v, err := l.value()
	if l.s = strings.TrimSpace(l.s); err == nil && l.s != "" {
		err = errLiteral
	}
	return v, err
}

func (l *literal) value() (any, error) {
	l.s = strings.TrimLeft(l.s, " \t\r\n")
	if l.depth > 8 || l.s == "" {
		return nil, errLiteral
	}
	l.depth++
	defer func() { l.depth-- }()
	switch c := l.s[0]; {
	case c == '{':
		return l.dict()
	case c == '(':
		return l.list(')')
	case c == '[':
		return l.list(']')
	case c == '\'' || c == '"':
		return l.text(c)
	case c == '-' || c >= '0' && c <= '9':
		end := 1
		for end < len(l.s) && l.s[end] >= '0' && l.s[end] <= '9' {
			end++
		}
		n, err := strconv.Atoi(l.s[:end])
		if l.s = l.s[end:]; strings.HasPrefix(l.s, "L") { // of Python 2
			l.s = l.s[1:]
		}
		return n, err
	}
	for word, v := range map[string]any{"True": true, "False": false, "None": nil} {
		if strings.HasPrefix(l.s, word) {
			l.s = l.s[len(word):]
			return v, nil
		}
	}
	return nil, errLiteral
}

// next moves on behind a character, if it is the next, and reports whether it was.
func (l *literal) next(c byte) bool {
	l.s = strings.TrimLeft(l.s, " \t\r\n")
	if l.s == "" || l.s[0] != c {
		return false
	}
	l.s = l.s[1:]
	return true
}

func (l *literal) list(end byte) (any, error) {
	l.s = l.s[1:]
	out := []any{}
	for !l.next(end) {
		v, err := l.value()
		if err != nil {
			return nil, err
		}
		out = append(out, v)
		if !l.next(',') && (l.s == "" || l.s[0] != end) {
			return nil, errLiteral
		}
	}
	return out, nil
}

func (l *literal) dict() (any, error) {
	l.s = l.s[1:]
	out := map[string]any{}
	for !l.next('}') {
		k, err := l.value()
		if err != nil {
			return nil, err
		}
		name, ok := k.(string)
		if !ok || !l.next(':') {
			return nil, errLiteral
		}
		if out[name], err = l.value(); err != nil {
			return nil, err
		}
		if !l.next(',') && (l.s == "" || l.s[0] != '}') {
			return nil, errLiteral
		}
	}
	return out, nil
}

// text reads a string without escapes, which names of types have none of.
func (l *literal) text(quote byte) (any, error) {
	end := strings.IndexByte(l.s[1:], quote)
	if end < 0 || strings.Contains(l.s[1:1+end], `\`) {
		return nil, errLiteral
	}
	s := l.s[1 : 1+end]
	l.s = l.s[end+2:]
	return s, nil
}
