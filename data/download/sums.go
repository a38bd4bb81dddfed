package download

import (
	"context"
	"crypto/md5"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"hash"
	"io"
	"strings"

	"github.com/spikegrad/spikegrad/internal/files"
)

// sums are what a file is known by.
type sums struct {
	size        int64
	sha256, md5 string
}

// sumsOf reads a file.
func sumsOf(ctx context.Context, path string) (s sums, err error) {
	f, _, err := files.Open(path)
	if err != nil {
		return s, err
	}
	defer f.Close()
	sha, md := sha256.New(), md5.New()
	both := io.MultiWriter(sha, md)
	for err == nil {
		if ctx.Err() != nil {
			return s, context.Cause(ctx)
		}
		var n int64
		n, err = io.CopyN(both, f, 1<<20)
		s.size += n
	}
	if err != io.EOF {
		return s, err
	}
	digits := func(h hash.Hash) string { return hex.EncodeToString(h.Sum(nil)) }
	s.sha256, s.md5 = digits(sha), digits(md)
	return s, nil
}

// differ says in what a file differs from what is asked for.
func (f File) differ(s sums) error {
	switch {
	case f.Size > 0 && s.size != f.Size:
		return fmt.Errorf("it has %d bytes, want %d", s.size, f.Size)
	case f.SHA256 != "" && !strings.EqualFold(f.SHA256, s.sha256):
		return fmt.Errorf("its SHA-256 is %s, want %s", s.sha256, strings.ToLower(f.SHA256))
	case f.MD5 != "" && !strings.EqualFold(f.MD5, s.md5):
		return fmt.Errorf("its MD5 is %s, want %s", s.md5, strings.ToLower(f.MD5))
	}
	return nil
}

// verify looks at a file that was there before.
func (f File) verify(ctx context.Context, path string) (Got, error) {
	s, err := sumsOf(ctx, path)
	if err != nil {
		return Got{}, err
	}
	if err := f.differ(s); err != nil {
		return Got{}, fmt.Errorf("%s is there already, but %w: remove it to get it anew", path, err)
	}
	return Got{Path: path, Size: s.size, SHA256: s.sha256}, nil
}

// hexadecimal reports whether a text is n hexadecimal digits.
func hexadecimal(s string, n int) bool {
	_, err := hex.DecodeString(s)
	return err == nil && len(s) == n
}
