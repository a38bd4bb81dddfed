package neurons_test

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/spikegrad/spikegrad/graph"
	"github.com/spikegrad/spikegrad/internal/fields"
	"github.com/spikegrad/spikegrad/neurons"
	"github.com/spikegrad/spikegrad/neurons/presets"
	"github.com/spikegrad/spikegrad/surrogate"
)

// The tests here hold the pages to the code: to the equations of its comments and
// to the values of its parameters.

// pages returns the texts of the pages by their names.
func pages(t *testing.T) map[string]string {
	t.Helper()
	files, err := filepath.Glob("*.md")
	require.NoError(t, err)
	require.NotEmpty(t, files)
	texts := map[string]string{}
	for _, f := range files {
		text, err := os.ReadFile(f)
		require.NoError(t, err)
		texts[f] = string(text)
	}
	return texts
}

// functions returns the names of the functions of a Go file, with the comment of
// each.
func functions(t *testing.T, path string) map[string]string {
	t.Helper()
	file, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.ParseComments)
	require.NoError(t, err)
	comments := map[string]string{}
	for _, d := range file.Decls {
		if f, ok := d.(*ast.FuncDecl); ok {
			comments[f.Name.Name] = f.Doc.Text()
		}
	}
	return comments
}

// TestCode checks that the pages show each example and each layer, and no code
// that does not say what it is. What they show is held to the files by the test of
// internal/readme.
func TestCode(t *testing.T) {
	marker := regexp.MustCompile("(?m)^<!-- code docs/neurons/\\S+ ([^>]*) -->\n```go$")
	shown := map[string]bool{}
	for page, text := range pages(t) {
		found := marker.FindAllStringSubmatch(text, -1)
		require.Len(t, found, strings.Count(text, "```go"), page)
		require.Len(t, found, 2, "%s: want an example and a layer", page)
		for _, m := range found {
			for _, name := range strings.Fields(m[1]) {
				shown[name] = true
			}
		}
	}
	for _, file := range []string{"example_test.go", "layers_test.go"} {
		for name := range functions(t, file) {
			if strings.HasPrefix(name, "Example") || strings.HasSuffix(name, "Layer") {
				require.True(t, shown[name], "no page shows %s", name)
			}
		}
	}
}

// TestEquations compares the equations with those of the comments.
func TestEquations(t *testing.T) {
	block := regexp.MustCompile("(?ms)^<!-- equations (\\S+) (\\w+) -->\n```text\n(.*?)\n```$")
	for page, text := range pages(t) {
		found := block.FindAllStringSubmatch(text, -1)
		if page != "README.md" {
			require.NotEmpty(t, found, page)
		}
		for _, m := range found {
			comment := functions(t, filepath.Join("../../neurons", m[1]))[m[2]]
			var blocks []string
			for _, paragraph := range strings.Split(comment, "\n\n") {
				if strings.HasPrefix(paragraph, "\t") {
					paragraph = strings.ReplaceAll(strings.TrimRight(paragraph, "\n"), "\n\t", "\n")
					blocks = append(blocks, strings.TrimPrefix(paragraph, "\t"))
				}
			}
			require.Equal(t, strings.Join(blocks, "\n\n"), m[3], "%s has other equations than the comment of %s", page, m[2])
		}
	}
}

