package describe

import (
	"fmt"
	"math"
	"strings"
)

// SI writes a number with three digits, a prefix and a unit: "1.23 kB".
func SI(x float64, unit string) string {
	if x == 0 || math.IsNaN(x) || math.IsInf(x, 0) {
		return strings.TrimSpace(fmt.Sprintf("%g %s", x, unit))
	}
	prefixes := []string{"p", "n", "µ", "m", "", "k", "M", "G", "T"}
	e := int(math.Floor(math.Log10(math.Abs(x))/3 + 1e-9))
	e = min(max(e, -4), 4)
	y := x / math.Pow(1000, float64(e))
	if e < 4 && math.Abs(y) >= 999.5 {
		e, y = e+1, y/1000
	}
	digits := 2 - int(math.Floor(math.Log10(math.Abs(y))+1e-9))
	return strings.TrimSpace(fmt.Sprintf("%.*f %s%s", min(max(digits, 0), 2), y, prefixes[e+4], unit))
}
