package describe_test

import (
	"errors"
	"fmt"
	"io/fs"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/require"

	"github.com/spikegrad/spikegrad/internal/describe"
)

func TestForeign(t *testing.T) {
	require.Equal(t, `"a\x1b[2J\nü"`, describe.Quote("a\x1b[2J\nü"))
	require.Equal(t, `a\x1b[2J\n\xff"ü"`, describe.Text("a\x1b[2J\n\xff\"ü\""))
	require.Equal(t, "\\u202eab �", describe.Text("\u202eab \ufffd"), "what turns the line round is shown")

	long := strings.Repeat("ü", 1e6)
	for _, s := range []string{describe.Quote(long), describe.Text(long), describe.Quote("x" + long)} {
		require.Less(t, len(s), 400)
		require.True(t, utf8.ValidString(s))
		require.True(t, strings.HasSuffix(s, "…"), s)
	}

	require.Equal(t, `"a", "b"`, describe.Names([]string{"a", "b"}))
	require.Equal(t, `"", "", "", "", "", "", "", "" and 992 more`, describe.Names(make([]string, 1000)))
	require.Equal(t, "none", describe.Names(nil))
	require.Equal(t, "[2 3]", describe.Numbers([]int{2, 3}))
	require.Equal(t, "[]", describe.Numbers([]int64(nil)))
	require.Equal(t, "[0 0 0 0 0 0 0 0 … 10 in all]", describe.Numbers(make([]int, 10)))

	err := fmt.Errorf("%s: %w", long, fs.ErrNotExist)
	require.ErrorIs(t, describe.Short(err), fs.ErrNotExist)
	require.Less(t, len(describe.Short(err).Error()), 400)
	plain := errors.New("plain: \"ü\"")
	require.Same(t, plain, describe.Short(plain))
	require.NoError(t, describe.Short(nil))
}

// A slice that contains itself many times has an end.
func TestValueOfItself(t *testing.T) {
	all := make([]any, 100)
	for i := range all {
		all[i] = all
	}
	require.Less(t, len(describe.Value(all)), 10000)
}