// TestParameters compares the tables of parameters with the sets that they name.
func TestParameters(t *testing.T) {
	sets := map[string]any{
		"DefaultLIFParams":        ptr(neurons.DefaultLIFParams()),
		"presets.BioLIF":          ptr(presets.BioLIF()),
		"DefaultLIFBoxParams":     ptr(neurons.DefaultLIFBoxParams()),
		"DefaultIAFParams":        ptr(neurons.DefaultIAFParams()),
		"presets.BioIAF":          ptr(presets.BioIAF()),
		"DefaultLIParams":         ptr(neurons.DefaultLIParams()),
		"presets.BioLI":           ptr(presets.BioLI()),
		"DefaultLIBoxParams":      ptr(neurons.DefaultLIBoxParams()),
		"DefaultLIFExParams":      ptr(neurons.DefaultLIFExParams()),
		"presets.BioLIFEx":        ptr(presets.BioLIFEx()),
		"DefaultAdExParams":       ptr(neurons.DefaultAdExParams()),
		"presets.BioAdEx":         ptr(presets.BioAdEx()),
		"DefaultCobaLIFParams":    ptr(neurons.DefaultCobaLIFParams()),
		"presets.BioCobaLIF":      ptr(presets.BioCobaLIF()),
		"DefaultLSNNParams":       ptr(neurons.DefaultLSNNParams()),
		"DefaultAdaLIFParams":     ptr(neurons.DefaultAdaLIFParams()),
		"presets.BioLSNN":         ptr(presets.BioLSNN()),
		"DefaultResonateParams":   ptr(neurons.DefaultResonateParams()),
		"DefaultQIFParams":        ptr(neurons.DefaultQIFParams()),
		"DefaultGLIF3Params":      ptr(neurons.DefaultGLIF3Params()),
		"DefaultPLIFParams":       ptr(neurons.DefaultPLIFParams()),
		"DefaultLIFAlphaParams":   ptr(neurons.DefaultLIFAlphaParams()),
		"DefaultSigmaDeltaParams": ptr(neurons.DefaultSigmaDeltaParams()),
		"TonicSpiking.Params":     ptr(presets.TonicSpiking.Params()),
	}
	seen := map[string]bool{}
	for page, text := range pages(t) {
		for _, table := range tables(text) {
			for _, row := range table {
				require.Len(t, row, len(table[0]), "%s: row %v", page, row)
			}
			if len(table[0]) < 4 || table[0][0] != "field" {
				continue
			}
			for column := 3; column < len(table[0]); column++ {
				name := table[0][column]
				p := sets[name]
				require.NotNil(t, p, "%s: no parameters called %s", page, name)
				seen[name] = true
				rows := map[string]bool{}
				for _, row := range table[2:] {
					rows[row[0]] = true
					f, err := fields.Field(p, row[0])
					require.NoError(t, err, page)
					want := valueOf(f)
					if other, err := fields.Default(p, row[0]); err == nil && other != f {
						want = row[column]
						named, err := fields.Field(p, row[column])
						require.NoError(t, err)
						require.Same(t, named, other, "%s: %s of %s", page, row[0], name)
					}
					require.Equal(t, want, row[column], "%s: %s of %s", page, row[0], name)
				}
				for _, path := range fields.Params(p) {
					require.True(t, rows[path[strings.LastIndex(path, ".")+1:]], "%s: no row for %s of %s", page, path, name)
				}
			}
		}
	}
	require.Len(t, seen, len(sets))
}

func ptr[T any](v T) *T { return &v }

// valueOf writes the value of a field as the tables have it, with four digits.
func valueOf(field any) string {
	switch f := field.(type) {
	case *graph.Param:
		v, _ := f.Value()
		return strconv.FormatFloat(v, 'g', 4, 64)
	case *float64:
		return strconv.FormatFloat(*f, 'g', 4, 64)
	case *graph.Func:
		if s, ok := (*f).(surrogate.SuperSpike); ok {
			return fmt.Sprintf("SuperSpike{Alpha: %v}", s.Alpha)
		}
	case *neurons.Reset:
		return f.String()
	case *graph.Integration:
		return f.String()
	case *bool:
		return fmt.Sprint(*f)
	}
	return fmt.Sprintf("%T", field)
}

// tables returns the tables of a page: rows of cells, without backquotes.
func tables(text string) [][][]string {
	var all [][][]string
	inside := false
	for line := range strings.Lines(text) {
		row, ok := strings.CutPrefix(strings.TrimSuffix(line, "\n"), "|")
		if !ok {
			inside = false
			continue
		}
		if !inside {
			all = append(all, nil)
			inside = true
		}
		var cells []string
		for _, c := range strings.Split(strings.TrimSuffix(row, "|"), "|") {
			cells = append(cells, strings.Trim(strings.TrimSpace(c), "`"))
		}
		all[len(all)-1] = append(all[len(all)-1], cells)
	}
	return all
}

