package show

import (
	"flag"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestStrayWordsAreRefused(t *testing.T) {
	for _, c := range []struct {
		args  []string
		stray string
	}{
		{[]string{"-resume", "-out", "A"}, ""},
		{[]string{"-resume=true", "-out", "A"}, ""},
		{[]string{"-resume", "true", "-out", "A"}, `"true" is no flag`}, // -out is not read
		{[]string{"A"}, `"A" is no flag`},
		{nil, ""},
	} {
		fs := flag.NewFlagSet("", flag.ContinueOnError)
		fs.Bool("resume", false, "")
		fs.String("out", "", "")
		require.NoError(t, fs.Parse(c.args))
		err := stray(fs)
		if c.stray == "" {
			require.NoError(t, err, "%q", c.args)
			continue
		}
		require.ErrorContains(t, err, c.stray, "%q", c.args)
	}
}
