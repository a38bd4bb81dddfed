package describe

import (
	"crypto/sha256"
	"encoding/hex"
	"strings"
)

// Hash returns the SHA-256 of lines, in hexadecimal digits.
func Hash(lines []string) string {
	sum := sha256.Sum256([]byte(strings.Join(lines, "\n")))
	return hex.EncodeToString(sum[:])
}

// Differ returns the first line in which two lists differ, of each of them.
func Differ(a, b []string) (x, y string) {
	for i := range max(len(a), len(b)) {
		x, y = "nothing", "nothing"
		if i < len(a) {
			x = a[i]
		}
		if i < len(b) {
			y = b[i]
		}
		if x != y {
			break
		}
	}
	return x, y
}
