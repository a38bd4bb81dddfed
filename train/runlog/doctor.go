package runlog

import (
	"fmt"
	"strings"
)

// A doctorNote is what the report says of the examinations by the Doctor.
type doctorNote struct {
	Exams string // how many, and when the last
	Found []complaint
}

// A complaint is a finding for people.
type complaint struct {
	Name, When    string
	Message, Cure string
	Cured         bool // the last examination has not found it
}

func (h *history) doctorNote() *doctorNote {
	n := &doctorNote{}
	if h.exams == 1 {
		n.Exams = "one examination, " + afterEpochs(h.examined)
	} else {
		n.Exams = fmt.Sprintf("%s examinations, the last %s", count(h.exams), afterEpochs(h.examined))
	}
	var cured []complaint
	for _, a := range h.ailments {
		c := complaint{
			Name: strings.ToUpper(a.Kind[:1]) + a.Kind[1:], Message: a.Message, Cure: a.Cure, Cured: a.last < h.examined,
		}
		if a.Layer != "" {
			c.Name += ": " + a.Layer
		}
		switch {
		case !c.Cured:
			c.When = "found " + afterEpochs(a.first) + ", and still there"
		case a.first == a.last:
			c.When = "found " + afterEpochs(a.first) + ", and no more"
		default:
			c.When = fmt.Sprintf("found %s, for the last time %s", afterEpochs(a.first), afterEpochs(a.last))
		}
		if c.Cured {
			cured = append(cured, c)
		} else {
			n.Found = append(n.Found, c)
		}
	}
	n.Found = append(n.Found, cured...)
	return n
}

func afterEpochs(n int) string {
	if n == 0 {
		return "before the first batch"
	}
	return fmt.Sprintf("after epoch %d", n)
}