// TestBehaviours compares the table of the Izhikevich neuron with its parameters.
func TestBehaviours(t *testing.T) {
	table := tables(pages(t)["izhikevich.md"])[1]
	require.Len(t, table, 2+len(presets.Behaviours()))
	number := regexp.MustCompile(`[-−]?[\d.]+`)
	plain := presets.TonicSpiking.Params()
	for i, k := range presets.Behaviours() {
		row, p := table[2+i], k.Params()
		folded := strings.NewReplacer("_", "", "accomodation", "accommodation", "exc", "excitable").Replace(k.String())
		if k != presets.Depolarising { // called dap, for its after-potential
			require.Equal(t, folded, strings.ToLower(row[0]))
		}
		want := []string{valueOf(&p.A), valueOf(&p.B), valueOf(&p.C), valueOf(&p.D), valueOf(&p.V0)}
		require.Equal(t, want, row[2:7], row[0])
		var other []string
		for _, f := range []struct{ is, plain any }{{&p.Mn, &plain.Mn}, {&p.Bias, &plain.Bias}, {&p.TauInv, &plain.TauInv}} {
			if valueOf(f.is) != valueOf(f.plain) {
				other = append(other, valueOf(f.is))
			}
		}
		b, _ := p.B.Value()
		if p.U0 != b*p.V0 {
			other = append(other, valueOf(&p.U0))
		}
		cell := strings.ReplaceAll(strings.ReplaceAll(row[7], "τ⁻¹", ""), "u₀", "")
		require.Equal(t, strings.Join(other, " "), strings.ReplaceAll(strings.Join(number.FindAllString(cell, -1), " "), "−", "-"), row[0])
	}
}

// TestPatterns compares the table of the adaptive exponential neuron with its parameters.
func TestPatterns(t *testing.T) {
	table := tables(pages(t)["adex.md"])[1]
	require.Len(t, table, 2+len(presets.AdExPatterns()))
	for i, k := range presets.AdExPatterns() {
		row, p := table[2+i], k.Params()
		require.Equal(t, "adex"+strings.ReplaceAll(k.String(), "_", ""), strings.ToLower(row[0]))
		cell := func(i int) float64 {
			v, err := strconv.ParseFloat(row[i], 64)
			require.NoError(t, err)
			return v
		}
		c, gL := cell(2), cell(3)
		for _, v := range []struct {
			is   graph.Param
			want float64
		}{
			{p.TauMemInv, gL / c}, {p.VLeak, cell(4)}, {p.AdaptationCurrent, cell(5) / gL}, {p.TauAdaInv, 1 / cell(6)},
			{p.AdaptationSpike, cell(7) / gL}, {p.VReset, cell(8)}, {graph.Const(k.Current()), cell(9) / gL},
			{p.VTh, -50}, {p.DeltaT, 2}, {p.VPeak, 0},
		} {
			got, _ := v.is.Value()
			require.InDelta(t, v.want, got, 1e-12, row[0])
		}
	}
}

// TestLinks checks that what the pages refer to is there, that every picture is
// shown by its page and by the index, and that pictures are small.
func TestLinks(t *testing.T) {
	more := map[string]bool{"images/adex_patterns.png": true} // of one page, and not in the index
	link := regexp.MustCompile(`\]\(([^)#]+)[^)]*\)|src="([^"]+)"`)
	shown := map[string]int{}
	all := pages(t)
	for page, text := range all {
		for _, m := range link.FindAllStringSubmatch(text, -1) {
			to := m[1] + m[2]
			_, err := os.Stat(to)
			require.NoError(t, err, "link in %s", page)
			shown[to]++
		}
		require.Positive(t, strings.Count(all["README.md"], "("+page+")")+strings.Count(page, "README"), "%s is not in the index", page)
	}
	images, err := filepath.Glob("images/*")
	require.NoError(t, err)
	require.Len(t, images, len(all)-1+len(more))
	for _, image := range images {
		times := 2
		if more[image] {
			times = 1
		}
		require.Equal(t, times, shown[image], image)
		info, err := os.Stat(image)
		require.NoError(t, err)
		require.Less(t, info.Size(), int64(60_000), image)
	}
}
